"""GetItem, GetFolder and FindFolder: the present content of a mailbox."""

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from mailsim.errors import EwsError
from mailsim.faults import SyncFaults
from mailsim.folder_resolution import resolve_folder
from mailsim.item_folder_xml import folder_xml, item_xml
from mailsim.mailbox import Mailbox
from mailsim.profiles import Profile
from mailsim.request_parts import (
    FolderRef,
    RequestedProperties,
    parse_folder_refs,
    parse_ids,
    parse_shape,
    parts_by_name,
)
from mailsim.responses import EwsResponse, ResponseMessage, build_response
from mailsim.soap import Element
from mailsim.store import Entry

_Requested = TypeVar("_Requested")
_MAX_ENTRIES: Final = 999_999_999


def get_item(profile: Profile, mailbox: Mailbox, operation: Element, faults: SyncFaults) -> EwsResponse:
    """Answer GetItem: a response message for each id. Raises `EwsError`."""
    parts = parts_by_name(operation)
    properties, ids = parse_shape(parts["ItemShape"]), parse_ids(parts["ItemIds"])

    def render(item_id: str) -> str:
        entry = mailbox.entries.get(item_id)
        if entry is None or entry.kind != "item":
            raise EwsError("ErrorItemNotFound", "The specified object was not found in the store.")
        return f"<m:Items>{item_xml(mailbox, item_id, entry.parent_id, properties, has_body=True)}</m:Items>"

    return build_response(profile, "GetItem", faults.stopped(_messages(render, ids, "<m:Items/>")))


def get_folder(profile: Profile, mailbox: Mailbox, operation: Element) -> EwsResponse:
    """Answer GetFolder: a response message for each id. Raises `EwsError`."""
    parts = parts_by_name(operation)
    properties, refs = parse_shape(parts["FolderShape"]), parse_folder_refs(parts["FolderIds"])

    def render(ref: FolderRef) -> str:
        folder = folder_xml(profile, mailbox, resolve_folder(mailbox, ref), properties)
        return f"<m:Folders>{folder}</m:Folders>"

    return build_response(profile, "GetFolder", _messages(render, refs, "<m:Folders/>"))


def find_folder(profile: Profile, mailbox: Mailbox, operation: Element) -> EwsResponse:
    """Answer FindFolder: the folders in a folder, or all below it, page by page. Raises `EwsError`."""
    parts = parts_by_name(operation)
    if "Restriction" in parts or "FractionalPageFolderView" in parts:
        raise EwsError("ErrorInvalidOperation", "This server supports IndexedPageFolderView only.", fault=True)
    properties, refs = parse_shape(parts["FolderShape"]), parse_folder_refs(parts["ParentFolderIds"])
    offset, limit = _parse_view(parts.get("IndexedPageFolderView"))
    is_deep = operation.get("Traversal") == "Deep"

    def render(ref: FolderRef) -> str:
        parent, store = resolve_folder(mailbox, ref), mailbox.store
        folders = store.descendant_folders(parent.id) if is_deep else store.children(parent.id, "folder")
        visible = [each for each in folders if each.id not in mailbox.hidden]
        page = visible[offset : offset + limit]
        return _page_xml(profile, mailbox, page, properties, (offset + len(page), len(visible)))

    return build_response(profile, "FindFolder", _messages(render, refs, ""))


def _messages(
    render: Callable[[_Requested], str], requested: Iterable[_Requested], empty: str
) -> list[ResponseMessage]:
    """Return a response message for each part of a request; an error in one part does not stop the others."""
    messages = []
    for each in requested:
        try:
            messages.append(ResponseMessage(render(each)))
        except EwsError as error:
            messages.append(ResponseMessage(empty, error))
    return messages


def _parse_view(part: Element | None) -> tuple[int, int]:
    """Return the offset and the maximal length of a page. Raises `EwsError`."""
    offset, limit = (int(part.get("Offset", "0")), part.get("MaxEntriesReturned")) if part is not None else (0, None)
    if offset < 0:
        raise EwsError("ErrorInvalidIndexedPagingParameters", "Offset must be 0 or more.")
    if limit is not None and int(limit) < 1:
        raise EwsError("ErrorInvalidPagingMaxRows", "MaxEntriesReturned must be 1 or more.")
    return offset, int(limit) if limit is not None else _MAX_ENTRIES


def _page_xml(
    profile: Profile, mailbox: Mailbox, page: list[Entry], properties: RequestedProperties, position: tuple[int, int]
) -> str:
    offset, total = position
    folders = "".join(folder_xml(profile, mailbox, each, properties) for each in page)
    numbers = f'IndexedPagingOffset="{offset}" TotalItemsInView="{total}"'
    last = f'IncludesLastItemInRange="{str(offset >= total).lower()}"'
    return f"<m:RootFolder {numbers} {last}><t:Folders>{folders}</t:Folders></m:RootFolder>"
