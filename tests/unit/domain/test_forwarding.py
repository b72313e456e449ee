"""From the log to the queue: once, in order, and nothing given up in silence."""

import json
from collections.abc import Callable

import pytest

from ewspush.domain.forwarding import MAX_BATCH_BYTES, Record, forward
from ewspush.domain.ports import Message, SendResult, UnavailableError
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
    """Refuse those requests before they are done."""
    return FaultPlan(refuse=requests, error=UnavailableError)


def answer_lost(*requests: int) -> FaultPlan:
    """Carry those requests out and lose their answer."""
    return FaultPlan(forget=requests, error=UnavailableError)


def test_every_event_is_on_the_queue_in_the_order_of_its_mailbox() -> None:
    """Records of two mailboxes, mixed."""
    queue = MemoryQueue()
    records = [record(1, ("a", "1"), ("a", "2")), record(2, ("b", "1")), record(3, ("a", "3"))]
    handover = forward(records, queue, MemoryQueue(), always)
    assert (handover.resume_from, handover.sent) == (None, 4)
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
def test_a_queue_that_fails_half_way_gets_the_rest_again_without_a_double(
    plan: Callable[[int], FaultPlan], at: int
) -> None:
    """The stream tells again from the position that is reported."""
    records = [record(number, ("a", str(number)), ("b", str(number))) for number in range(1, 5)]
    queue = MemoryQueue(requests=plan(at))
    resume_from = forward(records, queue, MemoryQueue(), always).resume_from
    assert resume_from is not None
    rest = [one for one in records if int(one.position) >= int(resume_from)]
    assert forward(rest, queue, MemoryQueue(), always).resume_from is None
    assert queue.bodies("a") == queue.bodies("b") == ["1", "2", "3", "4"]


def test_one_refused_entry_has_none_of_its_mailbox_behind_it() -> None:
    """Else it would come after them when it is sent again."""
    refused = {"a-2"}

    def once(message: Message) -> SendResult:
        if message.deduplication_id in refused:
            refused.remove(message.deduplication_id)
            return SendResult(taken=False)
        return SendResult(taken=True)

    queue = MemoryQueue(judge=once)
    records = [record(1, ("a", "1"), ("a", "2"), ("a", "3"), ("b", "1")), record(2, ("a", "4"))]
    assert forward(records, queue, MemoryQueue(), always).resume_from == "1"
    assert forward(records, queue, MemoryQueue(), always).resume_from is None
    assert queue.bodies("a") == ["1", "2", "3", "4"]


def test_a_record_that_cannot_be_read_goes_to_the_failure_destination_whole() -> None:
    """And the records around it go on."""
    queue, dead_letters = MemoryQueue(), MemoryQueue()
    poison = Record("2", '{"all": "of it"}', fault="not a notification of ours")
    handover = forward([record(1, ("a", "1")), poison, record(3, ("a", "2"))], queue, dead_letters, always)
    assert (handover.resume_from, handover.dead_lettered, queue.bodies("a")) == (None, 1, ["1", "2"])
    assert json.loads(dead_letters.messages[0].body) == {
        "reason": "not a notification of ours",
        "record": {"all": "of it"},
    }


def test_a_message_that_the_queue_will_never_take_takes_its_record_to_the_failure_destination() -> None:
    """The other events of the record are sent all the same."""
    dead_letters = MemoryQueue()
    queue = MemoryQueue(
        judge=lambda message: SendResult(taken=message.body != "2", rejected="TooLong" if message.body == "2" else None)
    )
    handover = forward([record(1, ("a", "1"), ("a", "2"), ("a", "3"))], queue, dead_letters, always)
    assert (handover.resume_from, queue.bodies("a")) == (None, ["1", "3"])
    assert json.loads(dead_letters.messages[0].body)["reason"] == "the queue refuses event a-2: TooLong"


@pytest.mark.parametrize(
    "dead_letters",
    [MemoryQueue(requests=unavailable(1)), MemoryQueue(judge=lambda _: SendResult(taken=False, rejected="TooLong"))],
)
def test_a_record_is_not_given_up_where_the_failure_destination_fails_too(dead_letters: MemoryQueue) -> None:
    """It is told again: better stuck, with an alarm, than gone."""
    queue, poison = MemoryQueue(), Record("2", "{}", fault="unreadable")
    assert forward([record(1, ("a", "1")), poison], queue, dead_letters, always).resume_from == "2"
    assert queue.bodies("a") == ["1"]


def test_a_record_that_cannot_be_read_now_is_told_again() -> None:
    """With everything before it sent."""
    queue, dead_letters = MemoryQueue(), MemoryQueue()
    records = [record(1, ("a", "1")), Record("2", "{}", is_unavailable=True), record(3, ("a", "2"))]
    assert forward(records, queue, dead_letters, always).resume_from == "2"
    assert (queue.bodies("a"), dead_letters.messages) == (["1"], [])


def test_what_there_is_no_time_for_is_told_again() -> None:
    """Before the function is cut off."""
    ticks = iter([True, True, False])
    queue = MemoryQueue()
    records = [record(number, ("a", str(number))) for number in range(1, 6)]
    assert forward(records, queue, MemoryQueue(), lambda: next(ticks)).resume_from == "3"
    assert queue.bodies("a") == ["1", "2"]
