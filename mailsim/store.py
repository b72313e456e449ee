"""What lies where in a mailbox, and the steps by which it got there: what synchronization looks back on."""

from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["item", "folder"]
StepKind = Literal["made", "changed", "read", "gone"]


@dataclass(slots=True)
class Entry:
    """A folder or an item; what can be moved and copied. Times are seconds since the epoch."""

    id: str
    parent_id: str
    kind: Kind
    name: str
    unread: bool = False
    version: int = 0
    """How often it was changed; its ChangeKey tells."""
    received_at: float | None = None
    modified_at: float | None = None
    """When something last happened to it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to an entry, as its folder remembers it."""

    kind: StepKind
    id: str
    parent_id: str
    unread: bool


_NONE: Final[dict[str, Entry]] = {}


@dataclass(slots=True)
class Store:
    """Entries by id and by folder. Steps are never taken back, so a number of them is a moment of the past."""

    entries: dict[str, Entry] = field(default_factory=dict)
    item_steps: dict[str, list[Step]] = field(default_factory=dict)
    """By folder."""
    folder_steps: list[Step] = field(default_factory=list)
    _inside: dict[str, dict[str, Entry]] = field(default_factory=dict)
    _unread: dict[str, int] = field(default_factory=dict)

    def put(self, entry: Entry) -> None:
        """Keep an entry in the folder it names."""
        self.entries[entry.id] = entry
        self._inside.setdefault(entry.parent_id, {})[entry.id] = entry
        self._count(entry, +1)
        if entry.kind == "folder":
            self.item_steps.setdefault(entry.id, [])
        self._step("made", entry)

    def take(self, entry: Entry) -> None:
        """Forget an entry, but not what lies in it."""
        del self.entries[entry.id]
        del self._inside[entry.parent_id][entry.id]
        self._count(entry, -1)
        self._step("gone", entry)

    def change(self, entry: Entry, kind: Literal["changed", "read"], *, unread: bool) -> None:
        """Change what an entry says, or only whether it is read."""
        self._count(entry, -1)
        entry.unread = unread
        self._count(entry, +1)
        self._step(kind, entry)

    def reparent(self, folder: Entry, parent_id: str) -> None:
        """Put a folder into another one; its id and what lies in it stay."""
        del self._inside[folder.parent_id][folder.id]
        folder.parent_id = parent_id
        self._inside.setdefault(parent_id, {})[folder.id] = folder
        self._step("changed", folder)

    def inside(self, folder_id: str, kind: Kind) -> list[Entry]:
        """Return what lies in a folder, without what lies in its folders; oldest first."""
        return [entry for entry in self._inside.get(folder_id, _NONE).values() if entry.kind == kind]

    def below(self, folder_id: str) -> list[Entry]:
        """Return all folders in a folder, and in those; each before what it holds."""
        found = self.inside(folder_id, "folder")
        for folder in found:
            found += self.inside(folder.id, "folder")
        return found

    def unread_in(self, folder_id: str) -> int:
        """Return how many unread items a folder has."""
        return self._unread.get(folder_id, 0)

    def _count(self, entry: Entry, by: int) -> None:
        if entry.unread:
            self._unread[entry.parent_id] = self._unread.get(entry.parent_id, 0) + by

    def _step(self, kind: StepKind, entry: Entry) -> None:
        entry.version += 1
        steps = self.folder_steps if entry.kind == "folder" else self.item_steps.setdefault(entry.parent_id, [])
        steps.append(Step(kind, entry.id, entry.parent_id, entry.unread))
