"""From the log to the queue: once, in order, and no record dropped in silence."""

import json
from collections.abc import Callable

import pytest

from ewspush.domain.forwarding import MAX_BATCH_BYTES, Record, forward
from ewspush.domain.ports import Message, SendResult
from ewspush.errors import UnavailableError
from tests.twins.faults import FaultPlan
from tests.twins.queue import MemoryQueue


def record(position: int, *messages: tuple[str, str]) -> Record:
    """Return a record with messages as (group, body) pairs."""
    return Record(
        str(position),
        json.dumps({"record": position}),
        tuple(Message(group, f"{group}-{body}", body) for group, body in messages),
    )


def always() -> bool:
    """There is time."""
    return True


def unavailable(*requests: int) -> FaultPlan:
    """Refuse those requests before the queue does anything."""
    return FaultPlan(refuse=requests, error=UnavailableError)


def answer_lost(*requests: int) -> FaultPlan:
    """Carry those requests out and lose their answer."""
    return FaultPlan(forget=requests, error=UnavailableError)


def test_every_event_is_on_the_queue_in_the_order_of_its_mailbox() -> None:
    """Records of two mailboxes, mixed."""
    queue = MemoryQueue()
    records = [record(1, ("a", "1"), ("a", "2")), record(2, ("b", "1")), record(3, ("a", "3"))]
    result = forward(records, queue, MemoryQueue(), always)
    assert (result.resume_from, result.sent) == (None, 4)
    assert (queue.bodies("a"), queue.bodies("b")) == (["1", "2", "3"], ["1"])


def test_different_mailboxes_share_a_request() -> None:
    """Ten at most."""
    queue = MemoryQueue()
    forward([record(number, (f"mailbox-{number}", "x")) for number in range(25)], queue, MemoryQueue(), always)
    assert queue.batches == [10, 10, 5]


def test_a_request_stays_under_the_size_that_every_engine_takes() -> None:
    """Whatever the number of messages."""
    queue = MemoryQueue()
    big = "x" * (MAX_BATCH_BYTES // 3)
    forward([record(number, (f"mailbox-{number}", big)) for number in range(4)], queue, MemoryQueue(), always)
    assert queue.batches == [3, 1]


@pytest.mark.parametrize("plan", [unavailable, answer_lost])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_queue_that_fails_half_way_gets_the_rest_again_without_duplicates(
    plan: Callable[[int], FaultPlan], at: int
) -> None:
    """The stream delivers again from the position that is reported."""
    records = [record(number, ("a", str(number)), ("b", str(number))) for number in range(1, 5)]
    queue = MemoryQueue(requests=plan(at))
    resume_from = forward(records, queue, MemoryQueue(), always).resume_from
    assert resume_from is not None
    rest = [one for one in records if int(one.position) >= int(resume_from)]
    assert forward(rest, queue, MemoryQueue(), always).resume_from is None
    assert queue.bodies("a") == queue.bodies("b") == ["1", "2", "3", "4"]


def test_no_message_of_a_mailbox_overtakes_one_that_was_refused() -> None:
    """It would be sent again after them."""
    refused = {"a-2"}

    def once(message: Message) -> SendResult:
        if message.deduplication_id in refused:
            refused.remove(message.deduplication_id)
            return SendResult(accepted=False)
        return SendResult(accepted=True)

    queue = MemoryQueue(result_of=once)
    records = [record(1, ("a", "1"), ("a", "2"), ("a", "3"), ("b", "1")), record(2, ("a", "4"))]
    assert forward(records, queue, MemoryQueue(), always).resume_from == "1"
    assert forward(records, queue, MemoryQueue(), always).resume_from is None
    assert queue.bodies("a") == ["1", "2", "3", "4"]


def test_a_record_that_cannot_be_read_goes_to_the_dead_letter_queue_whole() -> None:
    """And the records around it go on."""
    queue, dead_letters = MemoryQueue(), MemoryQueue()
    unreadable = Record("2", '{"all": "of it"}', fault="not a notification of ours")
    result = forward([record(1, ("a", "1")), unreadable, record(3, ("a", "2"))], queue, dead_letters, always)
    assert (result.resume_from, result.failed_records, queue.bodies("a")) == (None, 1, ["1", "2"])
    assert [(message.group, message.deduplication_id) for message in dead_letters.messages] == [("failed-records", "2")]
    assert json.loads(dead_letters.messages[0].body) == {
        "reason": "not a notification of ours",
        "record": {"all": "of it"},
    }


def test_a_record_with_a_message_that_the_queue_never_accepts_goes_to_the_dead_letter_queue() -> None:
    """The other events of the record are sent all the same."""
    dead_letters = MemoryQueue()
    too_long = SendResult(accepted=False, rejected="TooLong")
    queue = MemoryQueue(result_of=lambda message: too_long if message.body == "2" else SendResult(accepted=True))
    result = forward([record(1, ("a", "1"), ("a", "2"), ("a", "3"))], queue, dead_letters, always)
    assert (result.resume_from, result.failed_records, queue.bodies("a")) == (None, 1, ["1", "3"])
    assert json.loads(dead_letters.messages[0].body)["reason"] == "the queue refuses event a-2: TooLong"


@pytest.mark.parametrize(
    "dead_letters",
    [
        MemoryQueue(requests=unavailable(1)),
        MemoryQueue(result_of=lambda _: SendResult(accepted=False, rejected="TooLong")),
        MemoryQueue(result_of=lambda _: SendResult(accepted=False)),
    ],
)
def test_a_record_is_not_dropped_where_the_dead_letter_queue_fails_too(dead_letters: MemoryQueue) -> None:
    """It is delivered again: better a stopped stream, with an alarm, than a lost record."""
    queue, unreadable = MemoryQueue(), Record("2", "{}", fault="unreadable")
    result = forward([record(1, ("a", "1")), unreadable], queue, dead_letters, always)
    assert (result.resume_from, result.failed_records) == ("2", 0)
    assert queue.bodies("a") == ["1"]


def test_what_there_is_no_time_for_is_delivered_again() -> None:
    """The function reports before its time-out."""
    time_left = iter([True, True, False])
    queue = MemoryQueue()
    records = [record(number, ("a", str(number))) for number in range(1, 6)]
    assert forward(records, queue, MemoryQueue(), lambda: next(time_left)).resume_from == "3"
    assert queue.bodies("a") == ["1", "2"]
