"""GetItem, GetFolder, FindFolder: what is there now."""

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from mailsim import item_folder_xml, schema
from mailsim.errors import EwsError, schema_error
from mailsim.folder_resolution import folder_meant
from mailsim.item_folder_xml import Wanted
from mailsim.mailbox import Mailbox
from mailsim.profiles import Profile
from mailsim.responses import Answer, Message, response
from mailsim.soap import Element, elements
from mailsim.store import Entry

_Asked = TypeVar("_Asked")
_VIEWS: Final = ("FolderShape", "IndexedPageFolderView", "FractionalPageFolderView", "Restriction", "ParentFolderIds")
_MOST: Final = 999_999_999


def get_item(profile: Profile, mailbox: Mailbox, operation: Element) -> Answer:
    """Answer GetItem: a message for each id. Raises `EwsError`."""
    found = schema.operation_parts(operation, ("ItemShape", "ItemIds"), ("ItemShape", "ItemIds"))
    properties, ids = schema.shape(found["ItemShape"]), schema.ids(found["ItemIds"], "ItemId")

    def told(item_id: str) -> str:
        entry = mailbox.entries.get(item_id)
        if entry is None or entry.kind != "item":
            raise EwsError("ErrorItemNotFound", "The specified object was not found in the store.")
        return f"<m:Items>{item_folder_xml.item(mailbox, item_id, entry.parent_id, properties)}</m:Items>"

    return response(profile, "GetItem", _messages(told, ids, "<m:Items/>"))


def get_folder(profile: Profile, mailbox: Mailbox, operation: Element) -> Answer:
    """Answer GetFolder: a message for each id. Raises `EwsError`."""
    found = schema.operation_parts(operation, ("FolderShape", "FolderIds"), ("FolderShape", "FolderIds"))
    properties, refs = schema.shape(found["FolderShape"]), _refs(found["FolderIds"])

    def told(ref: schema.FolderRef) -> str:
        folder = item_folder_xml.folder(profile, mailbox, folder_meant(mailbox, ref), properties)
        return f"<m:Folders>{folder}</m:Folders>"

    return response(profile, "GetFolder", _messages(told, refs, "<m:Folders/>"))


def find_folder(profile: Profile, mailbox: Mailbox, operation: Element) -> Answer:
    """Answer FindFolder: the folders in a folder, or all below it, page by page. Raises `EwsError`."""
    found = schema.operation_parts(operation, _VIEWS, ("FolderShape", "ParentFolderIds"))
    if "Restriction" in found or "FractionalPageFolderView" in found:
        raise EwsError("ErrorInvalidRequest", "This server finds folders by their place only.", fault=True)
    properties, refs = schema.shape(found["FolderShape"]), _refs(found["ParentFolderIds"])
    first, most = _view(found.get("IndexedPageFolderView"))
    deep = operation.get("Traversal") == "Deep"

    def told(ref: schema.FolderRef) -> str:
        parent, store = folder_meant(mailbox, ref), mailbox.store
        folders = store.below(parent.id) if deep else store.inside(parent.id, "folder")
        listed = [each for each in folders if each.id not in mailbox.hidden]
        page = listed[first : first + most]
        return _found(profile, mailbox, page, properties, (first + len(page), len(listed)))

    return response(profile, "FindFolder", _messages(told, refs, ""))


def _messages(told: Callable[[_Asked], str], asked: Iterable[_Asked], empty: str) -> list[Message]:
    """Return a message for each part of a request; one that can't be carried out does not stop the others."""
    messages = []
    for each in asked:
        try:
            messages.append(Message(told(each)))
        except EwsError as error:
            messages.append(Message(empty, error))
    return messages


def _refs(parent: Element) -> list[schema.FolderRef]:
    refs = [schema.folder_ref(part) for part in elements(parent)]
    if not refs:
        raise schema_error(f"{parent.tag!s} is empty")
    return refs


def _view(part: Element | None) -> tuple[int, int]:
    """Return where a page starts, and how much it holds at most."""
    if part is None:
        return 0, _MOST
    first = schema.integer("Offset", part.get("Offset", ""), 0, _MOST)
    return first, schema.integer("MaxEntriesReturned", part.get("MaxEntriesReturned", str(_MOST)), 1, _MOST)


def _found(profile: Profile, mailbox: Mailbox, page: list[Entry], properties: Wanted, position: tuple[int, int]) -> str:
    offset, total = position
    folders = "".join(item_folder_xml.folder(profile, mailbox, each, properties) for each in page)
    numbers = f'IndexedPagingOffset="{offset}" TotalItemsInView="{total}"'
    last = f'IncludesLastItemInRange="{str(offset >= total).lower()}"'
    return f"<m:RootFolder {numbers} {last}><t:Folders>{folders}</t:Folders></m:RootFolder>"
