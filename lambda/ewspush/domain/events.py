"""What the consumer gets: CloudEvents 1.0, one document for the log and the queue (schemas/mailbox-event.v1.json)."""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from ewspush.domain.callback import Callback
from ewspush.domain.timestamps import iso, rfc3339
from ewspush.protocol.notification import MailboxEvent
from ewspush.protocol.watermark import is_real

Document: TypeAlias = dict[str, Any]

DATA_SCHEMA: Final = "tag:ews-push,2026:/schemas/mailbox-event.v1.json"

MAX_DOCUMENT_BYTES: Final = 240 * 1024
"""Of one event: below the 256 KiB that every SQS engine takes, and below DynamoDB's 400 KB an item."""

_CUT_CHARACTERS: Final = 8 * 1024

_PLAIN_IN_A_PATH: Final = "!$&'*+=@"
"""What addresses have and a path segment may have too (RFC 3986, section 3.3); CloudEvents wants a URI-reference."""

KINDS: Final = {
    "NewMailEvent": "new_mail",
    "CreatedEvent": "created",
    "DeletedEvent": "deleted",
    "ModifiedEvent": "modified",
    "MovedEvent": "moved",
    "CopiedEvent": "copied",
    "FreeBusyChangedEvent": "free_busy_changed",
}
"""What the mail server calls an event -> what follows `ews.mailbox.` in its type."""


class GapReason(StrEnum):
    """Why changes may be missing in the time range of a gap event."""

    CHAIN_MISMATCH = "chain-mismatch"
    """A notification does not follow from the one before."""

    SUBSCRIPTION_LOST = "subscription-lost"
    """The server said that the subscription is gone; `response_code` is how."""

    RESUME_UNPROVEN = "resume-unproven"
    """A renewed subscription may have started from now instead of from the last watermark."""

    WATERMARK_REFUSED = "watermark-refused"
    """The server no longer knew the last watermark, so the renewed subscription starts from now."""

    NOT_RESUMED = "not-resumed"
    """No watermark was known to resume from."""

    SUBSCRIBED_LATE = "subscribed-late"
    """The first subscription did not come about at once."""

    NOT_RECOVERED = "not-recovered"
    """A sync could not tell all that earlier gaps swallowed: they stay open."""


def push_documents(callback: Callback, events: Iterable[MailboxEvent], received_at: datetime) -> list[Document]:
    """Return the documents of `events` in order, heartbeats left out, each id once."""
    documents = (_push_document(callback, event, received_at) for event in events if not event.is_heartbeat)
    return list({document["id"]: document for document in documents}.values())


def gap_document(callback: Callback, reason: GapReason, start: datetime, end: datetime, code: str | None) -> Document:
    """Return the document that says: between `start` and `end` changes may have gone unseen, and why.

    `code` is the ResponseCode with which the server said so, if it did.
    """
    data = {
        "mailbox": callback.mailbox,
        "subscription": callback.subscription,
        "from": iso(start),
        "to": iso(end),
        "reason": reason.value,
        "response_code": code,
        "received_at": iso(end),
        "origin": "push",
    }
    identity = (callback.mailbox, callback.subscription, callback.generation, reason, iso(start))
    return new_document("gap", stable_id(identity), callback, iso(end), data)


def _push_document(callback: Callback, event: MailboxEvent, received_at: datetime) -> Document:
    data: Document = {
        "mailbox": callback.mailbox,
        "subscription": callback.subscription,
        "object": event.object.value if event.object is not None else None,
        "id": event.id,
        "change_key": event.change_key,
        "parent_folder_id": event.parent_folder_id,
        "old_id": event.old_id,
        "old_parent_folder_id": event.old_parent_folder_id,
        "unread_count": event.unread_count,
        "watermark": event.watermark,
        "received_at": iso(received_at),
        "origin": "push",
    }
    if event.raw_xml is not None:
        data |= {"name": event.type, "raw_xml": event.raw_xml}
    time = rfc3339(event.timestamp) or iso(received_at)
    kind = KINDS.get(event.type, "unknown")
    return fitted(new_document(kind, _event_id(callback, event), callback, time, data, subject=event.id))


def new_document(  # noqa: PLR0913, PLR0917  # the attributes of CloudEvents
    kind: str, identity: str, callback: Callback, time: str, data: Document, subject: str | None = None
) -> Document:
    """Return a CloudEvents document of type `ews.mailbox.<kind>`."""
    return {
        "specversion": "1.0",
        "id": identity,
        "source": f"/mailboxes/{quote(callback.mailbox, safe=_PLAIN_IN_A_PATH)}",
        "type": f"ews.mailbox.{kind}",
        **({"subject": subject} if subject else {}),
        "time": time,
        "datacontenttype": "application/json",
        "dataschema": DATA_SCHEMA,
        "data": data,
    }


def _event_id(callback: Callback, event: MailboxEvent) -> str:
    """Return the same id for the same change, whichever POST or subscription of the mailbox tells of it.

    Several events can share one watermark, so it takes the object too; the parent folder, because a deletion is told
    once for each folder it is seen in; the timestamp only where there is no watermark.
    """
    point = event.watermark if is_real(event.watermark) else event.timestamp
    where = (event.parent_folder_id, event.old_id, event.old_parent_folder_id)
    return stable_id((callback.mailbox, point, event.type, event.object, event.id, *where, event.raw_xml))


def stable_id(parts: tuple[object, ...]) -> str:
    """Return the same id for the same parts."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def encoded(document: Document) -> str:
    """Return the document as JSON, compact: the body of the SQS message."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=int)


def fitted(document: Document) -> Document:
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
