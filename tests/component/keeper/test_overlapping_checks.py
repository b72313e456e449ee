"""However many checks of a subscription overlap, one Subscribe is sent."""

import pytest

from ewspush.domain.check_result import CheckOutcome
from ewspush.domain.subscription import State
from ewspush.protocol.notification import MailboxEvent
from ewspush.protocol.subscribe import Subscribed
from tests.builders import NOON, ZERO, created, error, message, status, subscription
from tests.component.keeper.scenario import BUSY, Scenario, silent
from tests.twins.mail_server import Answer, ReceivedSubscribe


def test_a_check_while_a_subscribe_is_under_way_finds_nothing_to_do() -> None:
    """The lock is in the row."""
    inner: list[CheckOutcome] = []

    def answer(_: ReceivedSubscribe) -> Answer:
        scenario.wait(0.5)
        inner.append(scenario.check())
        return Subscribed("S2", "w1")

    scenario = silent(answer)
    assert (scenario.check(), inner) == (CheckOutcome.RENEWED, [CheckOutcome.SKIPPED])
    assert scenario.sent() == [(2, "w1")]


def test_a_check_between_read_and_lock_wins() -> None:
    """The slower one finds a row that is not as it was read, and sends nothing."""
    scenario = silent()
    scenario.ledger.after_read = scenario.check
    assert scenario.check() is CheckOutcome.SKIPPED
    assert scenario.sent() == [(2, "w1")]
    assert scenario.row.generation == 2


def test_a_check_that_was_refused_between_read_and_lock_wins_too() -> None:
    """Its wait is respected."""
    scenario = silent(BUSY)
    scenario.ledger.after_read = scenario.check
    assert scenario.check() is CheckOutcome.SKIPPED
    assert len(scenario.server.requests) == 1


@pytest.mark.parametrize("event", [status("w1"), status(ZERO), created("a", "w2")])
def test_a_push_between_read_and_lock_prevents_the_renewal(event: MailboxEvent) -> None:
    """The subscription lives, so nothing is sent."""
    scenario = silent()
    scenario.ledger.after_read = lambda: scenario.post(message("w1", event))
    assert scenario.check() is CheckOutcome.SKIPPED
    assert scenario.sent() == []
    assert scenario.check() is CheckOutcome.ALIVE


def test_a_push_between_the_read_and_the_write_of_a_check_is_not_overwritten() -> None:
    """The server ended the subscription meanwhile."""
    scenario = Scenario(subscription())
    scenario.wait(1)
    scenario.ledger.after_read = lambda: scenario.post(error())
    assert scenario.check() is CheckOutcome.SKIPPED
    assert (scenario.row.state, scenario.row.next_check_at) == (State.LAPSED, scenario.now)


def test_a_settings_change_between_the_read_and_the_write_of_a_check_is_not_postponed() -> None:
    """Even at the moment at which the check was due, so that the next check of the row stays the same."""
    scenario = Scenario(subscription(next_check_at=NOON))
    scenario.ledger.after_read = lambda: scenario.desire("inbox")
    assert scenario.check() is CheckOutcome.SKIPPED
    assert scenario.check() is CheckOutcome.RENEWED
    assert [received.request.folders for received in scenario.server.requests] == [("inbox",)]
