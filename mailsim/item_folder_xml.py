"""Items and folders as XML (types.xsd, ItemType and BaseFolderType; the order is the schema's)."""

import base64
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from mailsim.mailbox import Mailbox
from mailsim.profiles import Profile
from mailsim.request_parts import RequestedProperties
from mailsim.soap import text_element
from mailsim.store import Entry, EntryKind

_DISPLAY_NAMES: Final = {
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
    "recoverableitemsdeletions": "Deletions",
    "recoverableitemsversions": "Versions",
    "recoverableitemspurges": "Purges",
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
_ITEM_CLASSES: Final = {
    "Message": "IPM.Note",
    "CalendarItem": "IPM.Appointment",
    "Contact": "IPM.Contact",
    "Task": "IPM.Task",
}
_FROM: Final = (
    "<t:From><t:Mailbox><t:Name>Sender</t:Name><t:EmailAddress>sender@example.com</t:EmailAddress>"
    "<t:RoutingType>SMTP</t:RoutingType></t:Mailbox></t:From>"
)
_HAS_UNREAD_COUNT: Final = frozenset({"Folder", "TasksFolder"})
"""The other folder elements have no UnreadCount in the schema."""


def item_id_xml(item_id: str, entry: Entry | None = None) -> str:
    """Return the ItemId of an item; that of a removed item has no ChangeKey."""
    return _id_xml("ItemId", "item", item_id, entry)


def folder_id_xml(folder_id: str, entry: Entry | None = None, name: str = "FolderId") -> str:
    """Return the FolderId of a folder, or its ParentFolderId."""
    return _id_xml(name, "folder", folder_id, entry)


def item_xml(
    mailbox: Mailbox, item_id: str, folder_id: str, properties: RequestedProperties, *, has_body: bool = False
) -> str:
    """Return an item of a folder; one that has left the folder in the meantime has an id only.

    Only GetItem returns a Body (Exchange, page on SyncFolderItems).
    """
    name, entry = (
        _ITEM_ELEMENTS.get(mailbox.distinguished_name(folder_id) or "", "Message"),
        mailbox.entries.get(item_id),
    )
    if entry is None or entry.parent_id != folder_id:
        return f"<t:{name}>{item_id_xml(item_id)}</t:{name}>"
    body, is_message = f"Body of {entry.name}", name == "Message"
    values = {
        "ParentFolderId": folder_id_xml(entry.parent_id, mailbox.entries[entry.parent_id], "ParentFolderId"),
        "ItemClass": text_element("t:ItemClass", _ITEM_CLASSES[name]),
        "Subject": text_element("t:Subject", entry.name),
        "Body": f'<t:Body BodyType="Text">{escape(body)}</t:Body>' if has_body else "",
        "DateTimeReceived": text_element("t:DateTimeReceived", _time(entry.received_at or 0)),
        "Size": text_element("t:Size", str(len(entry.name.encode()) + len(body.encode()))),
        "LastModifiedTime": text_element("t:LastModifiedTime", _time(entry.modified_at or 0)),
        "From": _FROM if is_message else "",
        "IsRead": text_element("t:IsRead", str(not entry.unread).lower()) if is_message else "",
    }
    return f"<t:{name}>{item_id_xml(item_id, entry)}{_select(values, properties)}</t:{name}>"


def folder_xml(profile: Profile, mailbox: Mailbox, entry: Entry, properties: RequestedProperties) -> str:
    """Return a folder."""
    distinguished = mailbox.distinguished_name(entry.id) or ""
    name, parent = _FOLDER_ELEMENTS.get(distinguished, "Folder"), mailbox.entries.get(entry.parent_id)
    store = mailbox.store
    unread_count = text_element("t:UnreadCount", str(store.unread_count(entry.id)))
    values = {
        "ParentFolderId": folder_id_xml(parent.id, parent, "ParentFolderId") if parent is not None else "",
        "FolderClass": text_element("t:FolderClass", _FOLDER_CLASSES.get(distinguished, "IPF.Note")),
        "DisplayName": text_element("t:DisplayName", _DISPLAY_NAMES.get(distinguished, entry.name)),
        "TotalCount": text_element("t:TotalCount", str(len(store.children(entry.id, "item")))),
        "ChildFolderCount": text_element("t:ChildFolderCount", str(len(store.children(entry.id, "folder")))),
        "DistinguishedFolderId": _distinguished_folder_id(profile, distinguished),
        "UnreadCount": unread_count if name in _HAS_UNREAD_COUNT else "",
    }
    return f"<t:{name}>{folder_id_xml(entry.id, entry)}{_select(values, properties)}</t:{name}>"


def _distinguished_folder_id(profile: Profile, name: str) -> str:
    """Return the DistinguishedFolderId; servers include it since Exchange 2013."""
    has_one = name in _DISPLAY_NAMES and profile.name == "exchange"
    return text_element("t:DistinguishedFolderId", name) if has_one else ""


def _select(values: dict[str, str], properties: RequestedProperties) -> str:
    return "".join(value for name, value in values.items() if properties is None or name in properties)


def _id_xml(name: str, kind: EntryKind, value: str, entry: Entry | None) -> str:
    if entry is None:
        return f"<t:{name} Id={quoteattr(value)}/>"
    change_key = (b"\t" if kind == "item" else b"\x01") + bytes(3) + entry.version.to_bytes(4, "big")
    return f'<t:{name} Id={quoteattr(value)} ChangeKey="{base64.b64encode(change_key).decode()}"/>'


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
