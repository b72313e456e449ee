"""How far a run is, told in the terminal every few seconds."""

import sys
import time
from typing import Final

_EVERY_SECONDS: Final = 10


class Progress:
    """Counts the inputs of one target."""

    def __init__(self, name: str, runs: int) -> None:
        """Begin now."""
        self._name = name
        self._runs = runs
        self._count = 0
        self._began = self._told = time.monotonic()

    def step(self) -> None:
        """Count one input."""
        self._count += 1
        now = time.monotonic()
        if now - self._told >= _EVERY_SECONDS:
            self._told = now
            self._tell("so far")

    def end(self) -> None:
        """Tell how many inputs there were, in how much time."""
        self._tell("in all")

    def _tell(self, words: str) -> None:
        seconds = max(time.monotonic() - self._began, 0.001)
        sys.stdout.write(
            f"{self._name}: {self._count:,} of {self._runs:,} inputs {words}, "
            f"{seconds:,.0f} s, {self._count / seconds:,.0f} a second\n"
        )
        sys.stdout.flush()
