"""What the events table holds: a list that a person can read, or the same compressed."""

import gzip
import json
import string
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any, Final

import pytest

from ewspush.adapters.cloud_events import MAX_DOCUMENT_BYTES, documents_of, encoded
from ewspush.adapters.log_items import MAX_LIST_BYTES, log_item, messages_of, notification_of
from ewspush.domain.events import (
    MAX_ENTRY_EVENTS,
    ChangeEvent,
    EventKind,
    LoggedNotification,
    Origin,
    gap_event,
    log_entry,
)
from ewspush.domain.subscription import GapReason
from ewspush.errors import EntryTooLongError
from ewspush.protocol.notification import MailboxEvent, ObjectKind
from tests.aws import RETENTION, stream_image
from tests.builders import MAILBOX, NOON, callback
from tests.sizes import item_bytes
from tests.unit.adapters.each_event import each_event, pushed_events

EXCHANGE_ID_CHARACTERS: Final = 152
MAX_ITEM_BYTES: Final = 400 * 1024
"""Of DynamoDB."""
_BASE64: Final = string.ascii_letters + string.digits + "+/"


def of_size(size_bytes: int) -> LoggedNotification:
    """Return a notification whose documents take so many bytes as JSON."""
    entry = log_entry(callback(), NOON, (ChangeEvent("1", EventKind.CREATED, NOON, NOON, Origin.PUSH, name="é"),))
    (document,) = documents_of(entry)
    missing = size_bytes - len(f"[{encoded(document)}]".encode())
    event = entry.events[0]
    assert isinstance(event, ChangeEvent)
    return replace(entry, events=(replace(event, change_key="k" * (missing + len("null") - 2)),))


def created(count: int) -> LoggedNotification:
    """Return a notification of so many new items, with ids as long as Exchange's."""
    events = (new_item(f"{number:0{EXCHANGE_ID_CHARACTERS}d}", f"{number:040d}") for number in range(count))
    return log_entry(callback(), NOON, pushed_events(*events), "w2", "w1")


def new_item(item: str, watermark: str) -> MailboxEvent:
    """Return the creation of an item."""
    return MailboxEvent(
        "CreatedEvent",
        ObjectKind.ITEM,
        item,
        parent_folder_id="f" * EXCHANGE_ID_CHARACTERS,
        watermark=watermark,
        timestamp="2026-03-04T11:59:00Z",
    )


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


def test_as_many_events_as_an_entry_takes_fit_an_item() -> None:
    """Where ids and watermarks are as alike as those of a real server."""
    assert item_bytes(log_item(created(MAX_ENTRY_EVENTS), RETENTION)) < MAX_ITEM_BYTES / 3


def test_one_event_more_is_refused() -> None:
    """The error names it."""
    entry = created(MAX_ENTRY_EVENTS + 1)
    with pytest.raises(EntryTooLongError) as error_info:
        log_item(entry, RETENTION)
    assert error_info.value.event_id == entry.events[-1].id


@pytest.mark.parametrize("characters", [200, 2_000, 20_000])
def test_events_that_do_not_compress_are_refused_from_where_they_do_not_fit(characters: int) -> None:
    """What comes before fills most of an item, and is below the limit of DynamoDB."""
    random = Random(1)  # noqa: S311  # reproducible
    ids = ["".join(random.choices(_BASE64, k=characters)) for _ in range(min(MAX_ENTRY_EVENTS, 600_000 // characters))]
    entry = log_entry(callback(), NOON, pushed_events(*(new_item(each, each) for each in ids)), "w2", "w1")
    with pytest.raises(EntryTooLongError) as error_info:
        log_item(entry, RETENTION)
    fitting = [event.id for event in entry.events].index(error_info.value.event_id)
    item = log_item(replace(entry, events=entry.events[:fitting]), RETENTION)
    assert MAX_ITEM_BYTES / 2 < item_bytes(item) < MAX_ITEM_BYTES


def test_a_gap_and_the_longest_event_fit() -> None:
    """So that whatever does not fit can be cut."""
    thrice = "".join(Random(1).choices(_BASE64, k=81_000))  # noqa: S311  # reproducible
    longest = new_item(thrice, thrice)
    gap = gap_event(callback(), GapReason.CHAIN_MISMATCH, NOON, NOON)
    entry = log_entry(callback(), NOON, (gap, *pushed_events(longest)))
    assert MAX_DOCUMENT_BYTES - 4_000 < len(encoded(documents_of(entry)[1])) <= MAX_DOCUMENT_BYTES
    assert item_bytes(log_item(entry, RETENTION)) < MAX_ITEM_BYTES


def test_the_mailbox_is_that_of_the_events() -> None:
    """The item has no attribute of its own for it."""
    assert notification_of(log_item(created(1), RETENTION)).mailbox == MAILBOX
