"""SyncFolderItems and SyncFolderHierarchy: what has changed since the client last asked."""

from collections.abc import Iterable
from typing import Final

from mailsim import item_folder_xml, schema, sync_state
from mailsim.errors import EwsError
from mailsim.folder_resolution import folder_meant
from mailsim.item_folder_xml import Wanted
from mailsim.mailbox import ROOT, Mailbox
from mailsim.net_changes import NetChange, page_of, tree_changes
from mailsim.profiles import Profile
from mailsim.responses import Answer, Message, response
from mailsim.schema import FolderRef
from mailsim.soap import Element, elements, text_of, texted
from mailsim.store import Entry
from mailsim.sync_state import SyncState

MAX_CHANGES: Final = 512
"""types.xsd, MaxSyncChangesReturnedType."""

_ITEMS: Final = ("ItemShape", "SyncFolderId", "SyncState", "Ignore", "MaxChangesReturned", "SyncScope")
_HIERARCHY: Final = ("FolderShape", "SyncFolderId", "SyncState")


def sync_items(profile: Profile, mailbox: Mailbox, operation: Element) -> Answer:
    """Answer SyncFolderItems: changes among the items of one folder, page by page. Raises `EwsError`."""
    found = schema.operation_parts(operation, _ITEMS, ("ItemShape", "SyncFolderId", "MaxChangesReturned"))
    limit = schema.integer("MaxChangesReturned", text_of(found["MaxChangesReturned"]), 1, MAX_CHANGES)
    properties, folder = schema.shape(found["ItemShape"]), _sync_folder(mailbox, found["SyncFolderId"])
    ignored = {part.get("Id") for part in elements(found["Ignore"])} if "Ignore" in found else set()
    scope, steps = _scope(mailbox, "items", folder.id), mailbox.store.item_steps[folder.id]
    page = page_of(steps, _state(scope, found.get("SyncState"), len(steps)), limit)
    told = (_item(mailbox, folder, each, properties) for each in page.changes if each.id not in ignored)
    return _synced(profile, "SyncFolderItems", sync_state.encoded(scope, page.state), told, last=page.last)


def sync_hierarchy(profile: Profile, mailbox: Mailbox, operation: Element) -> Answer:
    """Answer SyncFolderHierarchy: changes among the folders below one, by default the top. Raises `EwsError`.

    That default and the same folder named have states of their own, as on Exchange.
    """
    found = schema.operation_parts(operation, _HIERARCHY, ("FolderShape",))
    properties, named = schema.shape(found["FolderShape"]), found.get("SyncFolderId")
    root = mailbox.find(ROOT, "folder") if named is None else _sync_folder(mailbox, named)
    scope, steps = _scope(mailbox, "folders", "" if named is None else root.id), mailbox.store.folder_steps
    state = _state(scope, found.get("SyncState"), len(steps))
    changes = tree_changes(steps, state.start, root.id, mailbox.hidden)
    told = (_folder(profile, mailbox, each, properties) for each in changes)
    return _synced(profile, "SyncFolderHierarchy", sync_state.encoded(scope, SyncState(len(steps))), told, last=True)


def _sync_folder(mailbox: Mailbox, part: Element) -> Entry:
    refs = [schema.folder_ref(each) for each in elements(part)]
    ref = refs[0] if len(refs) == 1 else FolderRef("", is_distinguished=False, mailbox=None)
    return folder_meant(mailbox, ref, "ErrorSyncFolderNotFound")


def _scope(mailbox: Mailbox, kind: str, folder_id: str) -> str:
    """Return what a state is good for: this folder of this mailbox, until states are forgotten."""
    top = mailbox.find(ROOT, "folder").id
    return f"{kind}/{folder_id}/{top}/{mailbox.sync_generation}"


def _state(scope: str, part: Element | None, steps: int) -> SyncState:
    """Return the state a client has; with none it knows nothing. Raises `EwsError`."""
    text = text_of(part).strip() if part is not None else ""
    state = sync_state.decoded(scope, text, steps) if text else SyncState()
    if state is None:
        raise EwsError("ErrorInvalidSyncStateData", "Synchronization state data is corrupt or otherwise invalid.")
    return state


def _item(mailbox: Mailbox, folder: Entry, change: NetChange, properties: Wanted) -> str:
    entry = mailbox.entries.get(change.id)
    match change.kind:
        case "Delete":
            inside = item_folder_xml.item_id(change.id)
        case "ReadFlagChange":
            inside = item_folder_xml.item_id(change.id, entry) + texted("t:IsRead", str(not change.unread).lower())
        case _:
            inside = item_folder_xml.item(mailbox, change.id, folder.id, properties)
    return f"<t:{change.kind}>{inside}</t:{change.kind}>"


def _folder(profile: Profile, mailbox: Mailbox, change: NetChange, properties: Wanted) -> str:
    entry = mailbox.entries.get(change.id)
    inside = (
        item_folder_xml.folder_id(change.id)
        if entry is None
        else item_folder_xml.folder(profile, mailbox, entry, properties)
    )
    return f"<t:{change.kind}>{inside}</t:{change.kind}>"


def _synced(profile: Profile, operation: str, state: str, told: Iterable[str], *, last: bool) -> Answer:
    kind = "Item" if operation == "SyncFolderItems" else "Folder"
    includes_last = texted(f"m:IncludesLast{kind}InRange", str(last).lower())
    content = f"{texted('m:SyncState', state)}{includes_last}<m:Changes>{''.join(told)}</m:Changes>"
    return response(profile, operation, [Message(content)])
