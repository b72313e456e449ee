"""Events <-> CloudEvents 1.0 in structured JSON: one document for log and queue (schemas/mailbox-event.v1.json)."""

import json
from collections.abc import Iterable
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from ewspush.domain.events import ChangeEvent, Event, EventKind, GapClosedEvent, GapEvent, LoggedNotification, Origin
from ewspush.domain.ports import Message
from ewspush.domain.subscription import GapReason, SubscriptionKey
from ewspush.domain.timestamps import from_iso, iso, rfc3339
from ewspush.protocol.notification import ObjectKind

Document: TypeAlias = dict[str, Any]

DATA_SCHEMA: Final = "tag:ews-push,2026:/schemas/mailbox-event.v1.json"

MAX_DOCUMENT_BYTES: Final = 240 * 1024
"""Of one event: below the 256 KiB that every SQS engine takes, and below DynamoDB's 400 KB an item."""

_TYPE_PREFIX: Final = "ews.mailbox."
_KINDS: Final = {_TYPE_PREFIX + kind: kind for kind in EventKind}
_CUT_CHARACTERS: Final = 8 * 1024

_PLAIN_IN_A_PATH: Final = "!$&'*+=@"
"""What addresses have and a path segment may have too (RFC 3986, section 3.3); CloudEvents wants a URI-reference."""


def documents_of(notification: LoggedNotification) -> list[Document]:
    """Return the documents of the events of `notification`, in order."""
    return [_document(event, notification.key, notification.mailbox) for event in notification.events]


def events_of(documents: Iterable[Document]) -> tuple[Event, ...]:
    """Return the events that `documents` hold."""
    return tuple(_event(document) for document in documents)


def message_of(key: SubscriptionKey, document: Document) -> Message:
    """Return the message that publishes `document`: passed on as it is, also what a later version has added.

    Subscriptions of one mailbox share event ids, and not every queue deduplicates group by group, so the key is part of
    the deduplication id.
    """
    return Message(key, f"{key}-{document['id']}", encoded(document))


def encoded(document: Document) -> str:
    """Return the document as JSON, compact: the body of the SQS message."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=int)


def _document(event: Event, key: SubscriptionKey, mailbox: str) -> Document:
    data: Document = {"mailbox": mailbox, "subscription": key}
    if isinstance(event, ChangeEvent):
        return _fitted(_envelope(event, mailbox, rfc3339(event.time), data | _change_data(event), event.object_id))
    return _envelope(event, mailbox, iso(event.received_at), data | _gap_data(event))


def _envelope(event: Event, mailbox: str, time: str, data: Document, subject: str | None = None) -> Document:
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": f"/mailboxes/{quote(mailbox, safe=_PLAIN_IN_A_PATH)}",
        "type": _TYPE_PREFIX + event.kind,
        **({"subject": subject} if subject else {}),
        "time": time,
        "datacontenttype": "application/json",
        "dataschema": DATA_SCHEMA,
        "data": data,
    }


def _change_data(event: ChangeEvent) -> Document:
    data: Document = {
        "object": event.object.value if event.object is not None else None,
        "id": event.object_id,
        "change_key": event.change_key,
        "parent_folder_id": event.parent_folder_id,
        "old_id": event.old_id,
        "old_parent_folder_id": event.old_parent_folder_id,
        "unread_count": event.unread_count,
        "watermark": event.watermark,
        "received_at": iso(event.received_at),
        "origin": event.origin.value,
    }
    return data | {"name": event.name, "raw_xml": event.raw_xml} if event.raw_xml is not None else data


def _gap_data(event: GapEvent | GapClosedEvent) -> Document:
    data: Document = {"from": iso(event.start), "to": iso(event.end)}
    if isinstance(event, GapClosedEvent) or event.gaps:
        data |= {"gaps": list(event.gaps), "recovered": event.recovered}
    if isinstance(event, GapClosedEvent) and event.deleted_folders:
        data["deleted_folders"] = list(event.deleted_folders)
    if isinstance(event, GapEvent):
        data |= {"reason": event.reason.value, "response_code": event.response_code}
    return data | {"received_at": iso(event.received_at), "origin": event.origin.value}


def _event(document: Document) -> Event:
    """Raises LookupError, TypeError or ValueError for a document that is none of ours."""
    data = document["data"]
    kind = _KINDS.get(document["type"])
    if kind is None:  # of a later version: all that the rules need of it is the id
        moment = from_iso(document["time"])
        return ChangeEvent(document["id"], EventKind.UNKNOWN, moment, moment, Origin.PUSH)
    received_at = from_iso(data["received_at"])
    if kind is EventKind.GAP_CLOSED:
        span = (from_iso(data["from"]), from_iso(data["to"]))
        folders = tuple(data.get("deleted_folders", ()))
        return GapClosedEvent(document["id"], *span, received_at, tuple(data["gaps"]), int(data["recovered"]), folders)
    if kind is EventKind.GAP:
        return _gap_event(document["id"], data)
    return ChangeEvent(
        document["id"],
        kind,
        from_iso(document["time"]),
        received_at,
        Origin(data["origin"]),
        object=ObjectKind(data["object"]) if data["object"] is not None else None,
        object_id=data["id"],
        change_key=data["change_key"],
        parent_folder_id=data["parent_folder_id"],
        old_id=data["old_id"],
        old_parent_folder_id=data["old_parent_folder_id"],
        unread_count=data["unread_count"],
        watermark=data["watermark"],
        name=data.get("name"),
        raw_xml=data.get("raw_xml"),
    )


def _gap_event(identity: str, data: Document) -> GapEvent:
    return GapEvent(
        identity,
        from_iso(data["from"]),
        from_iso(data["to"]),
        GapReason(data["reason"]),
        from_iso(data["received_at"]),
        Origin(data["origin"]),
        data["response_code"],
        tuple(data.get("gaps", ())),
        data.get("recovered"),
    )


def _fitted(document: Document) -> Document:
    """Cut the over-long strings of a document that fits no message, and name them in `data.truncated`.

    No real server writes such ids; a POST is not refused for one of its events.
    """
    if len(encoded(document).encode()) <= MAX_DOCUMENT_BYTES:
        return document
    data = document["data"]
    data["truncated"] = [
        name for name, value in data.items() if isinstance(value, str) and len(value) > _CUT_CHARACTERS
    ]
    for name in data["truncated"]:
        data[name] = data[name][:_CUT_CHARACTERS]
    document.pop("subject", None)
    return document
