"""Until when all that happened has been told."""

from datetime import UTC, datetime, timedelta

import pytest

from ewspush.domain.gaps import CLOCK_MARGIN, MAX_EVENT_AGE, complete_until, max_delivery_window
from tests.stories import NOON, subscription

MINUTE = timedelta(minutes=1)


def attempts(status_frequency_minutes: int) -> list[timedelta]:
    """Return when Exchange sends a POST by its page on StatusFrequency, from the first attempt on."""
    times, wait = [timedelta()], timedelta(seconds=30)
    while wait <= status_frequency_minutes * MINUTE:
        times.append(times[-1] + wait)
        wait *= 2
    return times


@pytest.mark.parametrize("frequency", [1, 2, 5, 15, 16, 30, 60, 120, 1440])
def test_the_longest_delivery_covers_each_attempt_and_what_it_takes(frequency: int) -> None:
    """Even if each of them is given up by its sender only after 100 s, and not by much more."""
    times = attempts(frequency)
    needed = times[-1] + len(times) * timedelta(seconds=100)
    assert needed <= max_delivery_window(frequency) <= needed + (frequency + 1) * MINUTE


def test_all_of_it_is_in_protocol_minutes() -> None:
    """As everything that the server does is, and one machine has one clock."""
    second = timedelta(seconds=1)
    assert max_delivery_window(15, second) == max_delivery_window(15) / 60
    assert complete_until(subscription(), second) == NOON - max_delivery_window(15) / 60
    assert complete_until(subscription(last_event_at=NOON), second) == NOON - CLOCK_MARGIN / 60


def test_nothing_heard_nothing_told() -> None:
    """A subscription that was only made has told nothing."""
    assert complete_until(subscription(last_seen_at=None)) is None


def test_after_a_heartbeat_all_is_told_that_no_attempt_held_up() -> None:
    """It may be the last copy of one that was first sent long before."""
    assert complete_until(subscription()) == NOON - max_delivery_window(15)


@pytest.mark.parametrize("age", [timedelta(), 3 * MINUTE, timedelta(hours=9), timedelta(days=3)])
def test_after_events_all_is_told_until_the_last_of_them(age: timedelta) -> None:
    """However old it is, and whatever came first; by a clock that may be a bit off."""
    assert complete_until(subscription(last_event_at=NOON - age)) == NOON - age - CLOCK_MARGIN


@pytest.mark.parametrize("last_event_at", [NOON - MAX_EVENT_AGE - MINUTE, datetime.min.replace(tzinfo=UTC)])
def test_a_time_from_before_all_that_a_server_keeps_is_not_believed(last_event_at: datetime) -> None:
    """Its clock was reset: it says nothing of when the event happened."""
    assert complete_until(subscription(last_event_at=last_event_at)) == NOON - max_delivery_window(15)


@pytest.mark.parametrize(("ahead", "until"), [(4, NOON - MINUTE), (6, NOON - max_delivery_window(15))])
def test_a_clock_that_is_far_ahead_is_not_believed(ahead: float, until: datetime) -> None:
    """Nothing is told before it happens."""
    assert complete_until(subscription(last_event_at=NOON + ahead * MINUTE)) == until
