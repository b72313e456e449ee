"""GetItem, GetFolder and FindFolder: the present content of a mailbox."""

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from mailsim import schema
from mailsim.errors import EwsError, schema_error
from mailsim.faults import SyncFaults
from mailsim.folder_resolution import resolve_folder
from mailsim.item_folder_xml import folder_xml, item_xml
from mailsim.mailbox import Mailbox
from mailsim.profiles import Profile
from mailsim.responses import EwsResponse, ResponseMessage, build_response
from mailsim.schema import FolderRef, RequestedProperties
from mailsim.soap import Element, child_elements
from mailsim.store import Entry

_Requested = TypeVar("_Requested")
_VIEWS: Final = ("FolderShape", "IndexedPageFolderView", "FractionalPageFolderView", "Restriction", "ParentFolderIds")
_MAX_ENTRIES: Final = 999_999_999


def get_item(profile: Profile, mailbox: Mailbox, operation: Element, faults: SyncFaults) -> EwsResponse:
    """Answer GetItem: a response message for each id. Raises `EwsError`."""
    parts = schema.operation_parts(operation, ("ItemShape", "ItemIds"), ("ItemShape", "ItemIds"))
    properties, ids = schema.parse_shape(parts["ItemShape"]), schema.parse_ids(parts["ItemIds"], "ItemId")

    def render(item_id: str) -> str:
        entry = mailbox.entries.get(item_id)
        if entry is None or entry.kind != "item":
            raise EwsError("ErrorItemNotFound", "The specified object was not found in the store.")
        return f"<m:Items>{item_xml(mailbox, item_id, entry.parent_id, properties)}</m:Items>"

    return build_response(profile, "GetItem", faults.stopped(_messages(render, ids, "<m:Items/>")))


def get_folder(profile: Profile, mailbox: Mailbox, operation: Element) -> EwsResponse:
    """Answer GetFolder: a response message for each id. Raises `EwsError`."""
    parts = schema.operation_parts(operation, ("FolderShape", "FolderIds"), ("FolderShape", "FolderIds"))
    properties, refs = schema.parse_shape(parts["FolderShape"]), _parse_refs(parts["FolderIds"])

    def render(ref: FolderRef) -> str:
        folder = folder_xml(profile, mailbox, resolve_folder(mailbox, ref), properties)
        return f"<m:Folders>{folder}</m:Folders>"

    return build_response(profile, "GetFolder", _messages(render, refs, "<m:Folders/>"))


def find_folder(profile: Profile, mailbox: Mailbox, operation: Element) -> EwsResponse:
    """Answer FindFolder: the folders in a folder, or all below it, page by page. Raises `EwsError`."""
    parts = schema.operation_parts(operation, _VIEWS, ("FolderShape", "ParentFolderIds"))
    if "Restriction" in parts or "FractionalPageFolderView" in parts:
        raise EwsError("ErrorInvalidRequest", "This server supports IndexedPageFolderView only.", fault=True)
    properties, refs = schema.parse_shape(parts["FolderShape"]), _parse_refs(parts["ParentFolderIds"])
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


def _parse_refs(parent: Element) -> list[FolderRef]:
    refs = [schema.parse_folder_ref(part) for part in child_elements(parent)]
    if not refs:
        raise schema_error(f"{parent.tag!s} is empty")
    return refs


def _parse_view(part: Element | None) -> tuple[int, int]:
    """Return the offset and the maximal length of a page."""
    if part is None:
        return 0, _MAX_ENTRIES
    offset = schema.parse_integer("Offset", part.get("Offset", ""), 0, _MAX_ENTRIES)
    limit = part.get("MaxEntriesReturned", str(_MAX_ENTRIES))
    return offset, schema.parse_integer("MaxEntriesReturned", limit, 1, _MAX_ENTRIES)


def _page_xml(
    profile: Profile, mailbox: Mailbox, page: list[Entry], properties: RequestedProperties, position: tuple[int, int]
) -> str:
    offset, total = position
    folders = "".join(folder_xml(profile, mailbox, each, properties) for each in page)
    numbers = f'IndexedPagingOffset="{offset}" TotalItemsInView="{total}"'
    last = f'IncludesLastItemInRange="{str(offset >= total).lower()}"'
    return f"<m:RootFolder {numbers} {last}><t:Folders>{folders}</t:Folders></m:RootFolder>"
