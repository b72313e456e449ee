"""Items and folders as answers show them (types.xsd, ItemType and BaseFolderType; the order is the schema's)."""

import base64
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import quoteattr

from mailsim.mailbox import Mailbox
from mailsim.profiles import Profile
from mailsim.soap import texted
from mailsim.store import Entry, Kind

Wanted = frozenset[str] | None
"""Properties by the names of their elements; None is all there are."""

_NAMES: Final = {
    "root": "Root",
    "msgfolderroot": "Top of Information Store",
    "inbox": "Inbox",
    "sentitems": "Sent Items",
    "deleteditems": "Deleted Items",
    "drafts": "Drafts",
    "outbox": "Outbox",
    "junkemail": "Junk Email",
    "calendar": "Calendar",
    "contacts": "Contacts",
    "tasks": "Tasks",
    "notes": "Notes",
    "journal": "Journal",
}
_FOLDER_CLASSES: Final = {
    "calendar": "IPF.Appointment",
    "contacts": "IPF.Contact",
    "tasks": "IPF.Task",
    "notes": "IPF.StickyNote",
    "journal": "IPF.Journal",
}
_FOLDER_ELEMENTS: Final = {"calendar": "CalendarFolder", "contacts": "ContactsFolder", "tasks": "TasksFolder"}
_ITEM_ELEMENTS: Final = {"calendar": "CalendarItem", "contacts": "Contact", "tasks": "Task"}
_COUNTS_UNREAD: Final = frozenset({"Folder", "TasksFolder"})
"""The others have no UnreadCount in the schema."""


def item_id(item_id: str, entry: Entry | None = None) -> str:
    """Return the ItemId of an item; of one that is gone it has no ChangeKey."""
    return _id("ItemId", "item", item_id, entry)


def folder_id(folder_id: str, entry: Entry | None = None, name: str = "FolderId") -> str:
    """Return the FolderId of a folder, or its ParentFolderId."""
    return _id(name, "folder", folder_id, entry)


def item(mailbox: Mailbox, wanted: str, folder: str, properties: Wanted) -> str:
    """Return an item of a folder. One that has left the folder meanwhile has nothing but its id."""
    name, entry = _ITEM_ELEMENTS.get(mailbox.distinguished_name(folder) or "", "Message"), mailbox.entries.get(wanted)
    if entry is None:
        return f"<t:{name}>{item_id(wanted)}</t:{name}>"
    values = {
        "ParentFolderId": folder_id(entry.parent_id, mailbox.entries[entry.parent_id], "ParentFolderId"),
        "Subject": texted("t:Subject", entry.name),
        "DateTimeReceived": texted("t:DateTimeReceived", _time(entry.received_at or 0)),
        "LastModifiedTime": texted("t:LastModifiedTime", _time(entry.modified_at or 0)),
        "IsRead": texted("t:IsRead", str(not entry.unread).lower()) if name == "Message" else "",
    }
    return f"<t:{name}>{item_id(wanted, entry)}{_chosen(values, properties)}</t:{name}>"


def folder(profile: Profile, mailbox: Mailbox, entry: Entry, properties: Wanted) -> str:
    """Return a folder."""
    known = mailbox.distinguished_name(entry.id) or ""
    name, parent = _FOLDER_ELEMENTS.get(known, "Folder"), mailbox.entries.get(entry.parent_id)
    store = mailbox.store
    values = {
        "ParentFolderId": folder_id(parent.id, parent, "ParentFolderId") if parent is not None else "",
        "FolderClass": texted("t:FolderClass", _FOLDER_CLASSES.get(known, "IPF.Note")),
        "DisplayName": texted("t:DisplayName", _NAMES.get(known, entry.name)),
        "TotalCount": texted("t:TotalCount", str(len(store.inside(entry.id, "item")))),
        "ChildFolderCount": texted("t:ChildFolderCount", str(len(store.inside(entry.id, "folder")))),
        "DistinguishedFolderId": _distinguished(profile, known),
        "UnreadCount": texted("t:UnreadCount", str(store.unread_in(entry.id))) if name in _COUNTS_UNREAD else "",
    }
    return f"<t:{name}>{folder_id(entry.id, entry)}{_chosen(values, properties)}</t:{name}>"


def _distinguished(profile: Profile, known: str) -> str:
    """Servers tell the name since Exchange 2013."""
    return texted("t:DistinguishedFolderId", known) if known in _NAMES and profile.name == "exchange" else ""


def _chosen(values: dict[str, str], wanted: Wanted) -> str:
    return "".join(value for name, value in values.items() if wanted is None or name in wanted)


def _id(name: str, kind: Kind, value: str, entry: Entry | None) -> str:
    if entry is None:
        return f"<t:{name} Id={quoteattr(value)}/>"
    numbers = (b"\t" if kind == "item" else b"\x01") + bytes(3) + entry.version.to_bytes(4, "big")
    return f'<t:{name} Id={quoteattr(value)} ChangeKey="{base64.b64encode(numbers).decode()}"/>'


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
