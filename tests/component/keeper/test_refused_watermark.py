"""The server no longer knows the watermark: the next Subscribe leaves it out, and there is a gap."""

from datetime import timedelta

import pytest

from ewspush.domain.check_result import CheckOutcome
from ewspush.domain.subscription import GapReason, State
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed
from tests.builders import NOON, ZERO, created, message
from tests.component.keeper.scenario import BUSY, UNKNOWN_WATERMARK, silent


def test_the_same_check_sends_a_second_subscribe_without_it() -> None:
    """In a generation of its own."""
    scenario = silent(UNKNOWN_WATERMARK, Subscribed("S3", None))
    assert scenario.check() is CheckOutcome.RENEWED
    assert scenario.sent() == [(2, "w1"), (3, None)]
    assert (scenario.row.generation, scenario.row.state, scenario.row.attempts) == (3, State.ACTIVE, 0)


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("watermark", ["w8", ZERO, None])
def test_the_first_push_opens_the_gap_once(watermark: str | None, trusted: bool) -> None:
    """From before the last heartbeat; that the push continues the answer's watermark proves nothing."""
    scenario = silent(UNKNOWN_WATERMARK, Subscribed("S3", watermark), resume_is_trusted=trusted)
    scenario.check()
    scenario.wait(2)
    for _ in range(2):
        scenario.post(message("w8", created("a", "w9")), generation=3)
    scenario.post(message("w9", created("b", "w10")), generation=3)
    assert scenario.gaps() == [GapReason.WATERMARK_REFUSED]
    gap = scenario.ledger.log[0].events[0]
    assert gap == scenario.gap_events()[0]
    assert gap.start == NOON - timedelta(minutes=40)
    assert gap.end == NOON + timedelta(minutes=32)
    assert scenario.row.watermark == "w10"


def test_another_keeper_between_the_two_subscribes_wins() -> None:
    """The generation that it made lives, and no more is sent."""
    scenario = silent(UNKNOWN_WATERMARK, Subscribed("S3", "w1"))

    def another_check() -> None:
        scenario.wait(16)
        assert scenario.check() is CheckOutcome.RENEWED

    scenario.ledger.after_answer = another_check
    assert scenario.check() is CheckOutcome.SKIPPED
    assert scenario.sent() == [(2, "w1"), (3, None)]
    assert (scenario.row.state, scenario.row.generation) == (State.ACTIVE, 3)


@pytest.mark.parametrize("second", [BUSY, UNKNOWN_WATERMARK])
def test_a_second_refusal_waits_like_any_other(second: Refused) -> None:
    """There is no loop; the gap stays stored, and the watermark is not tried again."""
    scenario = silent(UNKNOWN_WATERMARK, second, Subscribed("S4", None))
    assert scenario.check() is CheckOutcome.REFUSED
    assert [scenario.check(1.4), scenario.check(0.2)] == [CheckOutcome.SKIPPED, CheckOutcome.RENEWED]
    assert scenario.sent() == [(2, "w1"), (3, None), (4, None)]
    scenario.post(message("w8", created("a", "w9")), generation=4)
    assert scenario.gaps() == [GapReason.WATERMARK_REFUSED]


def test_a_mailbox_that_moves_is_retried_later_without_it() -> None:
    """Its watermarks mean nothing on another database."""
    scenario = silent(Refused("ErrorMailboxMoveInProgress"))
    assert [scenario.check(), scenario.check(1)] == [CheckOutcome.REFUSED, CheckOutcome.RENEWED]
    assert scenario.sent() == [(2, "w1"), (3, None)]
    scenario.post(message("w8", created("a", "w9")), generation=3)
    assert scenario.gaps() == [GapReason.WATERMARK_REFUSED]
