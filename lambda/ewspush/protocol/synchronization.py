"""SyncFolderItems and SyncFolderHierarchy: what has changed since a sync state, page by page, as ids without content.

messages.xsd and types.xsd say the shapes; Microsoft's pages on the two operations and on synchronization-related errors
(learn.microsoft.com, exchange/client-developer) say the rest. Since Exchange 2010 SP2 the newest item comes first.
Search folders, group mailboxes and public folders can't be synchronized.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from lxml import etree

from ewspush.protocol import soap
from ewspush.protocol.changes import ChangeKind, FolderChange, ItemChange
from ewspush.protocol.namespaces import M, T
from ewspush.protocol.notification import ResponseClass
from ewspush.protocol.response_codes import Missing, advice
from ewspush.protocol.soap import Refused

MAX_CHANGES: Final = 512
"""In one answer to SyncFolderItems: MaxSyncChangesReturnedType of types.xsd."""

MAX_ELEMENTS: Final = 50_000
"""In one answer. A hierarchy comes whole, and mailboxes have thousands of folders at most."""

ITEMS_SOAP_ACTION: Final = soap.soap_action("SyncFolderItems")
HIERARCHY_SOAP_ACTION: Final = soap.soap_action("SyncFolderHierarchy")

TOP_FOLDER: Final = "msgfolderroot"

_WITHOUT_LAST_MODIFIED_TIME: Final = "Exchange2007"
"""The element came with Service Pack 1 (page on LastModifiedTime, Exchange 2007)."""

_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class SyncItemsRequest:
    """Which folder, by distinguished name or id, and since when.

    Without a sync state it is everything in the folder, each item as created.
    """

    folder: str
    sync_state: str | None = None
    max_changes: int = MAX_CHANGES


@dataclass(frozen=True, slots=True)
class SyncHierarchyRequest:
    """All folders of a mailbox, since when. Without a sync state it is every folder, each as created."""

    sync_state: str | None = None


@dataclass(frozen=True, slots=True)
class ItemsPage:
    """Changes in a folder, and the state after them. Unless it `is_last`, there are more to ask for with that state.

    `passed_over` counts those that are not understood: of a kind that a later server may know, or without an id.
    """

    sync_state: str
    changes: tuple[ItemChange, ...]
    is_last: bool
    passed_over: int = 0


@dataclass(frozen=True, slots=True)
class HierarchyPage:
    """Changes among folders; otherwise like `ItemsPage`."""

    sync_state: str
    changes: tuple[FolderChange, ...]
    is_last: bool
    passed_over: int = 0


class PageDefect(StrEnum):
    """Why a successful answer cannot be used."""

    NO_SYNC_STATE = "no-sync-state"
    """It does not say where to go on."""

    NO_PROGRESS = "no-progress"
    """There is more, and the way on is the state just sent: asking again would never end."""

    TOO_MANY_CHANGES = "too-many-changes"
    """More than `MAX_ELEMENTS`."""


@dataclass(frozen=True, slots=True)
class UnusablePage:
    """The server calls its answer a success, but it has a defect."""

    defect: PageDefect


class _Page(NamedTuple):
    """What is common to both kinds of pages."""

    sync_state: str
    is_last: bool
    elements: list[etree._Element]


_KINDS: Final = {
    T + "Create": ChangeKind.CREATED,
    T + "Update": ChangeKind.UPDATED,
    T + "Delete": ChangeKind.DELETED,
    T + "ReadFlagChange": ChangeKind.READ_FLAG_CHANGED,
}


def build_sync_items(request: SyncItemsRequest, server_version: str, impersonated: str | None = None) -> bytes:
    """Return the request, valid by the schema that `server_version` names; see `soap.build_request`."""
    operation = soap.new_operation("SyncFolderItems")
    fields = () if server_version == _WITHOUT_LAST_MODIFIED_TIME else ("item:LastModifiedTime",)
    _add_shape(operation, "ItemShape", ("item:ParentFolderId", *fields))
    soap.add_folder(etree.SubElement(operation, M + "SyncFolderId"), request.folder)
    _add_state(operation, request.sync_state)
    soap.add_text(operation, M + "MaxChangesReturned", str(request.max_changes))
    return soap.build_request(operation, server_version, impersonated)


def build_sync_hierarchy(request: SyncHierarchyRequest, server_version: str, impersonated: str | None = None) -> bytes:
    """Return the request, valid by the schema of Exchange 2007 and every later one; see `soap.build_request`.

    It names the top of what a user sees: without a name, Exchange returns the folders outside of that too.
    """
    operation = soap.new_operation("SyncFolderHierarchy")
    _add_shape(operation, "FolderShape", ("folder:ParentFolderId",))
    soap.add_folder(etree.SubElement(operation, M + "SyncFolderId"), TOP_FOLDER)
    _add_state(operation, request.sync_state)
    return soap.build_request(operation, server_version, impersonated)


def _add_shape(operation: etree._Element, name: str, fields: tuple[str, ...]) -> None:
    shape = etree.SubElement(operation, M + name)
    soap.add_text(shape, T + "BaseShape", "IdOnly")
    if fields:
        properties = etree.SubElement(shape, T + "AdditionalProperties")
        for field in fields:
            etree.SubElement(properties, T + "FieldURI", FieldURI=field)


def _add_state(operation: etree._Element, sync_state: str | None) -> None:
    if sync_state is not None:
        soap.add_text(operation, M + "SyncState", sync_state)


def parse_sync_items(status: int, body: bytes, request: SyncItemsRequest) -> ItemsPage | Refused | UnusablePage:
    """Return what the server answered to `request`; refused with its code, or with `HTTP <status>`."""
    message = soap.response_message(status, body, "SyncFolderItems")
    page = _page(message, status, "IncludesLastItemInRange", request.sync_state)
    if not isinstance(page, _Page):
        return page
    changes = tuple(change for element in page.elements if (change := _item_change(element)) is not None)
    return ItemsPage(page.sync_state, changes, page.is_last, len(page.elements) - len(changes))


def parse_sync_hierarchy(
    status: int, body: bytes, request: SyncHierarchyRequest
) -> HierarchyPage | Refused | UnusablePage:
    """Return what the server answered to `request`, as in `parse_sync_items`."""
    message = soap.response_message(status, body, "SyncFolderHierarchy")
    page = _page(message, status, "IncludesLastFolderInRange", request.sync_state)
    if not isinstance(page, _Page):
        return page
    changes = tuple(change for element in page.elements if (change := _folder_change(element)) is not None)
    return HierarchyPage(page.sync_state, changes, page.is_last, len(page.elements) - len(changes))


def is_state_unknown(refused: Refused) -> bool:
    """Whether the sync state is worth nothing to the server: all that is left is to begin without one."""
    return refused.response_code == "ErrorInvalidSyncStateData"


def is_folder_gone(refused: Refused) -> bool:
    """Whether the folder is not there, or may not be seen; Exchange says ErrorItemNotFound of a folder as well."""
    return advice(refused.response_code).missing is Missing.FOLDER


def _page(
    message: etree._Element | Refused, status: int, flag: str, sent: str | None
) -> _Page | Refused | UnusablePage:
    """Return what is common to both kinds of pages. `flag` is the element that says whether there is more."""
    if isinstance(message, Refused):
        return message
    sync_state = soap.text_of(message.find(M + "SyncState"))
    if sync_state is None:
        return _without_state(message, status)
    changes = message.find(M + "Changes")
    if changes is not None and len(changes) > MAX_ELEMENTS:
        return UnusablePage(PageDefect.TOO_MANY_CHANGES)
    elements = list(changes) if changes is not None else []
    is_last = _boolean(message.find(M + flag))
    if is_last is None:  # the schema allows it to be missing: then an empty page is the last
        is_last = not elements
    if not is_last and sync_state == sent:
        return UnusablePage(PageDefect.NO_PROGRESS)
    return _Page(sync_state, is_last, elements)


def _without_state(message: etree._Element, status: int) -> Refused | UnusablePage:
    """A Warning reports a request that was not processed (page on SyncFolderItemsResponseMessage), and has a code."""
    is_warning = message.get("ResponseClass") == ResponseClass.WARNING
    return soap.refusal(message, status) if is_warning else UnusablePage(PageDefect.NO_SYNC_STATE)


def _item_change(element: etree._Element) -> ItemChange | None:
    named = _named(element, "ItemId")
    if named is None:
        return None
    modified_at = soap.text_of(element.find(f"*/{T}LastModifiedTime"))
    return ItemChange(*named, modified_at, _boolean(element.find(T + "IsRead")), _parent_id(element))


def _folder_change(element: etree._Element) -> FolderChange | None:
    named = _named(element, "FolderId")
    if named is None:
        return None
    return FolderChange(*named, _parent_id(element), element.find(T + "SearchFolder") is not None)


def _parent_id(change: etree._Element) -> str | None:
    parent = change.find(f"*/{T}ParentFolderId")
    return parent.get("Id") if parent is not None else None


def _named(change: etree._Element, id_name: str) -> tuple[ChangeKind, str, str | None] | None:
    """Return kind, id and change key, or None where the change is not understood.

    Create and Update hold an object, of whatever kind, and that its id; Delete and ReadFlagChange hold the id.
    """
    direct, kind = change.find(T + id_name), _KINDS.get(str(change.tag))
    element = direct if direct is not None else change.find(f"*/{T}{id_name}")
    own_id = element.get("Id") if element is not None else None
    return (kind, own_id, element.get("ChangeKey")) if element is not None and own_id and kind else None


def _boolean(element: etree._Element | None) -> bool | None:
    """xs:boolean, or None."""
    return _BOOLEANS.get(soap.text_of(element) or "")
