"""GetItem, to find out which items are not there any more: their ids are asked for, and nothing of their content."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from ewspush.protocol import soap
from ewspush.protocol.namespaces import M, T
from ewspush.protocol.soap import Refused

MAX_ITEMS: Final = 100
"""In one request. Exchange takes more; the answer has a message for each."""

SOAP_ACTION: Final = soap.soap_action("GetItem")

_FOUND: Final = "NoError"
_NOT_FOUND: Final = "ErrorItemNotFound"


@dataclass(frozen=True, slots=True)
class LookupRequest:
    """Asks which of these items are still there."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LookupAnswer:
    """What became of each item of a lookup: the server has it, has nothing for its id, or did not answer for it."""

    present: frozenset[str]
    missing: frozenset[str]
    unanswered: frozenset[str] = frozenset()
    """A batch can stop half way, and a single item can be refused: that says nothing of whether they are there."""
    back_off_ms: int | None = None
    """How long the server then wants no requests."""
    parents: Mapping[str, str] = field(default_factory=dict)
    """The folder that an item is in, where the server says so."""


def build_get_items(request: LookupRequest, server_version: str, impersonated: str | None = None) -> bytes:
    """Return the request, valid by the schema of Exchange 2007 and every later one; see `soap.build_request`."""
    operation = soap.new_operation("GetItem")
    shape = etree.SubElement(operation, M + "ItemShape")
    soap.add_text(shape, T + "BaseShape", "IdOnly")
    etree.SubElement(
        etree.SubElement(shape, T + "AdditionalProperties"), T + "FieldURI", FieldURI="item:ParentFolderId"
    )
    ids = etree.SubElement(operation, M + "ItemIds")
    for each in request.ids:
        etree.SubElement(ids, T + "ItemId", Id=each)
    return soap.build_request(operation, server_version, impersonated)


def parse_get_items(status: int, body: bytes, request: LookupRequest) -> LookupAnswer | Refused:
    """Return what became of the ids of `request`: only NoError and ErrorItemNotFound settle one.

    The response messages are in the order of the ids (page on GetItem). Where their number is another, it is not known
    which is meant: none is settled, and an error that comes first refuses the request.
    """
    messages = soap.response_messages(status, body, "GetItem")
    if isinstance(messages, Refused):
        return messages
    back_off_ms = max((soap.back_off_ms(message) or 0 for message in messages), default=0) or None
    if len(messages) != len(request.ids):
        nothing = LookupAnswer(frozenset(), frozenset(), frozenset(request.ids), back_off_ms)
        return soap.refusal(messages[0], status) if soap.is_error(messages[0]) else nothing
    codes = dict(
        zip(request.ids, (soap.text_of(message.find(M + "ResponseCode")) for message in messages), strict=True)
    )
    present, missing = (frozenset(each for each in codes if codes[each] == code) for code in (_FOUND, _NOT_FOUND))
    parents = {
        each: parent for each, message in zip(request.ids, messages, strict=True) if (parent := _parent_id(message))
    }
    return LookupAnswer(present, missing, frozenset(codes) - present - missing, back_off_ms, parents)


def _parent_id(message: etree._Element) -> str | None:
    parent = message.find(f"{M}Items/*/{T}ParentFolderId")
    return parent.get("Id") if parent is not None else None
