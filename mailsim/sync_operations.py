"""SyncFolderItems and SyncFolderHierarchy: the changes since a SyncState."""

from collections.abc import Iterable

from mailsim.errors import EwsError
from mailsim.faults import HIERARCHY, SyncFaults
from mailsim.folder_resolution import resolve_folder
from mailsim.item_folder_xml import folder_id_xml, folder_xml, item_id_xml, item_xml
from mailsim.mailbox import ALL_ITEMS, MSG_FOLDER_ROOT, ROOT, Mailbox
from mailsim.net_changes import NetChange, endless_page, net_folder_changes, next_items_page
from mailsim.non_ipm_folders import check_synchronizable
from mailsim.profiles import Profile
from mailsim.request_parts import (
    RequestedProperties,
    parse_folder_refs,
    parse_ids,
    parse_shape,
    parts_by_name,
)
from mailsim.responses import EwsResponse, ResponseMessage, build_response
from mailsim.soap import Element, text_element, text_of
from mailsim.store import Entry
from mailsim.sync_state import SyncState, decode_sync_state, encode_sync_state


def sync_folder_items(profile: Profile, mailbox: Mailbox, operation: Element, faults: SyncFaults) -> EwsResponse:
    """Answer SyncFolderItems: the changes of the items in one folder, page by page. Raises `EwsError`."""
    parts = parts_by_name(operation)
    limit, ignored = int(text_of(parts["MaxChangesReturned"])), parse_ids(parts["Ignore"]) if "Ignore" in parts else []
    properties, folder = parse_shape(parts["ItemShape"]), _sync_folder(mailbox, parts["SyncFolderId"])
    names = mailbox.names_of(folder)
    faults.raise_refusal(names)
    if profile.non_ipm_folders:
        check_synchronizable(mailbox, folder)
    scope, history = _scope(mailbox, "items", folder.id), mailbox.store.item_history[folder.id]
    state = _parse_state(scope, parts.get("SyncState"), len(history))
    page = endless_page(state) if faults.is_endless(names) else next_items_page(history, state, limit)
    changes = (_item_change_xml(mailbox, folder, each, properties) for each in page.changes if each.id not in ignored)
    new_state = encode_sync_state(scope, page.state)
    return _sync_response(profile, "SyncFolderItems", new_state, changes, is_last=page.is_last)


def sync_folder_hierarchy(profile: Profile, mailbox: Mailbox, operation: Element, faults: SyncFaults) -> EwsResponse:
    """Answer SyncFolderHierarchy: the changes of the folders below one, or of all folders. Raises `EwsError`.

    As on Exchange, a state for all folders is not valid for the top folder given by name.
    """
    parts = parts_by_name(operation)
    properties, named = parse_shape(parts["FolderShape"]), parts.get("SyncFolderId")
    faults.raise_refusal({HIERARCHY})
    root, hidden = _hierarchy_root(profile, mailbox, named)
    scope, history = (
        _scope(mailbox, "folders", root.id if named is not None else root.name),
        mailbox.store.folder_history,
    )
    state = _parse_state(scope, parts.get("SyncState"), len(history))
    net_changes = net_folder_changes(history, state.start, root.id, hidden)
    changes = (_folder_change_xml(profile, mailbox, each, properties) for each in net_changes)
    new_state = encode_sync_state(scope, SyncState(len(history)))
    return _sync_response(profile, "SyncFolderHierarchy", new_state, changes, is_last=True)


def _hierarchy_root(profile: Profile, mailbox: Mailbox, named: Element | None) -> tuple[Entry, frozenset[str]]:
    """Return the folder whose hierarchy is requested, and the folders that it does not show. Raises `EwsError`."""
    if named is not None:
        return _sync_folder(mailbox, named), mailbox.hidden
    if profile.non_ipm_folders:
        return mailbox.find(ROOT, "folder"), frozenset({mailbox.find(ALL_ITEMS, "folder").id})
    return mailbox.find(MSG_FOLDER_ROOT, "folder"), mailbox.hidden


def _sync_folder(mailbox: Mailbox, part: Element) -> Entry:
    (ref,) = parse_folder_refs(part)
    return resolve_folder(mailbox, ref, "ErrorSyncFolderNotFound")


def _scope(mailbox: Mailbox, kind: str, folder_id: str) -> str:
    """Return the scope of a state: this folder of this mailbox, until states are forgotten."""
    top = mailbox.find(MSG_FOLDER_ROOT, "folder").id
    return f"{kind}/{folder_id}/{top}/{mailbox.sync_generation}"


def _parse_state(scope: str, part: Element | None, history_length: int) -> SyncState:
    """Return the client's state; without one the client knows nothing. Raises `EwsError`."""
    text = text_of(part).strip() if part is not None else ""
    state = decode_sync_state(scope, text, history_length) if text else SyncState()
    if state is None:
        raise EwsError("ErrorInvalidSyncStateData", "Synchronization state data is corrupt or otherwise invalid.")
    return state


def _item_change_xml(mailbox: Mailbox, folder: Entry, change: NetChange, properties: RequestedProperties) -> str:
    entry = mailbox.entries.get(change.id)
    match change.kind:
        case "Delete":
            content = item_id_xml(change.id)
        case "ReadFlagChange":
            content = item_id_xml(change.id, entry) + text_element("t:IsRead", str(not change.unread).lower())
        case _:
            content = item_xml(mailbox, change.id, folder.id, properties)
    return f"<t:{change.kind}>{content}</t:{change.kind}>"


def _folder_change_xml(profile: Profile, mailbox: Mailbox, change: NetChange, properties: RequestedProperties) -> str:
    entry = mailbox.entries.get(change.id)
    content = folder_id_xml(change.id) if entry is None else folder_xml(profile, mailbox, entry, properties)
    return f"<t:{change.kind}>{content}</t:{change.kind}>"


def _sync_response(
    profile: Profile, operation: str, state: str, changes: Iterable[str], *, is_last: bool
) -> EwsResponse:
    kind = "Item" if operation == "SyncFolderItems" else "Folder"
    includes_last = text_element(f"m:IncludesLast{kind}InRange", str(is_last).lower())
    content = f"{text_element('m:SyncState', state)}{includes_last}<m:Changes>{''.join(changes)}</m:Changes>"
    return build_response(profile, operation, [ResponseMessage(content)])
