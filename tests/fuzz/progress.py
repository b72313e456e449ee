"""How far a run is, printed every few seconds."""

import sys
import time
from typing import Final

_EVERY_SECONDS: Final = 10


class Progress:
    """Counts the inputs of one target."""

    def __init__(self, name: str, runs: int) -> None:
        self._name = name
        self._runs = runs
        self._count = 0
        self._began_at = self._printed_at = time.monotonic()

    def step(self) -> None:
        """Count one input."""
        self._count += 1
        now = time.monotonic()
        if now - self._printed_at >= _EVERY_SECONDS:
            self._printed_at = now
            self._print("so far")

    def end(self) -> None:
        """Print how many inputs there were, in how much time."""
        self._print("in total")

    def _print(self, suffix: str) -> None:
        seconds = max(time.monotonic() - self._began_at, 0.001)
        sys.stdout.write(
            f"{self._name}: {self._count:,} of {self._runs:,} inputs {suffix}, "
            f"{seconds:,.0f} s, {self._count / seconds:,.0f} per second\n"
        )
        sys.stdout.flush()
