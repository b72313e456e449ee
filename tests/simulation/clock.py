"""Virtual time: it stands still but for what I/O takes, and goes on to whatever is next."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Final

START: Final = 1_700_000_000.0
"""Of every simulation, in seconds since the epoch."""


class Timeline:
    """What the time is, and what happens when. Our clocks are `skew_seconds` ahead of it, the server's are right."""

    def __init__(self, skew_seconds: float, tell: Callable[[str], None] | None = None) -> None:
        """Start at `START`; what is noted goes to `tell`, if anywhere."""
        self.now = START
        self.skew_seconds = skew_seconds
        self.is_told = tell is not None
        self._tell = tell or (lambda _: None)
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    def ours(self) -> datetime:
        """Return the time as our functions see it."""
        return datetime.fromtimestamp(self.now + self.skew_seconds, UTC)

    def theirs(self, moment: datetime) -> float:
        """Return a time of ours as the server would tell it."""
        return moment.timestamp() - self.skew_seconds

    def at(self, moment: float, deed: Callable[[], None]) -> None:
        """Let something happen then, or now if that is past."""
        heapq.heappush(self._agenda, (moment, next(self._numbers), deed))

    def after(self, minutes: float, deed: Callable[[], None]) -> None:
        """Let something happen in so many minutes."""
        self.at(self.now + 60 * minutes, deed)

    def next_at(self) -> float:
        """Return when something is to happen; infinity is never."""
        return self._agenda[0][0] if self._agenda else float("inf")

    def happen(self) -> None:
        """Let happen what is due."""
        while self._agenda and self._agenda[0][0] <= self.now:
            heapq.heappop(self._agenda)[2]()

    def note(self, line: str) -> None:
        """Add a line to the trace."""
        if self.is_told:
            self._tell(f"{told_time(self.now)}  {line}")


def told_time(moment: float) -> str:
    """Return a moment as hours, minutes and seconds from the beginning, a form that sorts."""
    minutes, seconds = divmod(moment - START, 60)
    return f"{int(minutes // 60):3}:{int(minutes % 60):02}:{seconds:06.3f}"
