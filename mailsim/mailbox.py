"""A mailbox: its folders and items, and its event log."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from mailsim.errors import ControlError
from mailsim.event_log import EventLog
from mailsim.mailbox_events import LoggedEvent, MailboxEvent
from mailsim.store import Entry, EntryKind, Store

DISTINGUISHED: Final = (
    *("inbox", "sentitems", "deleteditems", "drafts", "outbox", "junkemail"),
    *("calendar", "contacts", "tasks", "notes", "journal"),
)
"""The distinguished folders of a new mailbox, under msgfolderroot."""

ROOT: Final = "root"
"""The parent of all folders, hidden ones included."""
MSG_FOLDER_ROOT: Final = "msgfolderroot"
"""The top folder that clients show."""
RECOVERABLE: Final = "recoverableitemsdeletions"
ALL_ITEMS: Final = "allitems"
"""Exchange's search folder over everything, a second source of events about deletions."""


@dataclass(slots=True)
class Mailbox:
    """One user's mailbox. Its ids depend on `seed` alone, so that a simulation repeats them."""

    email: str
    seed: str = ""
    store: Store = field(default_factory=Store)
    log: EventLog = field(default_factory=EventLog)
    sync_generation: int = 0
    """Incremented when sync states are forgotten."""
    _distinguished: dict[str, str] = field(default_factory=dict)
    _new_ids: dict[str, str] = field(default_factory=dict)
    """By the id before the move."""
    _issued_ids: int = 0

    def __post_init__(self) -> None:
        root = self.add("folder", "", ROOT)
        top = self.add("folder", root.id, MSG_FOLDER_ROOT)
        self._distinguished = {ROOT: root.id, MSG_FOLDER_ROOT: top.id}
        self._distinguished |= {name: self.add("folder", root.id, name).id for name in (RECOVERABLE, ALL_ITEMS)}
        self._distinguished |= {name: self.add("folder", top.id, name).id for name in DISTINGUISHED}

    @property
    def entries(self) -> dict[str, Entry]:
        """All items and folders, by id."""
        return self.store.entries

    @property
    def hidden(self) -> frozenset[str]:
        """The folders outside of msgfolderroot, which only the hierarchy of the whole mailbox shows."""
        shown = {ROOT, MSG_FOLDER_ROOT, *DISTINGUISHED}
        return frozenset(own_id for name, own_id in self._distinguished.items() if name not in shown)

    def add_hidden_folders(self, names: Sequence[str]) -> None:
        """Add folders outside of msgfolderroot."""
        self._distinguished |= {name: self.add("folder", self._distinguished[ROOT], name).id for name in names}

    def add(
        self, kind: EntryKind, parent_id: str, name: str, original: Entry | None = None, *, unread: bool = False
    ) -> Entry:
        """Add an item or a folder with an id of its own. A copy keeps the received time of its original."""
        received_at = original.received_at if original is not None else None
        entry = Entry(self._new_id(kind), parent_id, kind, name, unread, received_at=received_at)
        self.store.add(entry)
        return entry

    def find(self, entry_id: str, kind: EntryKind) -> Entry:
        """Return an item or a folder by its id, or by an id from before a move. Raises `ControlError`."""
        while entry_id in self._new_ids:
            entry_id = self._new_ids[entry_id]
        found = self.entries.get(self._distinguished.get(entry_id, entry_id) if kind == "folder" else entry_id)
        if found is None or found.kind != kind:
            raise ControlError(404, f"{kind} {entry_id} does not exist")
        return found

    def is_distinguished(self, entry: Entry) -> bool:
        """Whether it is a folder that every mailbox has; it can't be moved or deleted."""
        return entry.id in self._distinguished.values()

    def distinguished_name(self, folder_id: str) -> str | None:
        """Return the distinguished name of a folder, if it has one."""
        names = (name for name, each in self._distinguished.items() if each == folder_id)
        return next(names, None)

    def names_of(self, folder: Entry) -> frozenset[str]:
        """Return the id of a folder, and its distinguished name if it has one."""
        return frozenset({folder.id, self.distinguished_name(folder.id) or folder.id})

    def move(self, entry: Entry, parent_id: str, *, keeps_id: bool = False) -> None:
        """Move an entry into another folder. A folder keeps its id; an item gets a new one, unless `keeps_id`."""
        if entry.kind == "folder":
            self.store.reparent(entry, parent_id)
            return
        self.store.remove(entry)
        if not keeps_id:
            self._new_ids[entry.id] = new_id = self._new_id(entry.kind)
            entry.id = new_id
        entry.parent_id = parent_id
        self.store.add(entry)

    def remove(self, entry: Entry) -> None:
        """Remove an entry and everything in it."""
        for child in (*self.store.children(entry.id, "item"), *self.store.children(entry.id, "folder")):
            self.remove(child)
        self.store.remove(entry)

    def folder_id(self, name: str) -> str | None:
        """Return the id of a folder given by id or distinguished name."""
        found = self.entries.get(self._distinguished.get(name, name))
        return found.id if found is not None and found.kind == "folder" else None

    def ancestors(self, entry_id: str) -> frozenset[str]:
        """Return a folder and all folders above it."""
        found = set()
        while entry_id in self.entries and entry_id not in found:
            found.add(entry_id)
            entry_id = self.entries[entry_id].parent_id
        return frozenset(found)

    def record(
        self, events: Sequence[MailboxEvent], now: float, *, one_watermark: bool, clock_offset: float
    ) -> list[LoggedEvent]:
        """Add the events of one action to the log, and return them with their watermarks.

        The times of entries are those of the server's clock, which differs by `clock_offset` seconds.
        """
        logged = self.log.add(events, now, one_watermark=one_watermark, clock_offset=clock_offset)
        for entry in filter(None, (self.entries.get(each.event.id) for each in logged)):
            entry.modified_at = now + clock_offset
            entry.received_at = entry.modified_at if entry.received_at is None else entry.received_at
        return logged

    def _new_id(self, kind: str) -> str:
        """Return a new id. It is safe in URLs, though a client must not rely on that."""
        self._issued_ids += 1
        digest = hashlib.sha256(f"{self.seed}/{self.email}/{kind}/{self._issued_ids}".encode()).hexdigest()
        return f"AA{'B' if kind == 'folder' else 'F'}{digest[:37]}"
