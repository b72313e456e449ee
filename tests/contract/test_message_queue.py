"""What every `MessageQueue` promises, the in-memory twin and SQS alike."""

from collections.abc import Callable, Iterator

import pytest

from ewspush.adapters.sqs import SQSQueue
from ewspush.domain.ports import Message, MessageQueue
from tests.aws import aws_of
from tests.twins.queue import MemoryQueue

Opened = tuple[MessageQueue, Callable[[], list[str]]]


@pytest.fixture(params=["memory", "moto", pytest.param("engines", marks=pytest.mark.engines)])
def opened(request: pytest.FixtureRequest) -> Iterator[Opened]:
    """Return an empty queue of each kind, and what receives the bodies of its messages."""
    if request.param == "memory":
        queue = MemoryQueue()
        yield queue, lambda: [message.body for message in queue.messages]
        return
    with aws_of(request) as aws:
        url = aws.fifo_queue()
        yield SQSQueue(aws.sqs, url), lambda: [message["Body"] for message in aws.received(url)]


def test_every_message_gets_a_result_and_is_on_the_queue(opened: Opened) -> None:
    """In order, ten at once."""
    queue, bodies = opened
    messages = [Message(f"group-{number}", f"id-{number}", f"body-{number}") for number in range(10)]
    assert all(result.accepted for result in queue.send(messages))
    assert sorted(bodies()) == [message.body for message in messages]


def test_a_message_sent_again_is_accepted_and_adds_nothing(opened: Opened) -> None:
    """The deduplication id says that it is the same."""
    queue, bodies = opened
    for _ in range(2):
        assert queue.send([Message("group", "id", "body")])[0].accepted
    assert bodies() == ["body"]


def test_a_group_keeps_its_order(opened: Opened) -> None:
    """Request after request."""
    queue, bodies = opened
    for number in range(5):
        queue.send([Message("group", str(number), str(number))])
    assert bodies() == ["0", "1", "2", "3", "4"]
