"""The schema's rules for requests: order of elements, ranges of numbers, folder ids (types.xsd, messages.xsd)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailsim.errors import schema_error
from mailsim.soap import Element, M, T, child_elements, text_of

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
"""types.xsd, DistinguishedFolderIdNameType, as of Exchange 2016; newer servers accept more names."""

_BASE_SHAPES: Final = frozenset({"IdOnly", "Default", "AllProperties"})

RequestedProperties = frozenset[str] | None
"""The names of the property elements that a shape requests besides the id; None is all properties."""


@dataclass(frozen=True, slots=True)
class FolderRef:
    """A folder as a request names it: by id or by distinguished name, and with its mailbox where one is given."""

    name: str
    is_distinguished: bool
    mailbox: str | None


def parts_by_name(
    parts: Sequence[Element], namespace: str, order: Sequence[str], required: Sequence[str] = ()
) -> dict[str, Element]:
    """Return parts by name: each in `namespace`, at most once, in this order. Raises `EwsError`."""
    known = {f"{namespace}{name}": position for position, name in enumerate(order)}
    positions = [known.get(str(part.tag), -1) for part in parts]
    for part, position, previous in zip(parts, positions, [-1, *positions], strict=False):
        if position <= previous:
            raise schema_error(f"element {part.tag!s} is not expected")
    found = {order[position]: part for part, position in zip(parts, positions, strict=True)}
    missing = [name for name in required if name not in found]
    if missing:
        raise schema_error(f"{missing[0]} is missing")
    return found


def operation_parts(operation: Element, order: Sequence[str], required: Sequence[str]) -> dict[str, Element]:
    """Return the parts of an operation, which are in the messages namespace. Raises `EwsError`."""
    return parts_by_name(child_elements(operation), M, order, required)


def parse_integer(name: str, text: str, lowest: int, highest: int) -> int:
    """Return a number in a range. Raises `EwsError`."""
    number = int(text) if re.fullmatch(r"\s*\+?[0-9]{1,9}\s*", text) else lowest - 1
    if not lowest <= number <= highest:
        raise schema_error(f"{name} must be from {lowest} to {highest}")
    return number


def parse_folder_ref(part: Element) -> FolderRef:
    """Return the folder that an element names. Raises `EwsError`."""
    value, is_distinguished = part.get("Id"), part.tag == f"{T}DistinguishedFolderId"
    if value is None or part.tag not in {f"{T}FolderId", f"{T}DistinguishedFolderId"}:
        raise schema_error(f"element {part.tag!s} is not a folder id")
    if is_distinguished and value not in DISTINGUISHED:
        raise schema_error(f"{value} is not a distinguished folder")
    addresses = [text_of(each).strip().lower() for each in part.iter(f"{T}EmailAddress")]
    return FolderRef(value, is_distinguished, addresses[0] if addresses else None)


def parse_ids(parent: Element, name: str) -> list[str]:
    """Return the ids of the `t:name` elements in `parent`, one or more. Raises `EwsError`."""
    found = [part.get("Id") for part in child_elements(parent) if part.tag == f"{T}{name}"]
    if not found or len(found) != len(child_elements(parent)) or None in found:
        raise schema_error(f"{parent.tag!s} must contain one {name} or more")
    return [str(each) for each in found]


def parse_shape(part: Element) -> RequestedProperties:
    """Return the properties that an ItemShape or a FolderShape requests. Raises `EwsError`."""
    base = part.find(f"{T}BaseShape")
    if base is None or text_of(base).strip() not in _BASE_SHAPES:
        raise schema_error("BaseShape is missing or unknown")
    if text_of(base).strip() != "IdOnly":
        return None
    uris = (each.get("FieldURI", "") for each in part.iter(f"{T}FieldURI"))
    return frozenset(uri.partition(":")[2] for uri in uris)
