"""Waiting for what other processes do."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def wait_for(probe: Callable[[], Found | None], what: str, seconds: float = 30, poll_seconds: float = 0.05) -> Found:
    """Return the first true result of `probe`. Raises `TimeoutError`, whose message names `what` was expected."""
    deadline = time.monotonic() + seconds
    while not (found := probe()):
        if time.monotonic() > deadline:
            message = f"expected {what} within {seconds:g} seconds"
            raise TimeoutError(message)
        time.sleep(poll_seconds)
    return found
