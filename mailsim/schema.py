"""Reading what the schema allows: parts in order, numbers in range, ids of folders (types.xsd, messages.xsd)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailsim.errors import schema_error
from mailsim.soap import Element, M, T, elements, text_of

_NAMES: Final = """
    calendar contacts deleteditems drafts inbox journal notes outbox sentitems tasks msgfolderroot publicfoldersroot
    root junkemail searchfolders voicemail recoverableitemsroot recoverableitemsdeletions recoverableitemsversions
    recoverableitemspurges recoverableitemsdiscoveryholds archiveroot archivemsgfolderroot archivedeleteditems
    archiveinbox archiverecoverableitemsroot archiverecoverableitemsdeletions archiverecoverableitemsversions
    archiverecoverableitemspurges archiverecoverableitemsdiscoveryholds syncissues conflicts localfailures
    serverfailures recipientcache quickcontacts conversationhistory adminauditlogs todosearch mycontacts directory
    imcontactlist peopleconnect favorites
"""
DISTINGUISHED: Final = frozenset(_NAMES.split())
"""types.xsd, DistinguishedFolderIdNameType, as far as Exchange 2016; a server of today knows some more."""

_SHAPES: Final = frozenset({"IdOnly", "Default", "AllProperties"})


@dataclass(frozen=True, slots=True)
class FolderRef:
    """A folder as a request names it: by id or by distinguished name, and whose it is where that is said."""

    name: str
    is_distinguished: bool
    mailbox: str | None


def ordered(
    parts: Sequence[Element], namespace: str, order: Sequence[str], required: Sequence[str] = ()
) -> dict[str, Element]:
    """Return parts by name: each in `namespace`, at most once, in this order. Raises `EwsError`."""
    known = {f"{namespace}{name}": place for place, name in enumerate(order)}
    places = [known.get(str(part.tag), -1) for part in parts]
    for part, place, previous in zip(parts, places, [-1, *places], strict=False):
        if place <= previous:
            raise schema_error(f"element {part.tag!s} is not expected")
    found = {order[place]: part for part, place in zip(parts, places, strict=True)}
    missing = [name for name in required if name not in found]
    if missing:
        raise schema_error(f"{missing[0]} is missing")
    return found


def integer(name: str, text: str, lowest: int, highest: int) -> int:
    """Return a number that lies in a range. Raises `EwsError`."""
    number = int(text) if re.fullmatch(r"\s*\+?[0-9]{1,9}\s*", text) else lowest - 1
    if not lowest <= number <= highest:
        raise schema_error(f"{name} is not from {lowest} to {highest}")
    return number


def folder_ref(part: Element) -> FolderRef:
    """Return the folder an element names. Raises `EwsError`."""
    value, is_distinguished = part.get("Id"), part.tag == f"{T}DistinguishedFolderId"
    if value is None or part.tag not in {f"{T}FolderId", f"{T}DistinguishedFolderId"}:
        raise schema_error(f"element {part.tag!s} is no folder id")
    if is_distinguished and value not in DISTINGUISHED:
        raise schema_error(f"{value} is no distinguished folder")
    addresses = [text_of(each).strip().lower() for each in part.iter(f"{T}EmailAddress")]
    return FolderRef(value, is_distinguished, addresses[0] if addresses else None)


def ids(parent: Element, name: str) -> list[str]:
    """Return the ids that `t:name` elements give, one or more. Raises `EwsError`."""
    found = [part.get("Id") for part in elements(parent) if part.tag == f"{T}{name}"]
    if not found or len(found) != len(elements(parent)) or None in found:
        raise schema_error(f"{parent.tag!s} holds one {name} or more")
    return [str(each) for each in found]


def shape(part: Element) -> frozenset[str] | None:
    """Return which properties are asked for besides the id, by the names of their elements; None is all there are."""
    base = part.find(f"{T}BaseShape")
    if base is None or text_of(base).strip() not in _SHAPES:
        raise schema_error("BaseShape is missing or unknown")
    if text_of(base).strip() != "IdOnly":
        return None
    uris = (each.get("FieldURI", "") for each in part.iter(f"{T}FieldURI"))
    return frozenset(uri.partition(":")[2] for uri in uris)


def operation_parts(operation: Element, order: Sequence[str], required: Sequence[str]) -> dict[str, Element]:
    """Return the parts of an operation, which lie in the messages namespace. Raises `EwsError`."""
    return ordered(elements(operation), M, order, required)
