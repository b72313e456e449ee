"""`LoggedNotification` <-> item of the events table.

A short notification is a list of documents, which a person reads in the console. A long one is the same list as JSON in
gzip, which takes a tenth of the write units (docs/adr/0020).
"""

import json
import zlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from ewspush.adapters.attributes import plain, typed
from ewspush.adapters.cloud_events import Document, documents_of, encoded, events_of, message_of
from ewspush.domain.events import MAX_ENTRY_EVENTS, LoggedNotification
from ewspush.domain.ports import Message
from ewspush.domain.subscription import SubscriptionKey
from ewspush.domain.timestamps import from_iso, iso
from ewspush.errors import EntryTooLongError

MAX_LIST_BYTES: Final = 8 * 1024
"""Of the events as JSON, which DynamoDB counts much the same: seven with the ids of Exchange, ten with WorkMail's."""

MAX_GZIP_BYTES: Final = 300_000
"""Of the events in gzip, counted as zlib puts them out. It holds back 64 KiB at most, and an item takes 400 KB."""

_GZIP: Final = 31
"""Window bits with which zlib writes and reads the form of gzip, so that `gunzip` shows the events as well."""


def log_item(notification: LoggedNotification, retention: timedelta) -> dict[str, Any]:
    """Return the item that holds `notification` for `retention`. Raises `EntryTooLongError` where none does."""
    if len(notification.events) > MAX_ENTRY_EVENTS:
        raise EntryTooLongError(notification.events[MAX_ENTRY_EVENTS].id)
    item = {
        "subscription": notification.key,
        "arrival": notification.arrival,
        "generation": notification.generation,
        "received_at": iso(notification.received_at),
        "expires_at": int((notification.received_at + retention).timestamp()),
        "watermark": notification.watermark,
        "previous_watermark": notification.previous_watermark,
        **_stored(documents_of(notification)),
    }
    return {name: typed(value) for name, value in item.items() if value is not None}


def notification_of(item: Mapping[str, Any]) -> LoggedNotification:
    """Return the notification that `item` holds."""
    values = {name: plain(value) for name, value in item.items()}
    documents = _documents(values)
    return LoggedNotification(
        SubscriptionKey(values["subscription"]),
        documents[0]["data"]["mailbox"],
        values["arrival"],
        from_iso(values["received_at"]),
        int(values["generation"]),
        events_of(documents),
        watermark=values.get("watermark"),
        previous_watermark=values.get("previous_watermark"),
    )


def messages_of(item: Mapping[str, Any]) -> tuple[Message, ...]:
    """Return a message for each event of `item`. Raises LookupError, TypeError or ValueError for none of ours."""
    values = {name: plain(item[name]) for name in ("subscription", "events", "events_gzip") if name in item}
    key = SubscriptionKey(values["subscription"])
    return tuple(message_of(key, document) for document in _documents(values))


def _stored(documents: list[Document]) -> dict[str, list[Document] | bytes]:
    texts = [encoded(document).encode() for document in documents]
    if len(b"[" + b",".join(texts) + b"]") <= MAX_LIST_BYTES:
        return {"events": documents}
    return {"events_gzip": _compressed(documents, texts)}


def _compressed(documents: list[Document], texts: list[bytes]) -> bytes:
    """Return the list of `documents`, whose JSON is `texts`, in gzip; stop at the first one that does not fit."""
    compressor = zlib.compressobj(wbits=_GZIP)
    chunks: list[bytes] = []
    size = 0
    for document, text in zip(documents, texts, strict=True):
        chunk = compressor.compress((b"," if chunks else b"[") + text)
        size += len(chunk)
        if size > MAX_GZIP_BYTES:
            raise EntryTooLongError(document["id"])
        chunks.append(chunk)
    return b"".join([*chunks, compressor.compress(b"]"), compressor.flush()])


def _documents(values: Mapping[str, Any]) -> list[Document]:
    if "events_gzip" not in values:
        events: list[Document] = values["events"]
        return events
    try:
        documents: list[Document] = json.loads(zlib.decompress(values["events_gzip"], _GZIP))
    except zlib.error as error:
        message = "events_gzip is not in the form of gzip"
        raise ValueError(message) from error
    return documents
