"""Times that follow from StatusFrequency."""

from datetime import timedelta
from typing import Final

import pytest

from ewspush.domain.timing import MIN_GRACE, Timing
from tests.builders import TIMING

MINUTE: Final = timedelta(minutes=1)
FREQUENCIES: Final = [1, 2, 5, 15, 16, 30, 60, 120, 1440]


def attempts(status_frequency_minutes: int) -> list[timedelta]:
    """Return when Exchange sends a POST by its page on StatusFrequency, from the first attempt on."""
    times, wait = [timedelta()], timedelta(seconds=30)
    while wait <= status_frequency_minutes * MINUTE:
        times.append(times[-1] + wait)
        wait *= 2
    return times


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_the_delivery_window_covers_each_attempt_and_its_duration(frequency: int) -> None:
    """Even if the sender ends each of them only after 100 s; and it is not much longer."""
    times = attempts(frequency)
    needed = times[-1] + len(times) * timedelta(seconds=100)
    assert needed <= TIMING.max_delivery_window(frequency) <= needed + (frequency + 1) * MINUTE


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_silence_is_twice_status_frequency(frequency: int) -> None:
    """As Exchange's page on StatusFrequency has it."""
    assert TIMING.silence(frequency) == 2 * frequency * MINUTE


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_the_grace_is_a_minute_more_than_the_first_heartbeat_takes(frequency: int) -> None:
    """WorkMail sends its first POST within StatusFrequency."""
    assert TIMING.grace(frequency) == (frequency + 1) * MINUTE


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_all_of_it_is_in_protocol_minutes(frequency: int) -> None:
    """As everything that the server does is, and one machine has one clock."""
    short = Timing(timedelta(seconds=1))
    assert short.minutes(2.5) == timedelta(seconds=2.5)
    assert short.clock_margin == TIMING.clock_margin / 60
    assert short.silence(frequency) == TIMING.silence(frequency) / 60
    assert short.max_delivery_window(frequency) == TIMING.max_delivery_window(frequency) / 60


@pytest.mark.parametrize(("frequency", "grace"), [(1, MIN_GRACE), (43, MIN_GRACE), (60, timedelta(seconds=61))])
def test_the_grace_is_never_shorter_than_a_subscribe_takes(frequency: int, grace: timedelta) -> None:
    """Its time-outs are in real time."""
    assert Timing(timedelta(seconds=1)).grace(frequency) == grace
