"""The actions of a user in a mailbox, and the events that each action fires.

Sources: Exchange's pages on mailbox events, on synchronization and on deletion-related events; WorkMail publishes none,
so it behaves like Exchange 2010 here. Every action returns its events in the order of their notification.
"""

from dataclasses import dataclass, replace
from typing import Final

from mailsim.errors import ControlError
from mailsim.mailbox import ALL_ITEMS, RECOVERABLE, Mailbox
from mailsim.mailbox_events import Audience, EventType, MailboxEvent
from mailsim.profiles import Profile
from mailsim.store import Entry

_NO_MAIL: Final = frozenset({"sentitems", "drafts", "outbox", "calendar", "contacts", "tasks", "notes", "journal"})
"""A new item in these folders fires no NewMailEvent."""


@dataclass(frozen=True, slots=True)
class MailboxActions:
    """The actions in one mailbox of a server."""

    profile: Profile
    mailbox: Mailbox

    def deliver(self, folder: str, subject: str) -> tuple[Entry, list[MailboxEvent]]:
        """Deliver a message to a folder; outside of drafts and the like it is new mail."""
        parent = self.mailbox.find(folder, "folder")
        item = self.mailbox.add("item", parent.id, subject, unread=True)
        mail = [self._event(EventType.NEW_MAIL, item)] if parent.name not in _NO_MAIL else []
        free_busy = self._free_busy(item, (item.id, parent.id))
        return item, [self._event(EventType.CREATED, item), *mail, *free_busy, self._folder_modified(parent.id)]

    def create_folder(self, parent: str, name: str) -> tuple[Entry, list[MailboxEvent]]:
        """Create a folder in another one."""
        folder = self.mailbox.add("folder", self.mailbox.find(parent, "folder").id, name)
        return folder, [self._event(EventType.CREATED, folder), self._folder_modified(folder.parent_id)]

    def modify(self, entry: Entry) -> list[MailboxEvent]:
        """Change the content of an item or a folder. An item becomes read, and its folder is modified, too."""
        self.mailbox.store.update(entry, "changed", unread=False)
        return self._modified(entry)

    def set_unread(self, item: Entry, *, unread: bool) -> list[MailboxEvent]:
        """Change the read flag of an item and nothing else."""
        self.mailbox.store.update(item, "read", unread=unread)
        return self._modified(item)

    def copy(self, entry: Entry, target: str) -> tuple[Entry, list[MailboxEvent]]:
        """Copy an entry to another folder."""
        parent = self.mailbox.find(target, "folder")
        copied = self.mailbox.add(entry.kind, parent.id, entry.name, entry, unread=entry.unread)
        event = self._event(EventType.COPIED, copied, (entry.id, entry.parent_id))
        return copied, [event, *self._free_busy(copied, (copied.id, parent.id)), self._folder_modified(parent.id)]

    def move(self, entry: Entry, target: str) -> list[MailboxEvent]:
        """Move an entry to another folder: three events. A folder keeps its id; for items it is a setting."""
        parent = self.mailbox.find(target, "folder")
        if entry.id in self.mailbox.ancestors(parent.id):
            raise ControlError(400, "a folder can't be moved into itself")
        old = (entry.id, entry.parent_id)
        moved = self._moved(entry, parent)
        free_busy = self._free_busy(entry, (entry.id, parent.id), old)
        return [*moved, *free_busy, self._folder_modified(old[1]), self._folder_modified(parent.id)]

    def delete(self, entry: Entry) -> list[MailboxEvent]:
        """Delete an entry past Deleted Items; only an administrator can recover it."""
        old = (entry.id, entry.parent_id)
        free_busy = self._free_busy(entry, old)
        if entry.kind == "item" and self.profile.delete_seen_as == "moved":
            events = self._soft_deleted(entry)
        else:
            events = [self._event(EventType.DELETED, entry)]
            self.mailbox.remove(entry)
        return [*events, *free_busy, self._folder_modified(old[1])]

    def _modified(self, entry: Entry) -> list[MailboxEvent]:
        if entry.kind == "folder":
            return [self._folder_modified(entry.id)]
        free_busy = self._free_busy(entry, (entry.id, entry.parent_id))
        return [self._event(EventType.MODIFIED, entry), *free_busy, self._folder_modified(entry.parent_id)]

    def _moved(self, entry: Entry, parent: Entry) -> list[MailboxEvent]:
        """Move, and return the events.

        Exchange 2013+ shows moves to Deleted Items to all-folder subscriptions as two events.
        """
        old = (entry.id, entry.parent_id)
        split = parent.name == "deleteditems" and entry.kind == "item" and self.profile.delete_seen_as == "moved"
        deleted = [self._event(EventType.DELETED, entry, audience="all_folders")] if split else []
        self.mailbox.move(entry, parent.id, keeps_id=self.profile.stable_item_ids)
        created = [self._event(EventType.CREATED, entry, audience="all_folders")] if split else []
        return [*deleted, *created, self._event(EventType.MOVED, entry, old, "named_folders" if split else "everyone")]

    def _soft_deleted(self, entry: Entry) -> list[MailboxEvent]:
        """Soft-delete, and return the events of Exchange 2013+; all-folder subscriptions get one from AllItems, too."""
        old = (entry.id, entry.parent_id)
        deleted = self._event(EventType.DELETED, entry, audience="all_folders")
        all_items = self.mailbox.find(ALL_ITEMS, "folder").id
        deleted_again = replace(deleted, parent_id=all_items, folders=frozenset({all_items}))
        self.mailbox.move(entry, self.mailbox.find(RECOVERABLE, "folder").id)
        return [deleted, deleted_again, self._event(EventType.MOVED, entry, old, "named_folders")]

    def _free_busy(self, entry: Entry, *locations: tuple[str, str]) -> list[MailboxEvent]:
        """Return a FreeBusyChangedEvent if one of an item's locations, (id, folder id), is in the calendar."""
        calendar = self.mailbox.find("calendar", "folder").id
        ids = [own_id for own_id, folder_id in locations if folder_id == calendar and entry.kind == "item"]
        kind, folders = EventType.FREE_BUSY_CHANGED, frozenset({calendar})
        return [MailboxEvent(kind, "item", own_id, calendar, folders) for own_id in ids[:1]]

    def _folder_modified(self, folder_id: str) -> MailboxEvent:
        """Return the event of a folder whose content changed."""
        folder = self.mailbox.entries[folder_id]
        return self._event(EventType.MODIFIED, folder, unread_count=self.mailbox.store.unread_count(folder_id))

    def _event(
        self,
        kind: EventType,
        entry: Entry,
        old: tuple[str | None, str | None] = (None, None),
        audience: Audience = "everyone",
        *,
        unread_count: int | None = None,
    ) -> MailboxEvent:
        folders = {entry.parent_id} | ({entry.id} if entry.kind == "folder" else set())
        folders |= {old[1]} if kind is EventType.MOVED and old[1] else set()
        parent = entry.parent_id or entry.id  # the root is its own parent
        return MailboxEvent(kind, entry.kind, entry.id, parent, frozenset(folders), *old, unread_count, audience)
