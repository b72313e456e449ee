"""Virtual time: it advances by what I/O takes, and jumps to the next event on the agenda."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Final

START: Final = 1_700_000_000.0
"""Of every simulation, in seconds since the epoch."""


class Timeline:
    """The clock, the agenda and the trace. Our clocks are `skew_seconds` ahead of it, the server's are right."""

    def __init__(self, skew_seconds: float, trace: Callable[[str], None] | None = None) -> None:
        self.now = START
        self.skew_seconds = skew_seconds
        self.is_traced = trace is not None
        self._trace = trace or (lambda _: None)
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    def ours(self) -> datetime:
        """Return the time as our functions see it."""
        return datetime.fromtimestamp(self.now + self.skew_seconds, UTC)

    def theirs(self, moment: datetime) -> float:
        """Return the server's time at a moment of our clock."""
        return moment.timestamp() - self.skew_seconds

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Schedule an action; one for a moment that is past happens now."""
        heapq.heappush(self._agenda, (moment, next(self._numbers), action))

    def after(self, minutes: float, action: Callable[[], None]) -> None:
        """Schedule an action in so many minutes."""
        self.at(self.now + 60 * minutes, action)

    def next_at(self) -> float:
        """Return when the next action is scheduled; infinity where there is none."""
        return self._agenda[0][0] if self._agenda else float("inf")

    def run_due(self) -> None:
        """Carry out the actions that are due."""
        while self._agenda and self._agenda[0][0] <= self.now:
            heapq.heappop(self._agenda)[2]()

    def note(self, line: str) -> None:
        """Add a line to the trace."""
        if self.is_traced:
            self._trace(f"{format_time(self.now)}  {line}")


def format_time(moment: float) -> str:
    """Return a moment as hours, minutes and seconds since the start, in a form that sorts."""
    minutes, seconds = divmod(moment - START, 60)
    return f"{int(minutes // 60):3}:{int(minutes % 60):02}:{seconds:06.3f}"
