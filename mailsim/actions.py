"""What people do in a mailbox, and the events each action fires.

Sources: Exchange's pages on mailbox events, on synchronization and on deletion-related events; WorkMail publishes none,
so it is taken to do as Exchange 2010 did. Every function returns the events in the order they are told.
"""

from dataclasses import dataclass
from typing import Final

from mailsim.changes import Audience, EventType, Told
from mailsim.errors import ControlError
from mailsim.mailbox import ALL_ITEMS, RECOVERABLE, Entry, Mailbox
from mailsim.profiles import Profile

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
        is_mail = parent.name not in _NO_MAIL
        told = [self._told(EventType.CREATED, item), *([self._told(EventType.NEW_MAIL, item)] if is_mail else [])]
        return item, [*told, self._touched(parent.id)]

    def make_folder(self, parent: str, name: str) -> tuple[Entry, list[Told]]:
        """Make a folder in another one."""
        folder = self.mailbox.add("folder", self.mailbox.find(parent, "folder").id, name)
        return folder, [self._told(EventType.CREATED, folder), self._touched(folder.parent_id)]

    def modify(self, entry: Entry) -> list[Told]:
        """Change an item (its folder is touched) or a folder."""
        entry.unread = False
        if entry.kind == "folder":
            return [self._touched(entry.id)]
        return [self._told(EventType.MODIFIED, entry), self._touched(entry.parent_id)]

    def copy(self, entry: Entry, target: str) -> tuple[Entry, list[Told]]:
        """Copy to another folder."""
        parent = self.mailbox.find(target, "folder")
        copied = self.mailbox.add(entry.kind, parent.id, entry.name, unread=entry.unread)
        told = self._told(EventType.COPIED, copied, (entry.id, entry.parent_id))
        return copied, [told, self._touched(parent.id)]

    def move(self, entry: Entry, target: str) -> list[Told]:
        """Move to another folder: three events. An item's id changes with it, a folder's stays."""
        parent = self.mailbox.find(target, "folder")
        if entry.id in self.mailbox.ancestors(parent.id):
            raise ControlError(400, "a folder can't be moved into itself")
        return [*self._moved(entry, parent), self._touched(entry.parent_id)]

    def delete(self, entry: Entry) -> list[Told]:
        """Delete so that it can be recovered by an administrator only, past Deleted Items."""
        old_parent = entry.parent_id
        if entry.kind == "item" and self.profile.delete_seen_as == "moved":
            told = self._recoverable(entry)
        else:
            told = [self._told(EventType.DELETED, entry)]
            self.mailbox.remove(entry)
        return [*told, self._touched(old_parent)]

    def _moved(self, entry: Entry, parent: Entry) -> list[Told]:
        """Move, then tell. Exchange 2013+ shows moves to Deleted Items to all-folder subscriptions as two events."""
        old = (entry.id, entry.parent_id)
        apart = parent.name == "deleteditems" and entry.kind == "item" and self.profile.delete_seen_as == "moved"
        gone = [self._told(EventType.DELETED, entry, audience="all_folders")] if apart else []
        entry.parent_id = parent.id
        if entry.kind == "item":
            self.mailbox.rename(entry)
        made = [self._told(EventType.CREATED, entry, audience="all_folders")] if apart else []
        moved = self._told(EventType.MOVED, entry, old, "named_folders" if apart else "everyone")
        return [*gone, *made, moved, self._touched(old[1])]

    def _recoverable(self, entry: Entry) -> list[Told]:
        """Tell of a soft delete as Exchange 2013+ does; all-folder subscriptions hear of it from AllItems, too."""
        old = (entry.id, entry.parent_id)
        gone = self._told(EventType.DELETED, entry, audience="all_folders")
        entry.parent_id = self.mailbox.find(ALL_ITEMS, "folder").id
        again = self._told(EventType.DELETED, entry, audience="all_folders")
        entry.parent_id = self.mailbox.find(RECOVERABLE, "folder").id
        self.mailbox.rename(entry)
        return [gone, again, self._told(EventType.MOVED, entry, old, "named_folders")]

    def _touched(self, folder_id: str) -> Told:
        """Tell that a folder changed because its contents did."""
        folder = self.mailbox.entries[folder_id]
        return self._told(EventType.MODIFIED, folder, unread=self.mailbox.unread_in(folder_id))

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
