"""The items and folders of a mailbox, and the history of changes that synchronization compares with."""

from dataclasses import dataclass, field
from typing import Final, Literal

EntryKind = Literal["item", "folder"]
ChangeKind = Literal["created", "changed", "read", "removed"]


@dataclass(slots=True)
class Entry:
    """An item or a folder. Times are seconds since the epoch, by the server's clock."""

    id: str
    parent_id: str
    kind: EntryKind
    name: str
    unread: bool = False
    version: int = 0
    """Number of changes; the ChangeKey contains it."""
    received_at: float | None = None
    modified_at: float | None = None


@dataclass(frozen=True, slots=True)
class EntryChange:
    """One change of an entry, as the history keeps it."""

    kind: ChangeKind
    id: str
    parent_id: str
    unread: bool


_NONE: Final[dict[str, Entry]] = {}


@dataclass(slots=True)
class Store:
    """Entries by id and by folder. The history only grows, so its length identifies a moment of the past."""

    entries: dict[str, Entry] = field(default_factory=dict)
    item_history: dict[str, list[EntryChange]] = field(default_factory=dict)
    """By folder."""
    folder_history: list[EntryChange] = field(default_factory=list)
    _children: dict[str, dict[str, Entry]] = field(default_factory=dict)
    _unread_counts: dict[str, int] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Add an entry to the folder that it names."""
        self.entries[entry.id] = entry
        self._children.setdefault(entry.parent_id, {})[entry.id] = entry
        self._count(entry, +1)
        if entry.kind == "folder":
            self.item_history.setdefault(entry.id, [])
        self._log("created", entry)

    def remove(self, entry: Entry) -> None:
        """Remove an entry, but not its children."""
        del self.entries[entry.id]
        del self._children[entry.parent_id][entry.id]
        self._count(entry, -1)
        self._log("removed", entry)

    def update(self, entry: Entry, kind: Literal["changed", "read"], *, unread: bool) -> None:
        """Change the content of an entry (`changed`), or only its read flag (`read`)."""
        self._count(entry, -1)
        entry.unread = unread
        self._count(entry, +1)
        self._log(kind, entry)

    def reparent(self, folder: Entry, parent_id: str) -> None:
        """Move a folder into another one; its id and its content stay."""
        del self._children[folder.parent_id][folder.id]
        folder.parent_id = parent_id
        self._children.setdefault(parent_id, {})[folder.id] = folder
        self._log("changed", folder)

    def children(self, folder_id: str, kind: EntryKind) -> list[Entry]:
        """Return the direct children of a folder, oldest first."""
        return [entry for entry in self._children.get(folder_id, _NONE).values() if entry.kind == kind]

    def descendant_folders(self, folder_id: str) -> list[Entry]:
        """Return all folders below a folder; each before its children."""
        found = self.children(folder_id, "folder")
        for folder in found:
            found += self.children(folder.id, "folder")
        return found

    def unread_count(self, folder_id: str) -> int:
        """Return the number of unread items in a folder."""
        return self._unread_counts.get(folder_id, 0)

    def _count(self, entry: Entry, by: int) -> None:
        if entry.unread:
            self._unread_counts[entry.parent_id] = self._unread_counts.get(entry.parent_id, 0) + by

    def _log(self, kind: ChangeKind, entry: Entry) -> None:
        entry.version += 1
        folder = entry.kind == "folder"
        history = self.folder_history if folder else self.item_history.setdefault(entry.parent_id, [])
        history.append(EntryChange(kind, entry.id, entry.parent_id, entry.unread))
