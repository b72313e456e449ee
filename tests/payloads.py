"""Bodies as servers post them, built from parts: a tree first, then its bytes in any style XML allows.

    body = serialize(envelope(notification(event("NewMailEvent", item="it-1"))))

A part is an `Element`; `Style` decides how it is spelled: prefixes, what stands between elements, how text is escaped.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from ewspush.protocol.namespaces import MESSAGES, SOAP, TYPES
from ewspush.protocol.notification import MailboxEvent, Notification, ObjectKind, ResponseMessage

SUBSCRIPTION_ID: Final = "c3ViLWhhcmJvdXItMDA3"
PREVIOUS_WATERMARK: Final = "KQEAAAAAAAA="
WATERMARK: Final = "KgEAAAAAAAA="
TIMESTAMP: Final = "2026-05-11T07:40:12Z"
PARENT: Final = "fld-inbox-51"

DECLARATION: Final = '<?xml version="1.0" encoding="utf-8"?>'
GUIDE_DECLARATION: Final = '<?xml version="1.0 (http://www.w3.org/TR/REC-xml/)" encoding="utf-8"?>'


@dataclass(frozen=True, slots=True)
class Element:
    """One element: a name such as `t:ItemId`, attributes, and elements or text inside."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: "tuple[Element | str, ...]" = ()


@dataclass(frozen=True, slots=True)
class Style:
    """How a tree is spelled. `between` stands where white space may, `text` escapes what an element says."""

    soap: str = "soap"
    messages: str = "m"
    types: str = "t"
    declaration: str = DECLARATION
    between: str = ""
    text: Callable[[str], str] = escape


PLAIN: Final = Style()


def element(name: str, *children: "Element | str | None", **attributes: str | None) -> Element:
    """Return an element of what is not None."""
    given = {key: value for key, value in attributes.items() if value is not None}
    return Element(name, given, tuple(child for child in children if child is not None))


def text_element(name: str, text: str | None) -> Element | None:
    """Return an element with `text`, or nothing where there is none."""
    return element(name, text) if text is not None else None


def envelope(*messages: Element, header: Element | None = None) -> Element:
    """Return the envelope around response messages."""
    operation = element("m:SendNotification", element("m:ResponseMessages", *messages))
    return element("s:Envelope", header or version_header(), element("s:Body", operation))


def version_header() -> Element:
    """Return the header that both servers send."""
    return element("s:Header", element("t:RequestServerVersion", Version="Exchange2010_SP2"))


def message(*content: Element | None, response_class: str | None = "Success", code: str | None = "NoError") -> Element:
    """Return one response message."""
    children = (text_element("m:ResponseCode", code), *content)
    return element("m:SendNotificationResponseMessage", *children, ResponseClass=response_class)


def notification(
    *events: Element,
    subscription_id: str | None = SUBSCRIPTION_ID,
    previous_watermark: str | None = PREVIOUS_WATERMARK,
    more_events: str | None = "false",
) -> Element:
    """Return a message of class Success with these events."""
    return message(content(*events, identity=(subscription_id, previous_watermark, more_events)))


def content(*events: Element, identity: tuple[str | None, str | None, str | None]) -> Element:
    """Return the Notification element inside a message."""
    names = ("t:SubscriptionId", "t:PreviousWatermark", "t:MoreEvents")
    return element("m:Notification", *map(text_element, names, identity), *events)


def event(  # noqa: PLR0913  # the parts of an event
    kind: str,
    *extra: Element,
    watermark: str | None = WATERMARK,
    timestamp: str | None = TIMESTAMP,
    item: str | None = None,
    folder: str | None = None,
    parent: str | None = PARENT,
) -> Element:
    """Return an event about an item or a folder."""
    return element(
        f"t:{kind}",
        text_element("t:Watermark", watermark),
        text_element("t:TimeStamp", timestamp),
        identifier("ItemId", item),
        identifier("FolderId", folder),
        identifier("ParentFolderId", parent),
        *extra,
    )


def identifier(name: str, value: str | None, change_key: str | None = None) -> Element | None:
    """Return an element with an Id, or nothing."""
    return element(f"t:{name}", Id=value, ChangeKey=change_key) if value is not None or change_key is not None else None


def status(watermark: str | None = WATERMARK) -> Element:
    """Return a heartbeat."""
    return element("t:StatusEvent", text_element("t:Watermark", watermark))


def error(code: str | None, text: str | None = None, **values: str | None) -> Element:
    """Return a message of class Error, without a Notification, as real servers send it."""
    described = element("m:MessageXml", *(element("t:Value", value, Name=name) for name, value in values.items()))
    return element(
        "m:SendNotificationResponseMessage",
        text_element("m:MessageText", text),
        text_element("m:ResponseCode", code),
        described if values else None,
        ResponseClass="Error",
    )


def heartbeat() -> bytes:
    """Return the smallest ordinary body."""
    return serialize(envelope(notification(status())))


def of(notified: Notification) -> Element:
    """Return the tree a server would send to say `notified`."""
    return envelope(*(_message_of(part) for part in notified.messages))


def serialize(root: Element, style: Style = PLAIN) -> bytes:
    """Return the document in UTF-8."""
    return document(root, style).encode()


def document(root: Element, style: Style = PLAIN) -> str:
    """Return the document, all namespaces declared on its root."""
    prefixes = {style.soap: SOAP, style.messages: MESSAGES, style.types: TYPES}
    declared = "".join(f" xmlns{':' * bool(prefix)}{prefix}={quoteattr(uri)}" for prefix, uri in prefixes.items())
    return style.declaration + style.between + _spelled(root, style, declared)


def _spelled(node: Element, style: Style, declared: str = "") -> str:
    name = _name(node.name, style)
    attributes = "".join(f" {key}={_quoted(value)}" for key, value in node.attributes.items())
    if any(isinstance(child, str) for child in node.children):
        inside = "".join(style.text(child) if isinstance(child, str) else "" for child in node.children)
    else:
        parts = (_spelled(child, style) for child in node.children if isinstance(child, Element))
        inside = style.between.join(("", *parts, ""))
    return f"<{name}{declared}{attributes}>{inside}</{name}>"


def _name(name: str, style: Style) -> str:
    kind, _, local = name.rpartition(":")
    prefix = {"s": style.soap, "m": style.messages, "t": style.types, "": ""}[kind]
    return f"{prefix}:{local}" if prefix else local


def _quoted(value: str) -> str:
    return quoteattr(value, {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _message_of(part: ResponseMessage) -> Element:
    more_events = None if part.more_events is None else str(part.more_events).lower()
    values = {"BackOffMilliseconds": str(part.back_off_ms) if part.back_off_ms is not None else None}
    events = (_event_of(event) for event in part.events)
    return element(
        "m:SendNotificationResponseMessage",
        text_element("m:MessageText", part.message_text),
        text_element("m:ResponseCode", part.response_code),
        element("m:MessageXml", *(element("t:Value", value, Name=name) for name, value in values.items())),
        content(*events, identity=(part.subscription_id, part.previous_watermark, more_events)),
        ResponseClass=part.response_class.value,
    )


def _event_of(event: MailboxEvent) -> Element:
    kind = "FolderId" if event.object is ObjectKind.FOLDER else "ItemId"
    return element(
        f"t:{event.type}",
        text_element("t:Watermark", event.watermark),
        text_element("t:TimeStamp", event.timestamp),
        identifier(kind, event.id, event.change_key),
        identifier("ParentFolderId", event.parent_folder_id, event.parent_change_key),
        identifier(f"Old{kind}", event.old_id, event.old_change_key),
        identifier("OldParentFolderId", event.old_parent_folder_id),
        text_element("t:UnreadCount", None if event.unread_count is None else str(event.unread_count)),
    )
