"""What the events table holds: a list that a person can read, or the same compressed."""

import gzip
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from ewspush.adapters.cloud_events import documents_of, encoded
from ewspush.adapters.log_items import MAX_LIST_BYTES, log_item, messages_of, notification_of
from ewspush.domain.events import ChangeEvent, EventKind, LoggedNotification, Origin, log_entry
from ewspush.protocol.notification import MailboxEvent, ObjectKind
from tests.aws import RETENTION, stream_image
from tests.builders import MAILBOX, NOON, callback
from tests.sizes import item_bytes
from tests.unit.adapters.each_event import each_event, pushed_events

EXCHANGE_ID_CHARACTERS: Final = 152
MAX_ITEM_BYTES: Final = 400 * 1024
"""Of DynamoDB."""


def of_size(size_bytes: int) -> LoggedNotification:
    """Return a notification whose documents take so many bytes as JSON."""
    entry = log_entry(callback(), NOON, (ChangeEvent("1", EventKind.CREATED, NOON, NOON, Origin.PUSH, name="é"),))
    missing = size_bytes - len(encoded(documents_of(entry)).encode())
    event = entry.events[0]
    assert isinstance(event, ChangeEvent)
    return replace(entry, events=(replace(event, change_key="k" * (missing + len("null") - 2)),))


def created(count: int) -> LoggedNotification:
    """Return a notification of so many new items, with ids as long as Exchange's."""
    events = (
        MailboxEvent(
            "CreatedEvent",
            ObjectKind.ITEM,
            f"{number:0{EXCHANGE_ID_CHARACTERS}d}",
            parent_folder_id="f" * EXCHANGE_ID_CHARACTERS,
            watermark=f"{number:040d}",
            timestamp="2026-03-04T11:59:00Z",
        )
        for number in range(count)
    )
    return log_entry(callback(), NOON, pushed_events(*events), "w2", "w1")


def write_units(item: dict[str, Any]) -> int:
    """Return what an item costs in a transaction: two units for each KB."""
    return 2 * -(-item_bytes(item) // 1024)


@pytest.mark.parametrize("events", [each_event()[:1], each_event(), each_event() * 30], ids=["one", "short", "long"])
def test_a_notification_reads_back_as_it_was_logged(events: Any) -> None:
    """Whichever form it has, and whatever the events are."""
    entry = log_entry(callback(), NOON, tuple(events), "w2", "w1")
    assert notification_of(log_item(entry, RETENTION)) == entry


def test_it_expires_after_the_retention() -> None:
    """The time to live of the table is in seconds."""
    assert log_item(created(1), timedelta(days=2))["expires_at"] == {"N": str(int(NOON.timestamp()) + 2 * 86_400)}


def test_a_short_notification_is_a_list_of_documents() -> None:
    """An administrator reads it in the console."""
    item = log_item(of_size(MAX_LIST_BYTES), RETENTION)
    assert set(item["events"]["L"][0]["M"]) == set(documents_of(of_size(1_000))[0])
    assert "events_gzip" not in item


def test_a_longer_one_is_the_same_list_in_gzip() -> None:
    """So `base64 -d | gunzip` shows it."""
    entry = of_size(MAX_LIST_BYTES + 1)
    item = log_item(entry, RETENTION)
    assert json.loads(gzip.decompress(item["events_gzip"]["B"])) == documents_of(entry)
    assert "events" not in item


@pytest.mark.parametrize("count", [1, 100])
def test_both_forms_become_the_same_messages(count: int) -> None:
    """Also as the event of a stream has them."""
    entry = created(count)
    item = log_item(entry, RETENTION)
    assert [message.body for message in messages_of(item)] == [encoded(document) for document in documents_of(entry)]
    assert messages_of(stream_image(item)) == messages_of(item)


def test_a_long_notification_costs_no_more_than_a_short_one() -> None:
    """As a list a hundred events of Exchange would cost some 180 write units."""
    assert write_units(log_item(created(100), RETENTION)) < write_units(log_item(of_size(MAX_LIST_BYTES), RETENTION))


def test_thousands_of_events_fit_an_item() -> None:
    """What comes after an hour without a connection."""
    assert item_bytes(log_item(created(4_500), RETENTION)) < MAX_ITEM_BYTES


def test_the_mailbox_is_that_of_the_events() -> None:
    """The item has no attribute of its own for it."""
    assert notification_of(log_item(created(1), RETENTION)).mailbox == MAILBOX
