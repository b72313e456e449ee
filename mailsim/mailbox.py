"""A mailbox: folders, items, and the log of what happened to them."""

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from mailsim.errors import ControlError
from mailsim.mailbox_events import Change, Told
from mailsim.store import Entry, Kind, Store

DISTINGUISHED: Final = (
    *("inbox", "sentitems", "deleteditems", "drafts", "outbox", "junkemail"),
    *("calendar", "contacts", "tasks", "notes", "journal"),
)
"""The distinguished folders a mailbox starts with, under msgfolderroot."""

TOP: Final = "root"
"""The folder that all others lie in, hidden ones too,"""
ROOT: Final = "msgfolderroot"
"""and the one that people see as the top."""
RECOVERABLE: Final = "recoverableitemsdeletions"
ALL_ITEMS: Final = "allitems"
"""Exchange's search folder over everything, a second source of events about deletions."""

FIRST_COUNTER: Final = 3273
"""Watermarks start after this; the WorkMail guide's sample begins at 3274."""

_FORGOTTEN: Final = 1000
"""How far the counter jumps where watermarks are forgotten, as in another database."""


@dataclass(slots=True)
class Mailbox:
    """One user's mailbox. Its ids depend on `seed` alone, so that a simulation repeats them."""

    email: str
    seed: str = ""
    store: Store = field(default_factory=Store)
    log: list[Change] = field(default_factory=list)
    counter: int = FIRST_COUNTER
    horizon: int = FIRST_COUNTER
    """Watermarks below this are not known any more."""
    sync_generation: int = 0
    """Goes up where sync states are forgotten."""
    _distinguished: dict[str, str] = field(default_factory=dict)
    _renamed: dict[str, str] = field(default_factory=dict)
    _made: int = 0

    def __post_init__(self) -> None:
        """Make the folders every mailbox has."""
        top = self.add("folder", "", TOP)
        root = self.add("folder", top.id, ROOT)
        self._distinguished = {TOP: top.id, ROOT: root.id}
        self._distinguished |= {name: self.add("folder", top.id, name).id for name in (RECOVERABLE, ALL_ITEMS)}
        self._distinguished |= {name: self.add("folder", root.id, name).id for name in DISTINGUISHED}

    @property
    def entries(self) -> dict[str, Entry]:
        """All that is in the mailbox, by id."""
        return self.store.entries

    @property
    def hidden(self) -> frozenset[str]:
        """The folders that no list of folders shows."""
        return frozenset(self._distinguished[name] for name in (RECOVERABLE, ALL_ITEMS))

    def add(self, kind: Kind, parent_id: str, name: str, copied: Entry | None = None, *, unread: bool = False) -> Entry:
        """Keep a new folder or item, with an id of its own. A copy was received when the original was."""
        received_at = copied.received_at if copied is not None else None
        entry = Entry(self.new_id(kind), parent_id, kind, name, unread, received_at=received_at)
        self.store.put(entry)
        return entry

    def find(self, entry_id: str, kind: Kind) -> Entry:
        """Return an item or a folder by its id, or by one it had before it was moved. Raises `ControlError`."""
        while entry_id in self._renamed:
            entry_id = self._renamed[entry_id]
        found = self.entries.get(self._distinguished.get(entry_id, entry_id) if kind == "folder" else entry_id)
        if found is None or found.kind != kind:
            raise ControlError(404, f"no {kind} {entry_id}")
        return found

    def is_fixed(self, entry: Entry) -> bool:
        """Whether it is a folder that every mailbox has: it stays where it is."""
        return entry.id in self._distinguished.values()

    def distinguished_name(self, folder_id: str) -> str | None:
        """Return the name by which everybody knows a folder, if it has one."""
        names = (name for name, each in self._distinguished.items() if each == folder_id)
        return next(names, None)

    def move(self, entry: Entry, parent_id: str) -> None:
        """Put an entry into another folder. An item gets a new id, a folder's stays."""
        if entry.kind == "folder":
            self.store.reparent(entry, parent_id)
            return
        self.store.take(entry)
        old_id, entry.id = entry.id, self.new_id(entry.kind)
        entry.parent_id = parent_id
        self.store.put(entry)
        self._renamed[old_id] = entry.id

    def remove(self, entry: Entry) -> None:
        """Forget an entry, and all that lies in it."""
        for inside in (*self.store.inside(entry.id, "item"), *self.store.inside(entry.id, "folder")):
            self.remove(inside)
        self.store.take(entry)

    def new_id(self, kind: str) -> str:
        """Return an id nobody has; safe in URLs, though a client must not rely on that."""
        self._made += 1
        digest = hashlib.sha256(f"{self.seed}/{self.email}/{kind}/{self._made}".encode()).hexdigest()
        return f"AA{'B' if kind == 'folder' else 'F'}{digest[:37]}"

    def folder(self, name: str) -> str | None:
        """Return the id of a folder given by id or distinguished name."""
        found = self.entries.get(self._distinguished.get(name, name))
        return found.id if found is not None and found.kind == "folder" else None

    def ancestors(self, entry_id: str) -> frozenset[str]:
        """Return a folder and all folders it lies in."""
        found = set()
        while entry_id in self.entries and entry_id not in found:
            found.add(entry_id)
            entry_id = self.entries[entry_id].parent_id
        return frozenset(found)

    def record(self, told: Sequence[Told], now: float, *, one_watermark: bool) -> list[Change]:
        """Add the events of one action to the log, and return them with their watermarks."""
        changes = []
        for place, each in enumerate(told):
            self.counter += 0 if one_watermark and place else 1
            changes.append(Change(each, self.counter, now))
            entry = self.entries.get(each.id)
            if entry is not None:
                entry.received_at = now if entry.received_at is None else entry.received_at
                entry.modified_at = now
        self.log += changes
        return changes

    def since(self, counter: int, oldest: float) -> list[Change] | None:
        """Return what came after a watermark, or None where it is unknown or something after it is gone.

        `oldest` is the time before which changes are no longer kept.
        """
        start = bisect_right(self.log, counter, key=lambda change: change.counter)
        if not self.horizon <= counter <= self.counter:
            return None
        following = self.log[start:]
        return None if following and following[0].at < oldest else following

    def forget_watermarks(self) -> None:
        """Know none of the watermarks given so far, as after a move to another database."""
        self.counter += _FORGOTTEN
        self.horizon = self.counter
