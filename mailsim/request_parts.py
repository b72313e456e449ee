"""The parts that requests have in common: folder ids, item ids and shapes. All are valid by the schema."""

from dataclasses import dataclass

from mailsim.soap import Element, T, child_elements, text_of

RequestedProperties = frozenset[str] | None
"""The names of the property elements that a shape requests besides the id; None is all properties."""


@dataclass(frozen=True, slots=True)
class FolderRef:
    """A folder as a request names it: by id or by distinguished name, and with its mailbox where one is given."""

    name: str
    is_distinguished: bool
    mailbox: str | None


def parts_by_name(parent: Element) -> dict[str, Element]:
    """Return the child elements by their names without namespace."""
    return {str(child.tag).partition("}")[2]: child for child in child_elements(parent)}


def parse_folder_refs(parent: Element) -> list[FolderRef]:
    """Return the folders that an element lists."""
    return [_parse_folder_ref(part) for part in child_elements(parent)]


def parse_ids(parent: Element) -> list[str]:
    """Return the item ids that an element lists; the id of an occurrence is empty, as no item recurs."""
    return [part.get("Id", "") for part in child_elements(parent)]


def parse_shape(part: Element) -> RequestedProperties:
    """Return the properties that an ItemShape or a FolderShape requests."""
    if text_of(parts_by_name(part)["BaseShape"]) != "IdOnly":
        return None
    uris = (each.get("FieldURI", "") for each in part.iter(f"{T}FieldURI"))
    return frozenset(uri.partition(":")[2] for uri in uris)


def _parse_folder_ref(part: Element) -> FolderRef:
    addresses = [text_of(each).strip().lower() for each in part.iter(f"{T}EmailAddress")]
    is_distinguished = part.tag == f"{T}DistinguishedFolderId"
    return FolderRef(part.get("Id", ""), is_distinguished, addresses[0] if addresses else None)
