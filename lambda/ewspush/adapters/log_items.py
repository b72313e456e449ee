"""`LoggedNotification` <-> items of the events table: one item, or several where one would be over DynamoDB's limit.

The first item stands for the notification: it is the one the stream is followed by. What does not fit goes into
continuation items, written in the same transaction and marked `part_of`, which the forwarder reads when it meets the
first: a stream promises no order among the items of one transaction.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from ewspush.adapters.attributes import plain, typed
from ewspush.domain.events import Document, encoded
from ewspush.domain.subscription import LoggedNotification
from ewspush.domain.timestamps import from_iso, iso

MAX_ITEM_BYTES: Final = 350_000
"""Of the events in one item, counted as JSON, which is never shorter than DynamoDB's own count; the limit is 400 KB."""


def items_of(logged: LoggedNotification, retention: timedelta) -> list[dict[str, Any]]:
    """Return the items that hold `logged` for `retention`, the one that the forwarder follows first."""
    parts = list(_parts(logged.events))
    common = {
        "subscription": logged.subscription,
        "generation": logged.generation,
        "received_at": iso(logged.received_at),
        "expires_at": int((logged.received_at + retention).timestamp()),
        "watermark": logged.watermark,
        "previous_watermark": logged.previous_watermark,
    }
    head: dict[str, Any] = {"arrival": logged.arrival, "events": parts[0]}
    if len(parts) > 1:
        head["parts"] = len(parts)
    rest = [
        {"arrival": continuation(logged.arrival, number), "events": part, "part_of": logged.arrival}
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
        values["subscription"],
        values["arrival"],
        from_iso(values["received_at"]),
        int(values["generation"]),
        tuple(values["events"]),
        watermark=values.get("watermark"),
        previous_watermark=values.get("previous_watermark"),
    )


def _serialized(item: dict[str, Any]) -> dict[str, Any]:
    return {name: typed(value) for name, value in item.items() if value is not None}


def _parts(events: Sequence[Document]) -> Iterator[list[Document]]:
    part: list[Document] = []
    size_bytes = 0
    for event in events:
        event_bytes = len(encoded(event).encode())
        if part and size_bytes + event_bytes > MAX_ITEM_BYTES:
            yield part
            part, size_bytes = [], 0
        part.append(event)
        size_bytes += event_bytes
    yield part
