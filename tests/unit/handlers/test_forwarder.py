"""The stream side of the forwarder: which records count, and what it reports."""

import base64
import gzip
import json
from typing import Any

import pytest

from ewspush.adapters.cloud_events import documents_of
from ewspush.adapters.log_items import log_item
from ewspush.domain.events import ChangeEvent, EventKind, LoggedNotification, Origin
from ewspush.domain.subscription import SubscriptionKey
from ewspush.errors import UnavailableError
from ewspush.handlers import forwarder as module
from ewspush.handlers.forwarder import Forwarder, UnfinishedBatchError
from ewspush.settings import ForwarderSettings
from tests.aws import RETENTION, stream_image
from tests.builders import MAILBOX, NOON
from tests.twins.faults import FaultPlan
from tests.twins.queue import MemoryQueue

KEY = SubscriptionKey("sub")


def notification(*ids: str) -> LoggedNotification:
    """Return a logged notification of events."""
    events = tuple(ChangeEvent(each, EventKind.MODIFIED, NOON, NOON, Origin.PUSH, unread_count=3) for each in ids)
    return LoggedNotification(KEY, MAILBOX, "2026-03-04T12:00:00.000000Z#1", NOON, 1, events)


def image(*ids: str) -> dict[str, Any]:
    """Return the item of a logged notification, as the stream has it."""
    return stream_image(log_item(notification(*ids), RETENTION))


def record(number: int, new_image: Any, name: str = "INSERT") -> dict[str, Any]:
    """Return a record of the stream."""
    return {
        "eventName": name,
        "eventID": str(number),
        "dynamodb": {"SequenceNumber": f"{number:09d}", "NewImage": new_image},
    }


def inserted(number: int, *ids: str) -> dict[str, Any]:
    """Return the record of a notification that was logged."""
    return record(number, image(*ids))


def always() -> bool:
    """There is time."""
    return True


def test_events_become_messages_with_the_document_as_body() -> None:
    """The group is the subscription, the deduplication id its key and the event's id."""
    queue = MemoryQueue()
    Forwarder(queue, MemoryQueue()).forward({"Records": [inserted(1, "a", "b")]}, always)
    assert [(message.group, message.deduplication_id) for message in queue.messages] == [
        ("sub", "sub-a"),
        ("sub", "sub-b"),
    ]
    assert [json.loads(message.body) for message in queue.messages] == documents_of(notification("a", "b"))


def test_each_subscription_of_a_mailbox_gets_its_events() -> None:
    """They have the same ids, also for a queue that deduplicates over all groups (ElasticMQ, moto)."""
    queue = MemoryQueue()
    of_another = image("a", "b") | {"subscription": {"S": "other"}}
    records = {"Records": [inserted(1, "a", "b"), record(2, of_another)]}
    Forwarder(queue, MemoryQueue()).forward(records, always)
    assert [len(queue.bodies(group)) for group in ("sub", "other")] == [2, 2]


def test_only_insertions_count() -> None:
    """Expiry removes items."""
    queue = MemoryQueue()
    records = [record(1, image("a"), "REMOVE"), record(2, image("a"), "MODIFY")]
    result = Forwarder(queue, MemoryQueue()).forward({"Records": records}, always)
    assert (result.resume_from, queue.messages) == (None, [])


def test_a_long_notification_is_sent_whole_and_in_order() -> None:
    """It is compressed in the table, and its messages are those of a short one."""
    queue, ids = MemoryQueue(), tuple(str(number) for number in range(100))
    Forwarder(queue, MemoryQueue()).forward({"Records": [record(1, image(*ids)), inserted(2, "last")]}, always)
    assert "events" not in image(*ids)
    assert [json.loads(message.body) for message in queue.messages] == documents_of(notification(*ids, "last"))


def test_a_document_of_a_later_version_is_passed_on() -> None:
    """Whatever it is: only its id counts here."""
    queue = MemoryQueue()
    item = image("a") | {"received_at": {"S": "some day"}, "generation": {"S": "first"}}
    item["events"]["L"][0]["M"]["type"] = {"S": "ews.mailbox.archived"}
    result = Forwarder(queue, MemoryQueue()).forward({"Records": [record(1, item)]}, always)
    assert (result.resume_from, result.failed_records) == (None, 0)
    assert [json.loads(message.body)["type"] for message in queue.messages] == ["ews.mailbox.archived"]


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"subscription": {"S": "sub"}},
        image("a") | {"events": {"S": "no list"}},
        image("a") | {"events": {"N": "1"}},
        image("a") | {"events": {"L": [{"M": {"no": {"S": "id"}}}]}},
        image("a") | {"events": {"L": [{"S": "no document"}]}},
        image("a") | {"events_gzip": {"B": "no gzip"}},
        image("a") | {"events_gzip": {"B": base64.b64encode(b"no gzip").decode()}},
        image("a") | {"events_gzip": {"B": base64.b64encode(gzip.compress(b"no JSON")).decode()}},
        image("a") | {"events_gzip": {"B": base64.b64encode(gzip.compress(b'{"id": "x"}')).decode()}},
        None,
    ],
)
def test_an_unreadable_record_goes_to_the_dead_letter_queue_whole(broken: Any) -> None:
    """The batch goes on."""
    queue, dead_letters = MemoryQueue(), MemoryQueue()
    unreadable = record(2, broken)
    records = [inserted(1, "a"), unreadable, inserted(3, "b")]
    result = Forwarder(queue, dead_letters).forward({"Records": records}, always)
    assert (result.resume_from, result.failed_records) == (None, 1)
    assert json.loads(dead_letters.messages[0].body)["record"] == unreadable
    assert [message.deduplication_id for message in queue.messages] == ["sub-a", "sub-b"]


class _Context:
    """The context that Lambda passes to a handler."""

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"

    def get_remaining_time_in_millis(self) -> int:
        """There is time."""
        return 60_000


@pytest.mark.parametrize("partial", [True, False])
def test_a_stopped_batch_is_delivered_again(partial: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """From its position where the source takes one, else as a whole."""
    queue = MemoryQueue(requests=FaultPlan(refuse=[2], error=UnavailableError))
    monkeypatch.setattr(module, "_forwarder", lambda: Forwarder(queue, MemoryQueue()))
    monkeypatch.setattr(module, "_settings", lambda: ForwarderSettings("q", "d", partial))
    event = {"Records": [inserted(1, "a"), inserted(2, "b"), inserted(3, "c")]}
    if partial:
        assert module.handler(event, _Context()) == {"batchItemFailures": [{"itemIdentifier": "000000002"}]}
    else:
        with pytest.raises(UnfinishedBatchError):
            module.handler(event, _Context())
    assert module.handler(event, _Context()) == {"batchItemFailures": []}
    assert [message.deduplication_id for message in queue.messages] == ["sub-a", "sub-b", "sub-c"]
