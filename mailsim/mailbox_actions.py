"""What people do in a mailbox, and the events each action fires.

Sources: Exchange's pages on mailbox events, on synchronization and on deletion-related events; WorkMail publishes none,
so it is taken to do as Exchange 2010 did. Every function returns the events in the order they are told.
"""

from dataclasses import dataclass, replace
from typing import Final

from mailsim.errors import ControlError
from mailsim.mailbox import ALL_ITEMS, RECOVERABLE, Mailbox
from mailsim.mailbox_events import Audience, EventType, Told
from mailsim.profiles import Profile
from mailsim.store import Entry

_NO_MAIL: Final = frozenset({"sentitems", "drafts", "outbox", "calendar", "contacts", "tasks", "notes", "journal"})
"""Folders where something new is not new mail."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone who acts in a mailbox of a server."""

    profile: Profile
    mailbox: Mailbox

    def deliver(self, folder: str, subject: str) -> tuple[Entry, list[Told]]:
        """Put a message into a folder; outside of drafts and the like it is new mail."""
        parent = self.mailbox.find(folder, "folder")
        item = self.mailbox.add("item", parent.id, subject, unread=True)
        mail = [self._told(EventType.NEW_MAIL, item)] if parent.name not in _NO_MAIL else []
        busy = self._busy(item, (item.id, parent.id))
        return item, [self._told(EventType.CREATED, item), *mail, *busy, self._touched(parent.id)]

    def make_folder(self, parent: str, name: str) -> tuple[Entry, list[Told]]:
        """Make a folder in another one."""
        folder = self.mailbox.add("folder", self.mailbox.find(parent, "folder").id, name)
        return folder, [self._told(EventType.CREATED, folder), self._touched(folder.parent_id)]

    def modify(self, entry: Entry) -> list[Told]:
        """Change what an item (its folder is touched) or a folder says; an item is read then."""
        self.mailbox.store.change(entry, "changed", unread=False)
        return self._modified(entry)

    def mark(self, item: Entry, *, unread: bool) -> list[Told]:
        """Change nothing but whether an item is read."""
        self.mailbox.store.change(item, "read", unread=unread)
        return self._modified(item)

    def copy(self, entry: Entry, target: str) -> tuple[Entry, list[Told]]:
        """Copy to another folder."""
        parent = self.mailbox.find(target, "folder")
        copied = self.mailbox.add(entry.kind, parent.id, entry.name, entry, unread=entry.unread)
        told = self._told(EventType.COPIED, copied, (entry.id, entry.parent_id))
        return copied, [told, *self._busy(copied, (copied.id, parent.id)), self._touched(parent.id)]

    def move(self, entry: Entry, target: str) -> list[Told]:
        """Move to another folder: three events. An item's id changes with it, a folder's stays."""
        parent = self.mailbox.find(target, "folder")
        if entry.id in self.mailbox.ancestors(parent.id):
            raise ControlError(400, "a folder can't be moved into itself")
        old = (entry.id, entry.parent_id)
        moved = self._moved(entry, parent)
        return [*moved, *self._busy(entry, (entry.id, parent.id), old), self._touched(old[1]), self._touched(parent.id)]

    def delete(self, entry: Entry) -> list[Told]:
        """Delete so that it can be recovered by an administrator only, past Deleted Items."""
        old = (entry.id, entry.parent_id)
        busy = self._busy(entry, old)
        if entry.kind == "item" and self.profile.delete_seen_as == "moved":
            told = self._recoverable(entry)
        else:
            told = [self._told(EventType.DELETED, entry)]
            self.mailbox.remove(entry)
        return [*told, *busy, self._touched(old[1])]

    def _modified(self, entry: Entry) -> list[Told]:
        if entry.kind == "folder":
            return [self._touched(entry.id)]
        busy = self._busy(entry, (entry.id, entry.parent_id))
        return [self._told(EventType.MODIFIED, entry), *busy, self._touched(entry.parent_id)]

    def _moved(self, entry: Entry, parent: Entry) -> list[Told]:
        """Move, then tell. Exchange 2013+ shows moves to Deleted Items to all-folder subscriptions as two events."""
        old = (entry.id, entry.parent_id)
        apart = parent.name == "deleteditems" and entry.kind == "item" and self.profile.delete_seen_as == "moved"
        gone = [self._told(EventType.DELETED, entry, audience="all_folders")] if apart else []
        self.mailbox.move(entry, parent.id)
        made = [self._told(EventType.CREATED, entry, audience="all_folders")] if apart else []
        return [*gone, *made, self._told(EventType.MOVED, entry, old, "named_folders" if apart else "everyone")]

    def _recoverable(self, entry: Entry) -> list[Told]:
        """Tell of a soft delete as Exchange 2013+ does; all-folder subscriptions hear of it from AllItems, too."""
        old = (entry.id, entry.parent_id)
        gone = self._told(EventType.DELETED, entry, audience="all_folders")
        found = self.mailbox.find(ALL_ITEMS, "folder").id
        again = replace(gone, parent_id=found, folders=frozenset({found}))
        self.mailbox.move(entry, self.mailbox.find(RECOVERABLE, "folder").id)
        return [gone, again, self._told(EventType.MOVED, entry, old, "named_folders")]

    def _busy(self, entry: Entry, *places: tuple[str, str]) -> list[Told]:
        """Tell that free and busy times changed, if one of an item's places, (id, folder), is in the calendar."""
        calendar = self.mailbox.find("calendar", "folder").id
        ids = [own_id for own_id, folder_id in places if folder_id == calendar and entry.kind == "item"]
        kind, folders = EventType.FREE_BUSY_CHANGED, frozenset({calendar})
        return [Told(kind, "item", own_id, calendar, folders) for own_id in ids[:1]]

    def _touched(self, folder_id: str) -> Told:
        """Tell that a folder changed because its contents did."""
        folder = self.mailbox.entries[folder_id]
        return self._told(EventType.MODIFIED, folder, unread=self.mailbox.store.unread_in(folder_id))

    def _told(
        self,
        kind: EventType,
        entry: Entry,
        old: tuple[str | None, str | None] = (None, None),
        audience: Audience = "everyone",
        *,
        unread: int | None = None,
    ) -> Told:
        folders = {entry.parent_id} | ({entry.id} if entry.kind == "folder" else set())
        folders |= {old[1]} if kind is EventType.MOVED and old[1] else set()
        parent = entry.parent_id or entry.id  # the root lies in itself
        return Told(kind, entry.kind, entry.id, parent, frozenset(folders), *old, unread, audience)
