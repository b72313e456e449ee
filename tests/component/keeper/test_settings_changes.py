"""Other settings are desired: those of a server subscription cannot be changed, so a new one is made."""

import pytest

from ewspush.domain.check_result import CheckOutcome
from ewspush.domain.receiving.rules import PushOutcome
from ewspush.domain.subscription import GapReason, State
from ewspush.protocol.notification import MailboxEvent
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed
from tests.builders import NOON, ZERO, created, message, status, subscription
from tests.component.keeper.scenario import BUSY, MINUTE, NEW, Scenario, silent
from tests.twins.mail_server import Answer, ReceivedSubscribe


def folders_sent(scenario: Scenario) -> list[tuple[int, tuple[str, ...]]]:
    """Return generation and folders of each Subscribe."""
    return [(received.generation, received.request.folders) for received in scenario.server.requests]


def test_the_next_check_makes_a_new_one_that_supersedes_the_old() -> None:
    """From the watermark at which the old one is."""
    scenario = Scenario(subscription())
    scenario.wait(1)
    scenario.desire("inbox")
    assert scenario.check() is CheckOutcome.RENEWED
    assert folders_sent(scenario) == [(2, ("inbox",))]
    assert scenario.sent() == [(2, "w1")]
    assert scenario.post(message("w1", status("w1"))).outcome is PushOutcome.SUPERSEDED


@pytest.mark.parametrize("event", [status("w1"), status(ZERO), created("a", "w2")])
def test_a_push_of_the_old_one_does_not_cancel_the_renewal(event: MailboxEvent) -> None:
    """One comes in between more often than not."""
    scenario = Scenario(subscription())
    scenario.wait(1)
    scenario.desire("inbox")
    scenario.post(message("w1", event))
    assert (scenario.row.state, scenario.check()) == (State.ACTIVE, CheckOutcome.RENEWED)
    assert folders_sent(scenario) == [(2, ("inbox",))]


def test_an_answer_to_a_subscribe_with_the_old_settings_does_not_cancel_it() -> None:
    """Nor does a POST of the server subscription that it made."""

    def answer(_: ReceivedSubscribe) -> Answer:
        scenario.desire("inbox")
        return Subscribed("S2", "w1")

    scenario = silent(answer)
    scenario.check()
    scenario.post(message("w1", created("a", "w2")), generation=2)
    assert scenario.check(1) is CheckOutcome.RENEWED
    (_, _), (newest, folders) = folders_sent(scenario)
    assert (newest > 2, folders, scenario.row.generation) == (True, ("inbox",), newest)
    assert scenario.post(message("w2", status("w2")), generation=2).outcome is PushOutcome.SUPERSEDED


def test_a_refusal_does_not_cancel_it() -> None:
    """The old one goes on until the new one is made."""
    scenario = Scenario(subscription(), BUSY)
    scenario.desire("inbox")
    assert scenario.check() is CheckOutcome.REFUSED
    assert scenario.post(message("w1", created("a", "w2"))).outcome is PushOutcome.EVENTS
    assert scenario.check(1) is CheckOutcome.RENEWED
    assert (folders_sent(scenario)[-1][1], scenario.row.watermark) == (("inbox",), "w2")


def test_a_suspended_one_is_tried_at_once_and_its_gap_remains() -> None:
    """A person acted; what happened until then may be missing."""
    scenario = Scenario(NEW, Refused("ErrorNonExistentMailbox"), Subscribed("S2", "w4"))
    assert scenario.check() is CheckOutcome.SUSPENDED
    scenario.wait(60)
    scenario.desire()
    assert scenario.check() is CheckOutcome.RENEWED
    scenario.post(message("w4", created("a", "w5")), generation=2)
    assert scenario.gaps() == [GapReason.SUBSCRIBED_LATE]


def test_a_third_change_in_a_row_waits_until_the_first_superseded_generation_is_gone() -> None:
    """StatusFrequency and the longest delivery window, so at most three server subscriptions live."""
    scenario = Scenario(subscription())
    for folder in ("inbox", "calendar"):
        scenario.desire(folder)
        assert scenario.check() is CheckOutcome.RENEWED
    scenario.desire("contacts")
    assert scenario.row.next_check_at == NOON + 55 * MINUTE
    assert [scenario.check(54.9), scenario.check(0.1)] == [CheckOutcome.SKIPPED, CheckOutcome.RENEWED]
    assert folders_sent(scenario) == [(2, ("inbox",)), (3, ("calendar",)), (4, ("contacts",))]
