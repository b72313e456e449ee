"""What identifies a change of a mailbox, at the server, in a POST and in the log; and what the log says of it."""

from typing import Final, NamedTuple

from ewspush.domain.events import KINDS, ChangeEvent, Event, EventKind, Origin
from ewspush.protocol.notification import MailboxEvent
from mailsim.mailbox_events import LoggedEvent

TOLERANCE_SECONDS: Final = 1.0
"""At the ends of a gap: the duration of the calls between a POST and its write."""

EventIdentity = tuple[EventKind, str | None, str | None, str | None]
"""Kind, id, watermark and parent folder; no two changes of a mailbox share them."""


def identity_of_change(change: LoggedEvent, watermark: str) -> EventIdentity:
    """Return the identity of a change as the server knows it."""
    return KINDS[change.event.type], change.event.id, watermark, change.event.parent_id


def identity_of_event(event: MailboxEvent) -> EventIdentity:
    """Return the identity of an event of a POST."""
    return KINDS[event.type], event.id, event.watermark, event.parent_folder_id


def identity_of_logged(event: ChangeEvent) -> EventIdentity:
    """Return the identity of an event of the log."""
    return event.kind, event.object_id, event.watermark, event.parent_folder_id


class Gap(NamedTuple):
    """A gap event: its range in the server's time, and whether a sync has closed it."""

    start: float
    end: float
    is_closed: bool

    def contains(self, moment: float) -> bool:
        """Whether a moment lies in it."""
        return self.start - TOLERANCE_SECONDS <= moment <= self.end + TOLERANCE_SECONDS


class SyncedEvents:
    """What syncs published. An event of an object covers all changes of the object before it."""

    def __init__(self) -> None:
        self._times: dict[tuple[EventKind, str | None], float] = {}

    def add(self, event: Event) -> None:
        """Add an event of the log, if a sync published it."""
        if isinstance(event, ChangeEvent) and event.origin is Origin.SYNC:
            self._times[event.kind, event.object_id] = event.time.timestamp()

    def covers(self, kind: EventKind, own_id: str | None, at: float) -> bool:
        """Whether a change (of the time `at`, by the server's clock) was published."""
        created = self._times.get((EventKind.CREATED, own_id))
        if kind in {EventKind.CREATED, EventKind.MOVED, EventKind.COPIED}:
            return created is not None
        if kind is EventKind.MODIFIED:
            modified = self._times.get((kind, own_id))
            return any(moment is not None and moment >= int(at) for moment in (created, modified))
        return (kind, own_id) in self._times
