"""What the log holds already: whether a push is a copy, and what of a sync's changes is unpublished."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from ewspush.domain.events import ChangeEvent, EventKind, GapClosedEvent, GapEvent, LoggedNotification, Origin
from ewspush.domain.subscription import GapReason
from ewspush.domain.timestamps import from_xsd
from ewspush.protocol.changes import ChangeKind, FolderChange, ItemChange
from ewspush.protocol.notification import ObjectKind

_COMES: Final = frozenset({EventKind.CREATED, EventKind.NEW_MAIL, EventKind.COPIED, EventKind.MOVED})

Change: TypeAlias = ItemChange | FolderChange


@dataclass(frozen=True, slots=True)
class RecentEvents:
    """The ids and the watermarks of what a subscription logged recently."""

    ids: frozenset[str]
    watermarks: frozenset[str]

    @classmethod
    def of(cls, entries: Iterable[LoggedNotification]) -> "RecentEvents":
        """Collect them from `entries`."""
        ids: set[str] = set()
        watermarks: set[str | None] = set()
        for entry in entries:
            ids.update(event.id for event in entry.events)
            watermarks.update(event.watermark for event in entry.events if isinstance(event, ChangeEvent))
            watermarks.update((entry.watermark, entry.previous_watermark))
        return cls(frozenset(ids), frozenset(each for each in watermarks if each))


@dataclass(frozen=True, slots=True)
class OpenGap:
    """A gap event that nothing has closed yet."""

    id: str
    start: datetime
    end: datetime
    logged_at: datetime
    is_unreachable: bool = False
    """It ends when a push arrives again, and not at `end`."""


class LoggedObjects:
    """What the log says of each object, and which gaps are open; entries are added in the order of the log."""

    def __init__(self) -> None:
        self._present: set[str] = set()
        """Objects that came since the first entry, and did not leave."""
        self._gone: set[str] = set()
        self._folders: set[str] = set()
        self._changed_at: dict[str, datetime] = {}
        """By the server's clock, as far as it is published."""
        self._open_gaps: dict[str, OpenGap] = {}
        self._sync_ids: set[str] = set()

    @classmethod
    def of(cls, entries: Iterable[LoggedNotification]) -> "LoggedObjects":
        """Collect what `entries`, in any order, say."""
        logged = cls()
        for entry in sorted(entries, key=lambda one: one.arrival):
            logged.add(entry)
        return logged

    def add(self, entry: LoggedNotification) -> None:
        """Take in the next entry of the log."""
        for event in entry.events:
            if event.origin is Origin.SYNC:
                self._sync_ids.add(event.id)
            if isinstance(event, ChangeEvent):
                self._add_change(event)
            else:
                self._add_gap(event, entry.received_at)

    @property
    def open_gaps(self) -> list[OpenGap]:
        """The gaps that nothing has closed yet, oldest first."""
        return list(self._open_gaps.values())

    def unpublished_part(self, change: Change) -> Change | None:
        """Return `change` as far as the log does not hold it; None where it holds all of it.

        To a sync, an object that came since the baseline and was changed in a gap is still one that came. A change
        counts as published only if the server says when it was made, and the log holds as late a one: a subscription
        can have ended right after what push logged last.
        """
        if change.kind is ChangeKind.DELETED:
            return None if change.id in self._gone else change
        if change.kind is ChangeKind.CREATED and change.id not in self._present:
            return change
        modified_at = from_xsd(change.last_modified_at) if isinstance(change, ItemChange) else None
        changed_at = self._changed_at.get(change.id)
        is_published = modified_at is not None and changed_at is not None and changed_at >= modified_at
        return None if is_published else change._replace(kind=ChangeKind.UPDATED)

    def holds(self, event: ChangeEvent) -> bool:
        """Whether this event of a sync is logged: of a page whose step was not stored with its last events."""
        return event.id in self._sync_ids

    def is_present(self, object_id: str) -> bool:
        """Whether the log says that the object came since the baseline."""
        return object_id in self._present

    def is_gone(self, object_id: str) -> bool:
        """Whether the log says that the object left since the baseline."""
        return object_id in self._gone

    def unconfirmed_items(self, confirmed: Iterable[str]) -> list[str]:
        """Return the items that came and are not `confirmed`: to a sync, what came and went has never been."""
        return sorted(self._present - self._folders - set(confirmed))

    def vanished_folders(self, there: Iterable[str]) -> list[FolderChange]:
        """Return the folders that came, and are not `there` any more."""
        return [FolderChange(ChangeKind.DELETED, each) for each in sorted(self._present & self._folders - set(there))]

    def _add_change(self, event: ChangeEvent) -> None:
        own_id = event.object_id
        if own_id is None:
            return
        self._changed_at[own_id] = max(event.time, self._changed_at.get(own_id, event.time))
        if event.kind is EventKind.MOVED and event.old_id:
            self._leave(event.old_id)
        if event.kind in _COMES:
            self._gone.discard(own_id)
            self._present.add(own_id)
            self._folders |= {own_id} if event.object is ObjectKind.FOLDER else set()
        if event.kind is EventKind.DELETED:
            self._leave(own_id)

    def _leave(self, object_id: str) -> None:
        self._present.discard(object_id)
        self._gone.add(object_id)

    def _add_gap(self, event: GapEvent | GapClosedEvent, logged_at: datetime) -> None:
        if isinstance(event, GapEvent) and event.reason is not GapReason.NOT_RECOVERED:
            self._open_gaps[event.id] = _open_gap(event, logged_at)
        for closed in event.gaps:
            self._open_gaps.pop(closed, None)


def _open_gap(event: GapEvent, logged_at: datetime) -> OpenGap:
    return OpenGap(event.id, event.start, event.end, logged_at, event.reason is GapReason.UNREACHABLE)
