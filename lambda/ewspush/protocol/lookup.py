"""GetItem, to find out which items are not there any more: their ids are asked for, and nothing of their content."""

from dataclasses import dataclass
from typing import Final

from lxml import etree

from ewspush.protocol import soap
from ewspush.protocol.namespaces import M, T
from ewspush.protocol.soap import Refused

MAX_ITEMS: Final = 100
"""In one request. Exchange takes more; the answer has a message for each."""

SOAP_ACTION: Final = soap.soap_action("GetItem")

_NOT_FOUND: Final = "ErrorItemNotFound"


@dataclass(frozen=True, slots=True)
class LookupRequest:
    """Asks which of these items are still there."""

    ids: tuple[str, ...]


def build_get_items(request: LookupRequest, server_version: str, impersonated: str | None = None) -> bytes:
    """Return the request, valid by the schema of Exchange 2007 and every later one; see `soap.build_request`."""
    operation = soap.new_operation("GetItem")
    soap.add_text(etree.SubElement(operation, M + "ItemShape"), T + "BaseShape", "IdOnly")
    ids = etree.SubElement(operation, M + "ItemIds")
    for each in request.ids:
        etree.SubElement(ids, T + "ItemId", Id=each)
    return soap.build_request(operation, server_version, impersonated)


def parse_get_items(status: int, body: bytes, request: LookupRequest) -> frozenset[str] | Refused:
    """Return those ids of `request` that the server has nothing for; what it does not say is taken to be there.

    The response messages are in the order of the ids (page on GetItem). Refused with the server's code where it
    answered none of them.
    """
    messages = soap.response_messages(status, body, "GetItem")
    if isinstance(messages, Refused):
        return messages
    codes = [soap.text_of(message.find(M + "ResponseCode")) for message in messages]
    if len(codes) != len(request.ids):
        return soap.refusal(messages[0], status)
    return frozenset(each for each, code in zip(request.ids, codes, strict=True) if code == _NOT_FOUND)
