"""The event log of a mailbox, and its watermarks: a counter that grows with the events."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from mailsim.mailbox_events import LoggedEvent, MailboxEvent

FIRST_COUNTER: Final = 3273
"""Watermarks start after this; the WorkMail guide's sample begins at 3274."""

_DATABASE_JUMP: Final = 1000
"""The counter skips this many when watermarks are forgotten, as after a move to another database."""


@dataclass(slots=True)
class EventLog:
    """All events of a mailbox. `counter` is the current watermark."""

    counter: int = FIRST_COUNTER
    events: list[LoggedEvent] = field(default_factory=list)
    _oldest_known: int = FIRST_COUNTER
    """Watermarks below this are unknown."""
    _first_resumable: int = 0
    """Position of an event; a subscription can't resume from before it."""

    def add(
        self, events: Sequence[MailboxEvent], now: float, *, one_watermark: bool, clock_offset: float
    ) -> list[LoggedEvent]:
        """Add the events of one action, and return them with their watermarks."""
        logged = []
        for position, event in enumerate(events):
            self.counter += 0 if one_watermark and position else 1
            logged.append(LoggedEvent(event, self.counter, now, clock_offset))
        self.events += logged
        return logged

    def after(self, counter: int, oldest: float) -> list[LoggedEvent] | None:
        """Return the events after a watermark; None where it is unknown or a later event is older than `oldest`."""
        if not self._oldest_known <= counter <= self.counter:
            return None
        start = bisect_right(self.events, counter, lo=self._first_resumable, key=lambda logged: logged.counter)
        following = self.events[start:]
        return None if following and following[0].at < oldest else following

    def forget_watermarks(self) -> None:
        """Make all watermarks given so far unknown, as after a move to another database."""
        self.counter += _DATABASE_JUMP
        self._oldest_known = self.counter

    def reset_watermarks(self) -> None:
        """Start the counter from the beginning, as on a restored server: the same watermarks are given once more.

        One from before becomes valid when the counter reaches it, and then stands for another event.
        """
        self.counter = self._oldest_known = FIRST_COUNTER
        self._first_resumable = len(self.events)
