"""A server may accept a watermark and start from now all the same: the first push confirms or clears the gap."""

from datetime import timedelta

import pytest

from ewspush.domain.check_result import CheckOutcome
from ewspush.domain.subscription import GapReason
from ewspush.protocol.subscribe import Subscribed
from tests.builders import NOON, ZERO, created, message, status
from tests.component.keeper.scenario import silent
from tests.twins.mail_server import ReceivedSubscribe


@pytest.mark.parametrize(
    ("previous", "trusted", "gaps"),
    [
        ("w1", False, []),
        ("w8", False, [GapReason.RESUME_UNPROVEN]),
        (ZERO, False, [GapReason.RESUME_UNPROVEN]),
        ("w1", True, []),
        ("w8", True, [GapReason.RESUME_UNPROVEN]),  # trusted, and disproved by the push itself
        (ZERO, True, [GapReason.RESUME_UNPROVEN]),
    ],
)
@pytest.mark.parametrize("answer", [Subscribed("S2", "w1"), Subscribed("S2", "w8"), Subscribed("S2", ZERO)])
def test_the_first_push_confirms_or_clears_the_gap(
    answer: Subscribed, previous: str, trusted: bool, gaps: list[GapReason]
) -> None:
    """The PreviousWatermark of the POST counts; the answer to the Subscribe proves nothing."""
    scenario = silent(answer, resume_is_trusted=trusted)
    scenario.check()
    scenario.wait(2)
    for _ in range(2):
        scenario.post(message(previous, created("a", "w9")), generation=2)
    scenario.post(message("w9", created("b", "w10")), generation=2)
    assert scenario.gaps() == gaps
    assert (scenario.row.suspected_gap_since, scenario.row.suspected_gap_reason) == (None, None)


@pytest.mark.parametrize("adopted", [False, True])
@pytest.mark.parametrize(("previous", "gaps"), [("w1", []), ("w8", [GapReason.RESUME_UNPROVEN])])
def test_zero_heartbeats_leave_the_check_of_a_trusted_resume_to_the_first_events(
    previous: str, gaps: list[GapReason], adopted: bool
) -> None:
    """They do not say where the server began. The gap goes back to what was complete before the Subscribe."""
    scenario = silent(Subscribed("S2", ZERO))
    if adopted:
        scenario.server.calls.forget = [1]
    scenario.check()
    for _ in range(3):
        scenario.wait(15)
        scenario.post(message(ZERO, status(ZERO)), generation=2)
    scenario.post(message(previous, created("a", "w9")), generation=2)
    assert scenario.gaps() == gaps
    assert [gap.start for gap in scenario.gap_events()] == [NOON - timedelta(minutes=40)] * len(gaps)
    assert (scenario.row.suspected_gap_since, scenario.row.suspected_gap_reason) == (None, None)


def test_the_first_push_of_an_adopted_generation_confirms_it_alike() -> None:
    """The suspicion was stored before the Subscribe."""
    scenario = silent(resume_is_trusted=False)
    scenario.server.calls.forget = [1]
    scenario.check()
    scenario.post(message("w8", created("a", "w9")), generation=2)
    assert scenario.gaps() == [GapReason.RESUME_UNPROVEN]


def test_a_push_of_the_old_generation_during_the_subscribe_does_not_clear_it() -> None:
    """Another keeper sees an active subscription and clears the suspicion; what it has not published may be lost."""

    def old_generation_pushes(_: ReceivedSubscribe) -> Subscribed:
        scenario.post(message("w1", status("w1")))
        assert scenario.check() is CheckOutcome.ALIVE
        assert scenario.row.suspected_gap_since is None
        return Subscribed("S2", "w8")

    scenario = silent(old_generation_pushes, resume_is_trusted=False)
    assert scenario.check() is CheckOutcome.RENEWED
    scenario.post(message("w8", created("a", "w9")), generation=2)
    assert scenario.gaps() == [GapReason.RESUME_UNPROVEN]


def test_a_second_silence_before_the_first_push_is_the_same_gap() -> None:
    """From the beginning of the first."""
    scenario = silent(resume_is_trusted=False)
    scenario.check()
    scenario.check(30)
    scenario.post(message("w8", created("a", "w9")), generation=3)
    assert scenario.gaps() == [GapReason.RESUME_UNPROVEN]
    assert scenario.gap_events()[0].start == NOON - timedelta(minutes=40)
