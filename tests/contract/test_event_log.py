"""What every `EventLog` promises, the in-memory twin and DynamoDB alike."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from ewspush.adapters.event_log import DynamoDBEventLog
from ewspush.adapters.log_items import items_of
from ewspush.domain.ports import EventLog
from ewspush.domain.subscription import LoggedNotification
from tests.aws import RETENTION, aws_of
from tests.stories import NOON
from tests.twins.event_log import MemoryEventLog

PIECES = 4
Opened = Callable[[int], EventLog]


def long_notification() -> LoggedNotification:
    """Return a notification that takes `PIECES` items."""
    documents: tuple[dict[str, Any], ...] = tuple(
        {"id": str(number), "data": {"x": "x" * 200_000}} for number in range(PIECES)
    )
    return LoggedNotification("sub", "2026-03-04T12:00:00.000000Z#1", NOON, 1, documents)


def pieces() -> list[LoggedNotification]:
    """Return the notification's continuations, as they are to be read back."""
    whole = long_notification()
    return [
        replace(whole, arrival=f"{whole.arrival}.{number:03d}", events=(document,))
        for number, document in enumerate(whole.events[1:], start=2)
    ]


@pytest.fixture(params=["memory", "moto", pytest.param("engines", marks=pytest.mark.engines)])
def opened(request: pytest.FixtureRequest) -> Iterator[Opened]:
    """Return what opens a log that holds the first items of the long notification, by their number."""
    if request.param == "memory":
        yield lambda kept: MemoryEventLog(**{long_notification().arrival: pieces()[: kept - 1]})
        return
    with aws_of(request) as aws:

        def open_log(kept: int) -> EventLog:
            for item in items_of(long_notification(), RETENTION)[:kept]:
                aws.dynamodb.put_item(TableName=aws.events_table, Item=item)
            return DynamoDBEventLog(aws.dynamodb, aws.events_table)

        yield open_log


def test_the_rest_of_a_notification_is_read_in_order(opened: Opened) -> None:
    """All parts but the first."""
    assert opened(PIECES).rest_of(long_notification(), PIECES) == pieces()


def test_parts_that_are_gone_are_left_out(opened: Opened) -> None:
    """The caller counts."""
    assert opened(PIECES - 1).rest_of(long_notification(), PIECES) == pieces()[:-1]


def test_another_notification_has_no_part_in_it(opened: Opened) -> None:
    """Parts are told by the arrival of their head."""
    other = replace(long_notification(), arrival="2026-03-04T12:00:00.000000Z#2")
    assert opened(PIECES).rest_of(other, PIECES) == []
