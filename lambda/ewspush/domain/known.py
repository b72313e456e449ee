"""What the log holds since a baseline: what of a sync's changes is news, and which gaps are open."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from ewspush.domain.events import GapReason
from ewspush.domain.subscription import LoggedNotification
from ewspush.domain.timestamps import from_iso, rfc3339
from ewspush.protocol.synchronization import ChangeKind, FolderChange, ItemChange

_CAME: Final = frozenset({"created", "new_mail", "copied", "moved"})

Change: TypeAlias = ItemChange | FolderChange


@dataclass(frozen=True, slots=True)
class LoggedObjects:
    """What the log holds since the baseline, push and sync alike.

    `came` and `went` are the objects that it says came into a folder or left it, `folders` those of `came` that are
    folders. `told_of` is when an object last changed by the server's clock as far as was told, `told_at` when that was.
    """

    came: frozenset[str]
    went: frozenset[str]
    folders: frozenset[str]
    told_of: Mapping[str, datetime]
    told_at: Mapping[str, datetime]

    @classmethod
    def of(cls, logged: Iterable[LoggedNotification]) -> "LoggedObjects":
        """Collect what `logged` tells."""
        sets: dict[str, set[str]] = {"came": set(), "went": set(), "folders": set()}
        told_of: dict[str, datetime] = {}
        told_at: dict[str, datetime] = {}
        for notification in logged:
            for document in notification.events:
                data, kind = document["data"], document["type"].removeprefix("ews.mailbox.")
                own_id = data.get("id")
                if own_id is None:
                    continue
                changed_at = from_iso(document["time"])
                told_of[own_id] = max(changed_at, told_of.get(own_id, changed_at))
                told_at[own_id] = max(notification.received_at, told_at.get(own_id, notification.received_at))
                sets["came"].update({own_id} if kind in _CAME else ())
                sets["went"].update({own_id} if kind == "deleted" else ())
                sets["went"].update({data["old_id"]} if kind == "moved" and data.get("old_id") else ())
                sets["folders"].update({own_id} if kind in _CAME and data.get("object") == "folder" else ())
        came, went, folders = map(frozenset, sets.values())
        return cls(came, went, folders, told_of, told_at)

    def untold(self, change: Change, gaps: Sequence["Gap"]) -> Change | None:
        """Return `change` as far as nobody has told it; None where all of it was told.

        What came since the baseline and was changed in a gap is still one that came, to a sync. When the server does
        not say when a change was made, it counts as told where something of the object was told after the last gap:
        whoever looked then has seen what became of it.
        """
        if change.kind is ChangeKind.DELETED:
            return None if change.id in self.went else change
        if change.kind is ChangeKind.CREATED and change.id not in self.came:
            return change
        modified_at = _moment(change.last_modified_at) if isinstance(change, ItemChange) else None
        if modified_at is not None:
            is_told = change.id in self.told_of and self.told_of[change.id] >= modified_at
        else:
            at = self.told_at.get(change.id)
            is_told = at is not None and at >= max((gap.end for gap in gaps), default=at)
        return None if is_told else change._replace(kind=ChangeKind.UPDATED)

    def doubtful_items(self, seen: Iterable[str]) -> list[str]:
        """Return the items that came and are not among `seen`: a sync does not tell of what came and went."""
        return sorted(self.came - self.folders - self.went - set(seen))

    def vanished_folders(self, there: Iterable[str]) -> list[FolderChange]:
        """Return the folders that came, and are not `there` any more."""
        gone = sorted(self.folders - self.went - set(there))
        return [FolderChange(ChangeKind.DELETED, each) for each in gone]


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap event that is open."""

    id: str
    start: datetime
    end: datetime
    logged_at: datetime


def open_gaps(logged: Iterable[LoggedNotification]) -> list[Gap]:
    """Return the gaps in `logged` that nothing has closed yet, oldest first."""
    gaps: dict[str, Gap] = {}
    for notification in sorted(logged, key=lambda one: one.arrival):
        for document in notification.events:
            data = document["data"]
            if document["type"] == "ews.mailbox.gap" and data["reason"] != GapReason.NOT_RECOVERED:
                start, end = from_iso(data["from"]), from_iso(data["to"])
                gaps[document["id"]] = Gap(document["id"], start, end, notification.received_at)
            for closed in data.get("gaps", ()):
                gaps.pop(closed, None)
    return list(gaps.values())


def _moment(text: str | None) -> datetime | None:
    stamp = rfc3339(text)
    return from_iso(stamp) if stamp is not None else None
