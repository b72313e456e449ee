"""What every `EventLog` promises, the in-memory twin and DynamoDB alike."""

import json
from collections.abc import Callable, Iterator, Sequence

import pytest

from ewspush.adapters.cloud_events import Document, documents_of, message_of
from ewspush.adapters.event_log import DynamoDBEventLog
from ewspush.adapters.log_items import items_of
from ewspush.domain.events import ChangeEvent, EventKind, LoggedNotification, Origin
from ewspush.domain.ports import EventLog, Message
from ewspush.domain.subscription import SubscriptionKey
from tests.aws import RETENTION, aws_of
from tests.builders import MAILBOX, NOON
from tests.twins.event_log import MemoryEventLog

PARTS = 4
KEY = SubscriptionKey("sub")
ARRIVAL = "2026-03-04T12:00:00.000000Z#1"
Opened = Callable[[int], EventLog]


def long_notification() -> LoggedNotification:
    """Return a notification that takes `PARTS` items."""
    events = tuple(
        ChangeEvent(str(number), EventKind.CREATED, NOON, NOON, Origin.PUSH, object_id="id", change_key="x" * 200_000)
        for number in range(PARTS)
    )
    return LoggedNotification(KEY, MAILBOX, ARRIVAL, NOON, 1, events)


def rest() -> list[Document]:
    """Return the documents of all parts but the first, one each."""
    return documents_of(long_notification())[1:]


def sole_documents(parts: Sequence[Sequence[Message]]) -> list[Document]:
    """Return the document of the only message of each part; the engine may reorder its properties."""
    documents = []
    for (message,) in parts:
        document = json.loads(message.body)
        assert (message.group, message.deduplication_id) == (KEY, f"{KEY}-{document['id']}")
        documents.append(document)
    return documents


@pytest.fixture(params=["memory", "moto", pytest.param("engines", marks=pytest.mark.engines)])
def opened(request: pytest.FixtureRequest) -> Iterator[Opened]:
    """Return what opens a log that holds the first items of the long notification, by their number."""
    if request.param == "memory":
        messages: list[tuple[Message, ...]] = [(message_of(KEY, document),) for document in rest()]
        yield lambda kept: MemoryEventLog(**{ARRIVAL: messages[: kept - 1]})
        return
    with aws_of(request) as aws:

        def open_log(kept: int) -> EventLog:
            for item in items_of(long_notification(), RETENTION)[:kept]:
                aws.dynamodb.put_item(TableName=aws.events_table, Item=item)
            return DynamoDBEventLog(aws.dynamodb, aws.events_table)

        yield open_log


def test_the_rest_of_a_notification_is_read_in_order(opened: Opened) -> None:
    """All parts but the first."""
    assert sole_documents(opened(PARTS).rest_of(KEY, ARRIVAL, PARTS)) == rest()


def test_parts_that_are_gone_are_left_out(opened: Opened) -> None:
    """The caller counts."""
    assert sole_documents(opened(PARTS - 1).rest_of(KEY, ARRIVAL, PARTS)) == rest()[:-1]


def test_another_notification_has_no_part_in_it(opened: Opened) -> None:
    """A part belongs to the arrival of its first one."""
    assert opened(PARTS).rest_of(KEY, "2026-03-04T12:00:00.000000Z#2", PARTS) == []
