"""Bytes of a POST -> `Notification`, by namespace and local name; prefixes mean nothing.

Everything the schema makes optional may be missing, unknown elements are passed over, an id is never guessed. Servers
send error messages that the schema forbids (no Notification element), so the schema itself is not the judge.
"""

from typing import Final

from lxml import etree

from ewspush.protocol import hardened_xml
from ewspush.protocol.errors import Refusal, UnreadableNotificationError
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

_EVENT_NAMES: Final = {T + name: name for name in KNOWN_EVENTS}
_NOT_EVENTS: Final = frozenset({T + "SubscriptionId", T + "PreviousWatermark", T + "MoreEvents"})
_IDS: Final = {
    T + "ItemId": ("id", "change_key", ObjectKind.ITEM),
    T + "FolderId": ("id", "change_key", ObjectKind.FOLDER),
    T + "OldItemId": ("old_id", "old_change_key", None),
    T + "OldFolderId": ("old_id", "old_change_key", None),
    T + "ParentFolderId": ("parent_folder_id", "parent_change_key", None),
    T + "OldParentFolderId": ("old_parent_folder_id", None, None),
}
_TRUE: Final = frozenset({"true", "1"})
_FALSE: Final = frozenset({"false", "0"})


def read(body: bytes) -> Notification:
    """Return the notification that `body` holds.

    Raises `UnreadableNotificationError` (answer 400) or its child `TooLargeError` (413).
    """
    root = hardened_xml.parse(body)
    operation = _operation(root)
    messages = operation.findall(f"{M}ResponseMessages/{M}SendNotificationResponseMessage")
    if not messages:
        raise UnreadableNotificationError(Refusal.NO_MESSAGE, "no response message in the notification")
    return Notification(tuple(_message(element) for element in messages))


def _operation(root: etree._Element) -> etree._Element:
    if root.tag != S + "Envelope":
        raise UnreadableNotificationError(Refusal.NOT_SOAP, "the root is not a SOAP 1.1 envelope")
    _refuse_mandatory_headers(root)
    bodies = root.findall(S + "Body")
    if len(bodies) != 1:
        raise UnreadableNotificationError(Refusal.NOT_SOAP, "the envelope does not have exactly one Body")
    operations = list(bodies[0])
    if len(operations) != 1 or operations[0].tag != M + "SendNotification":
        message = "the Body does not hold exactly one SendNotification"
        raise UnreadableNotificationError(Refusal.NOT_A_NOTIFICATION, message)
    return operations[0]


def _refuse_mandatory_headers(root: etree._Element) -> None:
    """SOAP 1.1, section 4.2.3: a mandatory header that is not understood must not be ignored."""
    for block in root.iterfind(f"{S}Header/*"):
        mandatory = block.get(S + "mustUnderstand", "0").strip() in _TRUE
        if mandatory and not str(block.tag).startswith(T):
            message = "a header marked mustUnderstand is not understood"
            raise UnreadableNotificationError(Refusal.HEADER_NOT_UNDERSTOOD, message)


def _message(element: etree._Element) -> ResponseMessage:
    notification = element.find(M + "Notification")
    response_class = _response_class(element, notification)
    values = {value.get("Name"): _text(value) for value in element.iterfind(f"{M}MessageXml/{T}Value")}
    subscription_id = values.get("SubscriptionId")
    previous_watermark = more_events = None
    events: tuple[MailboxEvent, ...] = ()
    if notification is not None:
        subscription_id = _child_text(notification, T + "SubscriptionId") or subscription_id
        previous_watermark = _identifier(_child_text(notification, T + "PreviousWatermark"))
        more_events = _boolean(_child_text(notification, T + "MoreEvents"))
        events = tuple(_events(notification))
    if subscription_id is None and response_class is not ResponseClass.ERROR:
        message = "a notification names no subscription"
        raise UnreadableNotificationError(Refusal.NO_SUBSCRIPTION_ID, message)
    return ResponseMessage(
        response_class,
        response_code=_child_text(element, M + "ResponseCode"),
        message_text=_child_text(element, M + "MessageText"),
        back_off_ms=_integer(values.get("BackOffMilliseconds")),
        subscription_id=_identifier(subscription_id),
        previous_watermark=previous_watermark,
        more_events=more_events,
        events=events,
    )


def _response_class(element: etree._Element, notification: etree._Element | None) -> ResponseClass:
    """Only Error may lack the Notification; a class that is missing or unknown is read by what the message holds."""
    declared = element.get("ResponseClass")
    if declared == ResponseClass.ERROR:
        return ResponseClass.ERROR
    if notification is None:
        message = "a message that is no error holds no Notification"
        raise UnreadableNotificationError(Refusal.NO_SUBSCRIPTION_ID, message)
    return ResponseClass.WARNING if declared == ResponseClass.WARNING else ResponseClass.SUCCESS


def _events(notification: etree._Element) -> list[MailboxEvent]:
    events = []
    for element in notification:
        name = _EVENT_NAMES.get(str(element.tag))
        if name is not None:
            events.append(_event(element, name))
        elif _is_unknown_event(element):
            events.append(_unknown_event(element))
    return events


def _event(element: etree._Element, name: str) -> MailboxEvent:
    fields: dict[str, str | int | ObjectKind | None] = {}
    for child in element:
        tag = child.tag
        if tag == T + "Watermark":
            fields["watermark"] = _identifier(_text(child))
        elif tag == T + "TimeStamp":
            fields["timestamp"] = _text(child)
        elif tag == T + "UnreadCount":
            fields["unread_count"] = _integer(_text(child))
        elif tag in _IDS:
            id_field, change_key_field, kind = _IDS[tag]
            fields[id_field] = child.get("Id")
            if change_key_field is not None:
                fields[change_key_field] = child.get("ChangeKey")
            if kind is not None:
                fields["object"] = kind
    return MailboxEvent(name, **fields)  # type: ignore[arg-type]  # each field was set with its own type above


def _is_unknown_event(element: etree._Element) -> bool:
    """An event of a later schema: in the types namespace, and named or shaped like BaseNotificationEventType."""
    tag = str(element.tag)
    if not tag.startswith(T) or tag in _NOT_EVENTS:
        return False
    return tag.endswith("Event") or element.find(T + "Watermark") is not None


def _unknown_event(element: etree._Element) -> MailboxEvent:
    return MailboxEvent(
        etree.QName(element).localname,
        watermark=_identifier(_child_text(element, T + "Watermark")),
        timestamp=_child_text(element, T + "TimeStamp"),
        raw_xml=etree.tostring(element, encoding="unicode", with_tail=False),
    )


def _text(element: etree._Element) -> str | None:
    """Return the stripped text; None where there is none, as every such type of the schema is non-empty."""
    text = element.text
    return (text.strip() or None) if text is not None else None


def _child_text(element: etree._Element, tag: str) -> str | None:
    child = element.find(tag)
    return _text(child) if child is not None else None


def _identifier(text: str | None) -> str | None:
    if text is not None and len(text) > MAX_IDENTIFIER_CHARACTERS:
        message = f"an identifier has more than {MAX_IDENTIFIER_CHARACTERS} characters"
        raise UnreadableNotificationError(Refusal.IDENTIFIER_TOO_LONG, message)
    return text


def _boolean(text: str | None) -> bool | None:
    """xs:boolean has four spellings; any other is as good as absent, for nothing hangs on it."""
    if text in _TRUE:
        return True
    return False if text in _FALSE else None


def _integer(text: str | None) -> int | None:
    """xs:int, or None; a counter is no reason to refuse the event that carries it."""
    try:
        return int(text) if text is not None and len(text) <= len("-2147483648") else None
    except ValueError:
        return None
