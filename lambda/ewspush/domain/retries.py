"""How long to wait before the mail server is asked again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from ewspush.domain.timing import Timing

MAX_BACKOFF: Final = timedelta(hours=1)
"""Upper bound for what a server may ask for: a longer wait would leave a mailbox without events."""

MIN_WAIT_MINUTES: Final = 1
MAX_WAIT_MINUTES: Final = 15
"""Between two tries. A longer wait would be politer, and keep a mailbox without events after the server is back."""

_DOUBLINGS: Final = 4

_MAX_MILLISECONDS: Final = 10**9


def backoff(milliseconds: int | None) -> timedelta:
    """Return how long the server wants no requests, at most `MAX_BACKOFF`."""
    return min(timedelta(milliseconds=min(milliseconds or 0, _MAX_MILLISECONDS)), MAX_BACKOFF)


def retry_wait(
    attempts: int,
    back_off_ms: int | None,
    timing: Timing,
    jitter: Callable[[], float],
    *,
    at_least_minutes: float = 0,
) -> timedelta:
    """Return how long to wait after try `attempts` was refused: twice as long each time, half of it by jitter.

    `jitter` returns a number from 0 up to 1, and spreads the tries of many mailboxes over time.
    """
    minutes = max(min(MIN_WAIT_MINUTES << min(attempts - 1, _DOUBLINGS), MAX_WAIT_MINUTES), at_least_minutes)
    return max(timing.minutes(minutes * (1 + jitter()) / 2), backoff(back_off_ms))
