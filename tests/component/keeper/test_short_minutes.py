"""A protocol minute of one second: the keeper renews, waits and retries in seconds."""

from datetime import datetime, timedelta
from typing import Final

from ewspush.domain.check_result import CheckOutcome
from ewspush.domain.subscription import GapReason
from ewspush.domain.timing import MIN_GRACE, Timing
from ewspush.protocol.soap import Refused
from tests.builders import NOON, created, message, status, subscription
from tests.component.keeper.scenario import BUSY, NEW, Scenario, silent

SHORT: Final = Timing(timedelta(seconds=1))


def after_noon(seconds: float) -> datetime:
    """Return a time some seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def check_at(scenario: Scenario, seconds: float) -> CheckOutcome:
    """Let the keeper check the subscription some seconds after noon."""
    scenario.now = after_noon(seconds)
    return scenario.check()


def test_a_silent_subscription_is_renewed_after_thirty_seconds() -> None:
    """Twice StatusFrequency, which is 15 minutes."""
    scenario = Scenario(subscription(), timing=SHORT)
    assert [check_at(scenario, 29), check_at(scenario, 30)] == [CheckOutcome.ALIVE, CheckOutcome.RENEWED]
    assert [check_at(scenario, 59), check_at(scenario, 60)] == [CheckOutcome.SKIPPED, CheckOutcome.RENEWED]


def test_a_gap_reaches_back_as_many_seconds_as_minutes_otherwise() -> None:
    """StatusFrequency twice and six attempts of 100 s before the last heartbeat: 40 minutes."""
    scenario = silent(resume_is_trusted=False, timing=SHORT)
    scenario.check()
    scenario.post(message("w8", status("w9")), generation=2)
    (gap,) = scenario.gap_events()
    assert (gap.reason, gap.start, gap.end) == (GapReason.RESUME_UNPROVEN, after_noon(-40), after_noon(35))


def test_refused_attempts_are_retried_after_seconds() -> None:
    """Of 1, 2, 4, 8, 15 and 15 protocol minutes, jitter leaves three quarters here."""
    scenario = silent(*[BUSY] * 6, timing=SHORT)
    waits = []
    for _ in range(6):
        assert scenario.check() is CheckOutcome.REFUSED
        next_check_at = scenario.row.next_check_at
        assert next_check_at is not None
        waits.append((next_check_at - scenario.now).total_seconds())
        scenario.now = next_check_at
    assert waits == [0.75, 1.5, 3, 6, 11.25, 11.25]
    assert scenario.check() is CheckOutcome.RENEWED


def test_a_suspended_one_is_retried_after_eighteen_minutes() -> None:
    """A day has 1440 protocol minutes, of which jitter leaves three quarters here."""
    scenario = Scenario(NEW, Refused("ErrorAccountDisabled"), timing=SHORT)
    assert scenario.check() is CheckOutcome.SUSPENDED
    assert scenario.row.next_check_at == after_noon(1080)
    assert check_at(scenario, 1080) is CheckOutcome.RENEWED


def test_what_the_server_asks_for_stays_in_real_time() -> None:
    """BackOffMilliseconds are the server's, and so are the time-outs of a Subscribe without an answer."""
    scenario = silent(Refused("ErrorServerBusy", back_off_ms=20_000), timing=SHORT)
    scenario.check()
    assert scenario.row.next_check_at == after_noon(30 + 20)
    scenario = silent(Refused("HTTP 504"), timing=SHORT)
    assert scenario.check() is CheckOutcome.UNCONFIRMED
    assert scenario.row.next_check_at == after_noon(30) + MIN_GRACE


def test_a_first_subscribe_is_late_after_five_seconds() -> None:
    """Before that nothing is missing."""
    for seconds, gaps in ((5, []), (6, [GapReason.SUBSCRIBED_LATE])):
        scenario = Scenario(NEW, timing=SHORT)
        assert check_at(scenario, seconds) is CheckOutcome.RENEWED
        scenario.post(message("w4", created("a", "w5")))
        assert scenario.gaps() == gaps


def test_a_third_change_in_a_row_is_subscribed_after_55_seconds() -> None:
    """StatusFrequency and the longest delivery window after the first change, not as many real minutes."""
    scenario = Scenario(subscription(), timing=SHORT)
    for folder in ("inbox", "calendar"):
        scenario.desire(folder)
        assert scenario.check() is CheckOutcome.RENEWED
    scenario.desire("contacts")
    assert [check_at(scenario, 54.9), check_at(scenario, 55)] == [CheckOutcome.SKIPPED, CheckOutcome.RENEWED]
    folders = [received.request.folders for received in scenario.server.requests]
    assert folders == [("inbox",), ("calendar",), ("contacts",)]
    assert scenario.row.generation == 4
