"""How long to wait before the mail server is asked again."""

from datetime import timedelta
from typing import Final

import pytest

from ewspush.domain.retries import MAX_BACKOFF, MAX_WAIT_MINUTES, backoff, retry_wait
from ewspush.domain.timing import Timing
from tests.builders import TIMING

MINUTE: Final = timedelta(minutes=1)
ALMOST_ONE: Final = 1 - 2**-53
"""The most that `random.random` returns."""


def waits(attempts: int, back_off_ms: int | None = None, at_least_minutes: float = 0) -> tuple[float, float]:
    """Return the shortest and the longest wait, in minutes."""
    shortest = retry_wait(attempts, back_off_ms, TIMING, lambda: 0, at_least_minutes=at_least_minutes)
    longest = retry_wait(attempts, back_off_ms, TIMING, lambda: ALMOST_ONE, at_least_minutes=at_least_minutes)
    return shortest / MINUTE, round(longest / MINUTE, 2)


@pytest.mark.parametrize(
    ("milliseconds", "wait"),
    [
        (None, timedelta()),
        (0, timedelta()),
        (4500, timedelta(seconds=4.5)),
        (3_600_000, MAX_BACKOFF),
        (3_600_001, MAX_BACKOFF),
        (10**100, MAX_BACKOFF),
    ],
)
def test_the_server_is_obeyed_up_to_an_hour(milliseconds: int | None, wait: timedelta) -> None:
    """Whatever number it writes."""
    assert backoff(milliseconds) == wait


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 15), (6, 15), (10**6, 15)])
def test_each_wait_is_twice_the_last_up_to_a_quarter_of_an_hour(attempts: int, minutes: int) -> None:
    """Half of it is jitter."""
    assert waits(attempts) == (minutes / 2, minutes)
    assert minutes <= MAX_WAIT_MINUTES


@pytest.mark.parametrize(
    ("attempts", "back_off_ms", "expected"), [(1, 45_000, (0.75, 1)), (1, 600_000, (10, 10)), (5, 1, (7.5, 15))]
)
def test_it_is_never_shorter_than_the_server_asks(
    attempts: int, back_off_ms: int, expected: tuple[float, float]
) -> None:
    """The server counts in real time."""
    assert waits(attempts, back_off_ms) == expected


def test_it_can_have_a_lower_bound() -> None:
    """A used-up quota frees after StatusFrequency at the earliest."""
    assert waits(1, at_least_minutes=40) == (20, 40)
    assert waits(5, at_least_minutes=10) == (7.5, 15)


def test_it_is_in_protocol_minutes() -> None:
    """But for what the server asks."""
    short = Timing(timedelta(seconds=1))
    assert retry_wait(3, None, short, lambda: 0.5) == timedelta(seconds=3)
    assert retry_wait(3, 60_000, short, lambda: 0.5) == MINUTE
