"""Subscribe: a request as bytes, and what the server says to it.

PushSubscriptionRequest, types.xsd: every child in the types namespace, in the order of the schema. A client that writes
Watermark in the messages namespace is not schema-valid, and its gap may be lost in silence.
"""

from dataclasses import dataclass
from typing import Final

from lxml import etree

from ewspush.protocol import hardened_xml
from ewspush.protocol.errors import UnreadableNotificationError
from ewspush.protocol.namespaces import MESSAGES, SOAP, TYPES, M, S, T
from ewspush.protocol.notification import ResponseClass

DISTINGUISHED_FOLDERS: Final = frozenset({
    "calendar", "contacts", "deleteditems", "drafts", "inbox", "journal", "notes", "outbox", "sentitems", "tasks",
    "msgfolderroot", "publicfoldersroot", "root", "junkemail", "searchfolders", "voicemail",
    "recoverableitemsroot", "recoverableitemsdeletions", "recoverableitemsversions", "recoverableitemspurges",
    "archiveroot", "archivemsgfolderroot", "archivedeleteditems", "archiverecoverableitemsroot",
    "archiverecoverableitemsdeletions", "archiverecoverableitemsversions", "archiverecoverableitemspurges",
})  # fmt: skip
"""DistinguishedFolderIdNameType of types.xsd, as far as Exchange 2010 goes; any other folder is told by its id."""

SOAP_ACTION: Final = "http://schemas.microsoft.com/exchange/services/2006/messages/Subscribe"
"""services.wsdl; servers go by the Body, proxies in between may go by this."""

_E: Final = "{http://schemas.microsoft.com/exchange/services/2006/errors}"


@dataclass(frozen=True, slots=True)
class SubscribeRequest:
    """What to subscribe to, and how to be told.

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


@dataclass(frozen=True, slots=True)
class Refused:
    """There is no subscription. `response_code` is the server's, or `HTTP <status>` where it gives none.

    `text` is the server's, in its language. `back_off_ms` is how long it wants to be left alone.
    """

    response_code: str
    text: str | None = None
    back_off_ms: int | None = None


def written(request: SubscribeRequest, server_version: str, impersonated: str | None = None) -> bytes:
    """Return the SOAP 1.1 request, valid by the schema of Exchange 2007 and every later one.

    `server_version` is a name of the schema, like Exchange2010_SP2. `impersonated` is the address whose mailbox is
    meant, None the account's own.
    """
    envelope = etree.Element(S + "Envelope", nsmap={"s": SOAP, "m": MESSAGES, "t": TYPES})
    header = etree.SubElement(envelope, S + "Header")
    etree.SubElement(header, T + "RequestServerVersion", Version=server_version)
    if impersonated is not None:
        sid = etree.SubElement(etree.SubElement(header, T + "ExchangeImpersonation"), T + "ConnectingSID")
        _add(sid, "SmtpAddress", impersonated)
    body = etree.SubElement(envelope, S + "Body")
    subscribe = etree.SubElement(body, M + "Subscribe")
    _add_push_request(etree.SubElement(subscribe, M + "PushSubscriptionRequest"), request)
    return etree.tostring(envelope, encoding="utf-8", xml_declaration=True)


def _add_push_request(parent: etree._Element, request: SubscribeRequest) -> None:
    if request.folders:
        folder_ids = etree.SubElement(parent, T + "FolderIds")
        for folder in request.folders:
            kind = "DistinguishedFolderId" if folder in DISTINGUISHED_FOLDERS else "FolderId"
            etree.SubElement(folder_ids, T + kind, Id=folder)
    else:
        parent.set("SubscribeToAllFolders", "true")
    event_types = etree.SubElement(parent, T + "EventTypes")
    for event_type in request.event_types:
        _add(event_types, "EventType", event_type)
    if request.watermark is not None:
        _add(parent, "Watermark", request.watermark)
    _add(parent, "StatusFrequency", str(request.status_frequency_minutes))
    _add(parent, "URL", request.url)


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, T + name).text = text


def read_answer(status: int, body: bytes) -> Subscribed | Refused:
    """Return what the server answered, whichever of its two shapes it is in.

    An error stands in the response message (HTTP 200) or in a SOAP fault (HTTP 500). What is neither, like the page of
    a proxy, is refused with the HTTP status as its code.
    """
    try:
        root = hardened_xml.parse(body)
    except UnreadableNotificationError:
        return Refused(f"HTTP {status}")
    fault = root.find(f"{S}Body/{S}Fault")
    if fault is not None:
        return _fault(fault, status)
    message = root.find(f"{S}Body/{M}SubscribeResponse/{M}ResponseMessages/{M}SubscribeResponseMessage")
    if message is None:
        return Refused(f"HTTP {status}")
    return _message(message, status)


def _message(message: etree._Element, status: int) -> Subscribed | Refused:
    subscription_id = _text(message.find(M + "SubscriptionId"))
    if message.get("ResponseClass") != ResponseClass.ERROR and subscription_id is not None:
        return Subscribed(subscription_id, _text(message.find(M + "Watermark")))
    code = _text(message.find(M + "ResponseCode")) or f"HTTP {status}"
    return Refused(code, _text(message.find(M + "MessageText")), _back_off_ms(message.find(M + "MessageXml")))


def _fault(fault: etree._Element, status: int) -> Refused:
    """The code stands in the detail; a fault without one has at least a faultcode, qualified by a prefix."""
    faultcode = (_text(fault.find("faultcode")) or "").rpartition(":")[2]
    named = faultcode if faultcode.startswith("Error") else f"HTTP {status}"
    code = _text(fault.find(f"detail/{_E}ResponseCode")) or named
    text = _text(fault.find(f"detail/{_E}Message")) or _text(fault.find("faultstring"))
    return Refused(code, text, _back_off_ms(fault.find(f"detail/{T}MessageXml")))


def _back_off_ms(message_xml: etree._Element | None) -> int | None:
    if message_xml is None:
        return None
    named = (value for value in message_xml.iterchildren(T + "Value") if value.get("Name") == "BackOffMilliseconds")
    text = _text(next(named, None))
    return int(text) if text is not None and text.isascii() and text.isdecimal() else None


def _text(element: etree._Element | None) -> str | None:
    text = element.text if element is not None else None
    return (text.strip() or None) if text is not None else None
