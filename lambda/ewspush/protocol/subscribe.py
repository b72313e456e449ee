"""Subscribe: a request as bytes, and what the server says to it.

PushSubscriptionRequest, types.xsd: every child in the types namespace, in the order of the schema. A client that writes
Watermark in the messages namespace is not schema-valid, and its gap may be lost in silence.
"""

from dataclasses import dataclass
from typing import Final

from lxml import etree

from ewspush.protocol import soap
from ewspush.protocol.namespaces import M, T
from ewspush.protocol.soap import Refused

SOAP_ACTION: Final = soap.soap_action("Subscribe")


@dataclass(frozen=True, slots=True)
class SubscribeRequest:
    """What to subscribe to, and where to push it.

    `folders` are distinguished names (inbox, calendar …) or folder ids; empty means all folders. `watermark` resumes,
    None starts from now.
    """

    url: str
    event_types: tuple[str, ...]
    status_frequency_minutes: int
    folders: tuple[str, ...] = ()
    watermark: str | None = None


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The subscription lives. `watermark` is where it begins, None where the server does not say."""

    subscription_id: str
    watermark: str | None


def build_subscribe(request: SubscribeRequest, server_version: str, impersonated: str | None = None) -> bytes:
    """Return the SOAP 1.1 request, valid by the schema of Exchange 2007 and every later one.

    `server_version` is a name of the schema, like Exchange2010_SP2. `impersonated` is the address whose mailbox is
    meant, None the account's own.
    """
    subscribe = soap.new_operation("Subscribe")
    _add_push_request(etree.SubElement(subscribe, M + "PushSubscriptionRequest"), request)
    return soap.build_request(subscribe, server_version, impersonated)


def _add_push_request(parent: etree._Element, request: SubscribeRequest) -> None:
    if request.folders:
        folder_ids = etree.SubElement(parent, T + "FolderIds")
        for folder in request.folders:
            soap.add_folder(folder_ids, folder)
    else:
        parent.set("SubscribeToAllFolders", "true")
    event_types = etree.SubElement(parent, T + "EventTypes")
    for event_type in request.event_types:
        soap.add_text(event_types, T + "EventType", event_type)
    if request.watermark is not None:
        soap.add_text(parent, T + "Watermark", request.watermark)
    soap.add_text(parent, T + "StatusFrequency", str(request.status_frequency_minutes))
    soap.add_text(parent, T + "URL", request.url)


def parse_subscribe_response(status: int, body: bytes) -> Subscribed | Refused:
    """Return what the server answered, whichever of its two shapes it is in: a response message or a SOAP fault."""
    message = soap.response_message(status, body, "Subscribe")
    if isinstance(message, Refused):
        return message
    subscription_id = soap.text_of(message.find(M + "SubscriptionId"))
    if subscription_id is None:
        return soap.refusal(message, status)
    return Subscribed(subscription_id, soap.text_of(message.find(M + "Watermark")))
