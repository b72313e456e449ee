"""Bytes of a POST -> `Notification`, by namespace and local name; prefixes mean nothing.

Everything the schema makes optional may be missing, unknown elements are passed over, an id is never guessed. Servers
send error messages that the schema forbids (no Notification element), so the schema itself does not decide.
"""

import copy
import re
from typing import Any, Final

from lxml import etree

from ewspush.errors import Refusal, UnreadableNotificationError
from ewspush.protocol import hardened_xml
from ewspush.protocol.namespaces import M, S, T
from ewspush.protocol.notification import (
    KNOWN_EVENTS,
    MailboxEvent,
    Notification,
    ObjectKind,
    ResponseClass,
    ResponseMessage,
)

MAX_IDENTIFIER_CHARACTERS: Final = 64 * 1024
"""Of a SubscriptionId or a watermark. They are kept in one DynamoDB item, whose limit is 400 KB; real ones have under
200 characters."""

MAX_RAW_XML_CHARACTERS: Final = 2 * hardened_xml.MAX_BODY_BYTES
"""Of all unknown events of a POST. Written out, each repeats the namespaces it uses, which the body declares once."""

_ENVELOPE: Final = S + "Envelope"
_HEADER: Final = S + "Header"
_BODY: Final = S + "Body"
_MUST_UNDERSTAND: Final = S + "mustUnderstand"
_OPERATION: Final = M + "SendNotification"
_MESSAGES: Final = M + "ResponseMessages"
_MESSAGE: Final = M + "SendNotificationResponseMessage"
_NOTIFICATION: Final = M + "Notification"
_RESPONSE_CODE: Final = M + "ResponseCode"
_MESSAGE_TEXT: Final = M + "MessageText"
_MESSAGE_XML: Final = M + "MessageXml"
_SUBSCRIPTION_ID: Final = T + "SubscriptionId"
_PREVIOUS_WATERMARK: Final = T + "PreviousWatermark"
_MORE_EVENTS: Final = T + "MoreEvents"
_WATERMARK: Final = T + "Watermark"
_TIME_STAMP: Final = T + "TimeStamp"
_UNREAD_COUNT: Final = T + "UnreadCount"

_EVENT_NAMES: Final[dict[object, str]] = {T + name: name for name in KNOWN_EVENTS}
_TEXTS: Final = frozenset({_SUBSCRIPTION_ID, _PREVIOUS_WATERMARK, _MORE_EVENTS})
_IDS: Final[dict[object, tuple[str, str | None, ObjectKind | None]]] = {
    T + "ItemId": ("id", "change_key", ObjectKind.ITEM),
    T + "FolderId": ("id", "change_key", ObjectKind.FOLDER),
    T + "ParentFolderId": ("parent_folder_id", "parent_change_key", None),
    T + "OldItemId": ("old_id", "old_change_key", None),
    T + "OldFolderId": ("old_id", "old_change_key", None),
    T + "OldParentFolderId": ("old_parent_folder_id", None, None),
}
_CLASSES: Final[dict[str | None, ResponseClass]] = {member.value: member for member in ResponseClass}
_TRUE: Final = frozenset({"true", "1"})
_BOOLEANS: Final[dict[str | None, bool]] = {"true": True, "1": True, "false": False, "0": False}
"""xs:boolean has four spellings; any other is as good as absent, for nothing hangs on it."""

_INT: Final = re.compile(r"[+-]?[0-9]{1,10}")


def parse_notification(body: bytes) -> Notification:
    """Return the notification that `body` holds.

    Raises `UnreadableNotificationError` (answer 400) or its child `TooLargeError` (413).
    """
    operation = _operation(hardened_xml.parse(body))
    raw_xml = _RawXml()
    messages = tuple(_message(element, raw_xml) for element in _response_messages(operation))
    if not messages:
        raise UnreadableNotificationError(Refusal.NO_MESSAGE, "no response message in the notification")
    return Notification(messages)


def _operation(root: etree._Element) -> etree._Element:
    if root.tag != _ENVELOPE:
        raise UnreadableNotificationError(Refusal.NOT_SOAP, "the root is not a SOAP 1.1 envelope")
    bodies = []
    for child in root:
        tag = child.tag
        if tag == _BODY:
            bodies.append(child)
        elif tag == _HEADER:
            _refuse_mandatory_blocks(child)
    if len(bodies) != 1:
        raise UnreadableNotificationError(Refusal.NOT_SOAP, "the envelope does not have exactly one Body")
    operations = list(bodies[0])
    if len(operations) != 1 or operations[0].tag != _OPERATION:
        message = "the Body does not hold exactly one SendNotification"
        raise UnreadableNotificationError(Refusal.NOT_A_NOTIFICATION, message)
    return operations[0]


def _refuse_mandatory_blocks(header: etree._Element) -> None:
    """SOAP 1.1, section 4.2.3: a mandatory header block that is not understood must not be ignored."""
    for block in header:
        mandatory = block.get(_MUST_UNDERSTAND)
        if mandatory is not None and mandatory.strip() in _TRUE and not str(block.tag).startswith(T):
            message = "a header marked mustUnderstand is not understood"
            raise UnreadableNotificationError(Refusal.HEADER_NOT_UNDERSTOOD, message)


def _response_messages(operation: etree._Element) -> list[etree._Element]:
    return [child for group in operation if group.tag == _MESSAGES for child in group if child.tag == _MESSAGE]


class _RawXml:
    """Writes the unknown events of one POST out, up to `MAX_RAW_XML_CHARACTERS`."""

    def __init__(self) -> None:
        self._left = MAX_RAW_XML_CHARACTERS

    def of(self, element: etree._Element) -> str:
        """Return `element` with the namespaces it uses, and not all that are in scope, as a copy has them."""
        text = etree.tostring(copy.copy(element), encoding="unicode", with_tail=False)
        self._left -= len(text)
        if self._left < 0:
            raise UnreadableNotificationError(Refusal.TOO_LARGE, "the unknown events are too large, when serialized")
        return text


def _message(element: etree._Element, raw_xml: _RawXml) -> ResponseMessage:
    parts = _first_of_each(element)
    notification = parts.get(_NOTIFICATION)
    response_class = _response_class(element, notification)
    values = _values(parts[_MESSAGE_XML]) if _MESSAGE_XML in parts else {}
    texts, events = _contents(notification, raw_xml)
    subscription_id = texts.get(_SUBSCRIPTION_ID)
    if response_class is ResponseClass.ERROR:
        subscription_id = subscription_id or values.get("SubscriptionId")
    elif subscription_id is None:
        message = "a notification names no subscription"
        raise UnreadableNotificationError(Refusal.NO_SUBSCRIPTION_ID, message)
    return ResponseMessage(
        response_class,
        _identifier(_text(parts.get(_RESPONSE_CODE))),
        _text(parts.get(_MESSAGE_TEXT)),
        _integer(values.get("BackOffMilliseconds")),
        _identifier(subscription_id),
        _identifier(texts.get(_PREVIOUS_WATERMARK)),
        _BOOLEANS.get(texts.get(_MORE_EVENTS)),
        tuple(events),
    )


def _first_of_each(element: etree._Element) -> dict[object, etree._Element]:
    """Return the children by tag, the first of each: one walk instead of a search for every name."""
    children: dict[object, etree._Element] = {}
    for child in element:
        tag = child.tag
        if tag not in children:
            children[tag] = child
    return children


def _values(message_xml: etree._Element) -> dict[str | None, str | None]:
    return {value.get("Name"): _text(value) for value in message_xml.iterchildren(T + "Value")}


def _response_class(element: etree._Element, notification: etree._Element | None) -> ResponseClass:
    """Only Error may lack the Notification; a class that is missing or unknown is read by what the message holds."""
    response_class = _CLASSES.get(element.get("ResponseClass"), ResponseClass.SUCCESS)
    if notification is None and response_class is not ResponseClass.ERROR:
        message = "a message that is no error holds no Notification"
        raise UnreadableNotificationError(Refusal.NO_SUBSCRIPTION_ID, message)
    return response_class


def _contents(
    notification: etree._Element | None, raw_xml: _RawXml
) -> tuple[dict[object, str | None], list[MailboxEvent]]:
    """Return the texts of a Notification by tag, the first of each, and its events in order."""
    texts: dict[object, str | None] = {}
    events = []
    for child in notification if notification is not None else ():
        tag = child.tag
        if tag in _EVENT_NAMES:
            events.append(_event(child, _EVENT_NAMES[tag]))
        elif tag in _TEXTS:
            if tag not in texts:
                texts[tag] = _text(child)
        elif _is_unknown_event(child):
            events.append(_unknown_event(child, raw_xml))
    return texts, events


def _event(element: etree._Element, name: str) -> MailboxEvent:
    fields: dict[str, Any] = {}
    for child in element:
        tag = child.tag
        if tag == _WATERMARK:
            fields["watermark"] = _identifier(_text(child))
        elif tag in _IDS:
            id_field, change_key_field, kind = _IDS[tag]
            fields[id_field] = child.get("Id")
            if change_key_field is not None:
                fields[change_key_field] = child.get("ChangeKey")
            if kind is not None:
                fields["object"] = kind
        elif tag == _TIME_STAMP:
            fields["timestamp"] = _text(child)
        elif tag == _UNREAD_COUNT:
            fields["unread_count"] = _integer(_text(child))
    return MailboxEvent(name, **fields)


def _is_unknown_event(element: etree._Element) -> bool:
    """An event of a later schema: in the types namespace, and named or shaped like BaseNotificationEventType."""
    tag = str(element.tag)
    return tag.startswith(T) and (tag.endswith("Event") or _WATERMARK in _first_of_each(element))


def _unknown_event(element: etree._Element, raw_xml: _RawXml) -> MailboxEvent:
    children = _first_of_each(element)
    return MailboxEvent(
        etree.QName(element).localname,
        watermark=_identifier(_text(children.get(_WATERMARK))),
        timestamp=_text(children.get(_TIME_STAMP)),
        raw_xml=raw_xml.of(element),
    )


def _text(element: etree._Element | None) -> str | None:
    """Return the whole stripped text; None where there is none, as every such type of the schema is non-empty."""
    if element is None:
        return None
    text = element.text if not len(element) else "".join(element.itertext())
    return (text.strip() or None) if text is not None else None


def _identifier(text: str | None) -> str | None:
    if text is not None and len(text) > MAX_IDENTIFIER_CHARACTERS:
        message = f"an identifier has more than {MAX_IDENTIFIER_CHARACTERS} characters"
        raise UnreadableNotificationError(Refusal.IDENTIFIER_TOO_LONG, message)
    return text


def _integer(text: str | None) -> int | None:
    """xs:int, or None; a counter is no reason to refuse the event that carries it."""
    return int(text) if text is not None and _INT.fullmatch(text) else None
