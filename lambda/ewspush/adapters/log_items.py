"""`LoggedNotification` <-> items of the events table: one item, or several where one would be over DynamoDB's limit.

The first item stands for the notification: it is the one that the stream is followed by. What does not fit goes into
continuation items, written in the same transaction and marked `part_of`, which the forwarder reads when it meets the
first: a stream promises no order among the items of one transaction (docs/adr/0005).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from ewspush.adapters.attributes import plain, typed
from ewspush.adapters.cloud_events import Document, documents_of, encoded, events_of, message_of
from ewspush.domain.events import LoggedNotification
from ewspush.domain.ports import Message
from ewspush.domain.subscription import SubscriptionKey
from ewspush.domain.timestamps import from_iso, iso

MAX_ITEM_BYTES: Final = 350_000
"""Of the events in one item, counted as JSON, which is never shorter than DynamoDB's own count; the limit is 400 KB."""


def items_of(notification: LoggedNotification, retention: timedelta) -> list[dict[str, Any]]:
    """Return the items that hold `notification` for `retention`, the one that the forwarder follows first."""
    parts = list(_parts(documents_of(notification)))
    common = {
        "subscription": notification.key,
        "generation": notification.generation,
        "received_at": iso(notification.received_at),
        "expires_at": int((notification.received_at + retention).timestamp()),
        "watermark": notification.watermark,
        "previous_watermark": notification.previous_watermark,
    }
    head: dict[str, Any] = {"arrival": notification.arrival, "events": parts[0]}
    if len(parts) > 1:
        head["parts"] = len(parts)
    rest = [
        {"arrival": continuation(notification.arrival, number), "events": part, "part_of": notification.arrival}
        for number, part in enumerate(parts[1:], start=2)
    ]
    return [_serialized(common | item) for item in (head, *rest)]


def continuation(arrival: str, number: int) -> str:
    """Return the sort key of part `number` (from 2) of the notification at `arrival`."""
    return f"{arrival}.{number:03d}"


def notification_of(item: Mapping[str, Any]) -> LoggedNotification:
    """Return what `item` holds: a notification, or one part of a long one."""
    values = {name: plain(value) for name, value in item.items()}
    return LoggedNotification(
        SubscriptionKey(values["subscription"]),
        values["events"][0]["data"]["mailbox"],
        values["arrival"],
        from_iso(values["received_at"]),
        int(values["generation"]),
        events_of(values["events"]),
        watermark=values.get("watermark"),
        previous_watermark=values.get("previous_watermark"),
    )


def messages_of(item: Mapping[str, Any]) -> tuple[Message, ...]:
    """Return a message for each event of `item`. Raises LookupError, TypeError or ValueError for none of ours."""
    key = SubscriptionKey(plain(item["subscription"]))
    return tuple(message_of(key, document) for document in plain(item["events"]))


def _serialized(item: dict[str, Any]) -> dict[str, Any]:
    return {name: typed(value) for name, value in item.items() if value is not None}


def _parts(documents: Sequence[Document]) -> Iterator[list[Document]]:
    part: list[Document] = []
    size_bytes = 0
    for document in documents:
        document_bytes = len(encoded(document).encode())
        if part and size_bytes + document_bytes > MAX_ITEM_BYTES:
            yield part
            part, size_bytes = [], 0
        part.append(document)
        size_bytes += document_bytes
    yield part
