"""The stream side of the forwarder: which records count, and what is reported back."""

import json
from typing import Any

import pytest

from ewspush.adapters.log_items import items_of
from ewspush.domain.ports import UnavailableError
from ewspush.domain.subscription import LoggedNotification
from ewspush.handlers import forwarder as module
from ewspush.handlers.forwarder import Forwarder, UnfinishedBatchError
from ewspush.settings import ForwarderSettings
from tests.aws import RETENTION
from tests.stories import NOON
from tests.twins.event_log import MemoryEventLog
from tests.twins.faults import FaultPlan
from tests.twins.queue import MemoryQueue


def notification(*ids: str, subscription: str = "sub") -> LoggedNotification:
    """Return a logged notification of events."""
    documents = tuple({"id": name, "data": {"unread_count": 3, "old_id": None}} for name in ids)
    return LoggedNotification(subscription, "2026-03-04T12:00:00.000000Z#1", NOON, 1, documents)


def record(number: int, image: Any, name: str = "INSERT") -> dict[str, Any]:
    """Return a record of the stream."""
    return {
        "eventName": name,
        "eventID": str(number),
        "dynamodb": {"SequenceNumber": f"{number:09d}", "NewImage": image},
    }


def inserted(number: int, *ids: str) -> dict[str, Any]:
    """Return the record of a notification that was logged."""
    return record(number, items_of(notification(*ids), RETENTION)[0])


def always() -> bool:
    """There is time."""
    return True


def test_events_become_messages_with_the_document_as_body() -> None:
    """Group: the subscription. Deduplication: the event's id."""
    queue = MemoryQueue()
    Forwarder(queue, MemoryQueue(), MemoryEventLog()).forward({"Records": [inserted(1, "a", "b")]}, always)
    assert [(message.group, message.deduplication_id) for message in queue.messages] == [("sub", "a"), ("sub", "b")]
    assert [json.loads(message.body) for message in queue.messages] == list(notification("a", "b").events)


def test_only_insertions_of_heads_count() -> None:
    """Expiry removes items, and continuations are read with their head."""
    queue = MemoryQueue()
    image = items_of(notification("a"), RETENTION)[0]
    records = [record(1, image, "REMOVE"), record(2, image, "MODIFY"), record(3, image | {"part_of": {"S": "x"}})]
    handover = Forwarder(queue, MemoryQueue(), MemoryEventLog()).forward({"Records": records}, always)
    assert (handover.resume_from, queue.messages) == (None, [])


def test_a_long_notification_is_sent_whole_and_in_order() -> None:
    """Its continuations are asked for where its head is met."""
    queue = MemoryQueue()
    head = notification("a")
    log = MemoryEventLog(**{head.arrival: [notification("b"), notification("c")]})
    image = items_of(head, RETENTION)[0] | {"parts": {"N": "3"}}
    Forwarder(queue, MemoryQueue(), log).forward({"Records": [record(1, image)]}, always)
    assert [message.deduplication_id for message in queue.messages] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "image",
    [
        {},
        {"subscription": {"S": "sub"}},
        items_of(notification("a"), RETENTION)[0] | {"events": {"S": "no list"}},
        items_of(notification("a"), RETENTION)[0] | {"events": {"L": [{"M": {"no": {"S": "id"}}}]}},
        items_of(notification("a"), RETENTION)[0] | {"received_at": {"S": "some day"}},
        items_of(notification("a"), RETENTION)[0] | {"generation": {"S": "first"}},
        items_of(notification("a"), RETENTION)[0] | {"parts": {"N": "2"}},
        None,
    ],
)
def test_a_poison_record_ends_on_the_failure_destination_whole(image: Any) -> None:
    """And the batch goes on."""
    queue, dead_letters = MemoryQueue(), MemoryQueue()
    poison = record(2, image)
    records = [inserted(1, "a"), poison, inserted(3, "b")]
    handover = Forwarder(queue, dead_letters, MemoryEventLog()).forward({"Records": records}, always)
    assert (handover.resume_from, handover.dead_lettered) == (None, 1)
    assert json.loads(dead_letters.messages[0].body)["record"] == poison
    assert [message.deduplication_id for message in queue.messages] == ["a", "b"]


def test_continuations_that_cannot_be_read_now_are_no_poison() -> None:
    """The table is throttled: the record is told again."""

    class Throttled(MemoryEventLog):
        def rest_of(self, head: LoggedNotification, parts: int) -> list[LoggedNotification]:
            raise UnavailableError(f"{head.arrival} {parts}")

    dead_letters = MemoryQueue()
    image = items_of(notification("a"), RETENTION)[0] | {"parts": {"N": "2"}}
    handover = Forwarder(MemoryQueue(), dead_letters, Throttled()).forward({"Records": [record(1, image)]}, always)
    assert (handover.resume_from, dead_letters.messages) == ("000000001", [])


class _Context:
    """What Lambda passes along."""

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"

    def get_remaining_time_in_millis(self) -> int:
        """There is time."""
        return 60_000


@pytest.mark.parametrize("partial", [True, False])
def test_a_stopped_batch_is_told_again(partial: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """From its position where the source takes one, else as a whole."""
    queue = MemoryQueue(requests=FaultPlan(refuse=[2], error=UnavailableError))
    monkeypatch.setattr(module, "_forwarder", lambda: Forwarder(queue, MemoryQueue(), MemoryEventLog()))
    monkeypatch.setattr(module, "_settings", lambda: ForwarderSettings("e", "q", "d", partial))
    event = {"Records": [inserted(1, "a"), inserted(2, "b"), inserted(3, "c")]}
    if partial:
        assert module.handler(event, _Context()) == {"batchItemFailures": [{"itemIdentifier": "000000002"}]}
    else:
        with pytest.raises(UnfinishedBatchError):
            module.handler(event, _Context())
    assert module.handler(event, _Context()) == {"batchItemFailures": []}
    assert [message.deduplication_id for message in queue.messages] == ["a", "b", "c"]
