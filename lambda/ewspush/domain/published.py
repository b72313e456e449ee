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
        self._parents: dict[str, str] = {}
        """Where push last said that an item is."""
        self._pushed_at: dict[str, datetime] = {}
        """When push logged an object last, by our clock."""
        self._came_at: dict[str, datetime] = {}
        """When push logged that an object came, by our clock."""
        self._changed_at: dict[str, datetime] = {}
        """By the server's clock: TimeStamps of push. A sync does not always know when a change was made."""
        self._synced_into: dict[str, tuple[datetime, str | None]] = {}
        """When a sync published that an object came, and into which folder."""
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
        counts as published only if the server says when it was made, and push logged a later one: a subscription can
        have ended right after what push logged last. Servers write whole seconds, and two changes can share one: then
        push has published both only where it went on after that.
        """
        if change.kind is ChangeKind.DELETED:
            return None if change.id in self._gone else change
        if change.kind is ChangeKind.CREATED and (change.id not in self._present or self.old_parent_of(change)):
            return change
        is_published = isinstance(change, ItemChange) and self._is_state_published(change)
        return None if is_published else change._replace(kind=ChangeKind.UPDATED)

    def _went_on(self, object_id: str, changed_at: datetime, gap: OpenGap) -> bool:
        """Whether push went on after its last event of an object: the gap begins later, or the event came after it."""
        return _second(changed_at) < gap.start or self._pushed_at[object_id] >= gap.logged_at

    def _is_state_published(self, change: ItemChange) -> bool:
        modified_at, changed_at = from_xsd(change.last_modified_at), self._changed_at.get(change.id)
        if modified_at is None or changed_at is None:
            return False
        if _second(modified_at) == _second(changed_at):
            return all(self._went_on(change.id, changed_at, gap) for gap in self._open_gaps.values())
        return modified_at < changed_at

    def holds(self, event: ChangeEvent) -> bool:
        """Whether this event of a sync is logged: of a page whose step was not stored with its last events."""
        return event.id in self._sync_ids

    def is_present(self, object_id: str) -> bool:
        """Whether the log says that the object came since the baseline."""
        return object_id in self._present

    def is_gone(self, object_id: str) -> bool:
        """Whether the log says that the object left since the baseline."""
        return object_id in self._gone

    def came_before(self, object_id: str, moment: datetime) -> bool:
        """Whether push logged before `moment`, by our clock, that the object came."""
        came_at = self._came_at.get(object_id)
        return object_id in self._present and came_at is not None and came_at < moment

    def parent_of(self, object_id: str) -> str | None:
        """Return the folder in which push last showed an item."""
        return self._parents.get(object_id)

    def old_parent_of(self, change: Change) -> str | None:
        """Return the folder in which push last showed an item that came into another one, and kept its id."""
        parent = self._parents.get(change.id) if change.kind is ChangeKind.CREATED else None
        return parent if change.parent_id is not None and parent != change.parent_id else None

    def is_synced_into_another(self, object_id: str, folder_id: str | None, since: datetime) -> bool:
        """Whether a sync published since then that the object came into another folder: it left this one alive.

        `folder_id` is None where no page of this folder has shown anything that is in it.
        """
        synced_at, parent = self._synced_into.get(object_id, (since, None))
        return synced_at >= since and parent is not None and parent != folder_id

    def unconfirmed_items(self, confirmed: Iterable[str], deleted_folders: Iterable[str] = ()) -> list[str]:
        """Return the items that came, or were last seen in one of the folders, and are not `confirmed`.

        To a sync, what came and went has never been, and a folder takes its items along without a word.
        """
        folders = set(deleted_folders)
        taken_along = {each for each, parent in self._parents.items() if parent in folders} if folders else set()
        return sorted((self._present | taken_along) - self._folders - self._gone - set(confirmed))

    def vanished_folders(self, there: Iterable[str]) -> list[str]:
        """Return the folders that came, and are not `there`."""
        return sorted(self._present & self._folders - set(there))

    def _add_change(self, event: ChangeEvent) -> None:
        own_id = event.object_id
        if own_id is None:
            return
        if event.origin is Origin.SYNC:
            self._add_synced(event, own_id)
            return
        self._changed_at[own_id] = max(event.time, self._changed_at.get(own_id, event.time))
        self._pushed_at[own_id] = event.received_at
        if event.kind is EventKind.MOVED and event.old_id:
            self._leave(event.old_id)
        if event.kind in _COMES:
            self._gone.discard(own_id)
            self._present.add(own_id)
            self._came_at[own_id] = event.received_at
            self._folders |= {own_id} if event.object is ObjectKind.FOLDER else set()
        if event.kind is EventKind.DELETED:
            self._leave(own_id)
        elif event.object is ObjectKind.ITEM and event.parent_folder_id is not None:
            self._parents[own_id] = event.parent_folder_id

    def _add_synced(self, event: ChangeEvent, own_id: str) -> None:
        """What a sync published is in its own states: nothing of it is looked up."""
        if event.kind is EventKind.DELETED:
            self._leave(own_id)
        elif event.kind in _COMES:
            self._gone.discard(own_id)
            self._synced_into[own_id] = (event.received_at, event.parent_folder_id)

    def _leave(self, object_id: str) -> None:
        self._present.discard(object_id)
        self._parents.pop(object_id, None)
        self._gone.add(object_id)

    def _add_gap(self, event: GapEvent | GapClosedEvent, logged_at: datetime) -> None:
        if isinstance(event, GapEvent) and event.reason is not GapReason.NOT_RECOVERED:
            self._open_gaps[event.id] = _open_gap(event, logged_at)
        for closed in event.gaps:
            self._open_gaps.pop(closed, None)


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def _open_gap(event: GapEvent, logged_at: datetime) -> OpenGap:
    return OpenGap(event.id, event.start, event.end, logged_at, event.reason is GapReason.UNREACHABLE)
