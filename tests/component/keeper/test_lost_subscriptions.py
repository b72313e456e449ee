"""The server sends an error notification: it ended the subscription."""

import pytest

from ewspush.domain.check_result import CheckOutcome
from ewspush.domain.receiving.rules import PushOutcome
from ewspush.domain.subscription import GapReason, State
from ewspush.protocol.subscribe import Subscribed
from tests.builders import created, error, message, subscription
from tests.component.keeper.scenario import Scenario, silent
from tests.twins.mail_server import Answer, ReceivedSubscribe


@pytest.mark.parametrize(
    ("back_off_ms", "minutes", "outcomes"),
    [
        (None, 0, [CheckOutcome.RENEWED, CheckOutcome.SKIPPED]),
        (120_000, 2, [CheckOutcome.SKIPPED, CheckOutcome.RENEWED]),
    ],
)
def test_it_is_renewed_at_once_or_when_the_server_allows(
    back_off_ms: int | None, minutes: int, outcomes: list[CheckOutcome]
) -> None:
    """Without waiting for silence."""
    scenario = Scenario(subscription(), Subscribed("S2", "w1"))
    scenario.wait(1)
    assert scenario.post(error(back_off_ms=back_off_ms)).outcome is PushOutcome.LOST
    assert [scenario.check(), scenario.check(minutes)] == outcomes
    assert scenario.sent() == [(2, "w1")]
    assert (scenario.row.state, scenario.row.lost_code, scenario.row.last_error) == (State.ACTIVE, None, None)
    assert scenario.gaps() == [GapReason.SUBSCRIPTION_LOST]


def test_a_push_that_was_on_its_way_does_not_make_it_active() -> None:
    """It is gone all the same."""
    scenario = Scenario(subscription())
    scenario.wait(1)
    scenario.post(error())
    scenario.post(message("w1", created("a", "w2")))
    assert scenario.check() is CheckOutcome.RENEWED
    assert scenario.sent() == [(2, "w2")]


def test_a_second_error_during_the_renewal_changes_nothing() -> None:
    """Our answer was lost on the way; the Subscribe under way is the remedy."""
    inner: list[CheckOutcome] = []

    def answer(_: ReceivedSubscribe) -> Answer:
        scenario.post(error())
        inner.append(scenario.check(0.1))
        return Subscribed("S2", "w1")

    scenario = Scenario(subscription(), answer)
    scenario.wait(1)
    scenario.post(error())
    assert (scenario.check(), inner) == (CheckOutcome.RENEWED, [CheckOutcome.SKIPPED])
    assert (scenario.sent(), scenario.gaps()) == ([(2, "w1")], [GapReason.SUBSCRIPTION_LOST])


def test_an_error_during_the_renewal_of_a_silent_one_starts_no_other() -> None:
    """The Subscribe under way is the remedy for that as well."""
    inner: list[CheckOutcome] = []

    def answer(_: ReceivedSubscribe) -> Answer:
        scenario.post(error())
        inner.append(scenario.check(0.1))
        return Subscribed("S2", "w1")

    scenario = silent(answer)
    assert (scenario.check(), inner) == (CheckOutcome.RENEWED, [CheckOutcome.SKIPPED])
    assert (scenario.sent(), scenario.row.state, scenario.row.lost_code) == ([(2, "w1")], State.ACTIVE, None)


def test_a_back_off_of_years_lasts_an_hour() -> None:
    """However large the number is."""
    scenario = Scenario(subscription())
    scenario.post(error(back_off_ms=10**20))
    assert [scenario.check(59.9), scenario.check(0.1)] == [CheckOutcome.SKIPPED, CheckOutcome.RENEWED]


def test_the_new_generation_can_be_lost_too() -> None:
    """And is renewed at once as well."""
    scenario = Scenario(subscription())
    scenario.post(error())
    scenario.check()
    scenario.wait(1)
    scenario.post(error("ErrorMailboxFailover"), generation=2)
    assert scenario.check() is CheckOutcome.RENEWED
    assert [generation for generation, _ in scenario.sent()] == [2, 3]
