"""The forwarder in a process of its own, while the queue fails or the process is killed."""

import json
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from local.consumer import Consumer
from local.deployment import Deployment
from local.lambda_process import LambdaProcess
from local.runtime_api import FunctionError
from tests.e2e.aws_proxy import AwsProxy, Treatment, answer_lost, answer_lost_after, forwarded, refused, request_lost
from tests.e2e.handlers import FORWARDER, logged, stream_event, stream_record
from tests.e2e.mailbox import Mailbox
from tests.e2e.notifications import ITEM_PREFIX, item

pytestmark = pytest.mark.starts_processes

DONE: dict[str, Any] = {"batchItemFailures": []}

Start: TypeAlias = Callable[..., LambdaProcess]


def _redelivered(event: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    """Return what the stream delivers again: everything from the reported position on."""
    (failure,) = response["batchItemFailures"]
    positions = [record["dynamodb"]["SequenceNumber"] for record in event["Records"]]
    return {"Records": event["Records"][positions.index(failure["itemIdentifier"]) :]}


def _queued(consumer: Consumer, mailbox: Mailbox) -> list[str]:
    return [json.loads(message["Body"])["subject"] for message in consumer.received(mailbox.key)]


@pytest.fixture
def forwarder(start: Start) -> LambdaProcess:
    """Start the forwarder with the setting that it has on AWS."""
    return start(FORWARDER, REPORT_PARTIAL_BATCHES="true")


@pytest.fixture
def pair(new_mailbox: Callable[[], Mailbox]) -> tuple[Mailbox, Mailbox]:
    """Return two mailboxes whose notifications alternate in the stream."""
    return new_mailbox(), new_mailbox()


@pytest.fixture
def batch(pair: tuple[Mailbox, Mailbox]) -> dict[str, Any]:
    """Return six records; the first holds three events, so that a batch can stop in the middle of it."""
    one, other = pair
    return stream_event(
        logged(one, [1, 2, 3]),
        logged(other, [1]),
        logged(one, [4]),
        logged(other, [2]),
        logged(other, [3]),
        logged(one, [5]),
    )


def test_each_mailbox_keeps_its_order(
    forwarder: LambdaProcess, batch: dict[str, Any], pair: tuple[Mailbox, Mailbox], consumer: Consumer
) -> None:
    """All events of both mailboxes arrive, each in the order of the stream."""
    assert forwarder.invoke(batch) == DONE
    assert _queued(consumer, pair[0]) == [item(number) for number in range(1, 6)]
    assert _queued(consumer, pair[1]) == [item(number) for number in range(1, 4)]


@pytest.mark.parametrize(("sent", "resume_from"), [(0, "100"), (1, "100"), (2, "100"), (3, "102"), (4, "104")])
@pytest.mark.parametrize(
    "treatment",
    [
        pytest.param(refused(503, "ServiceUnavailable"), id="unavailable"),
        pytest.param(request_lost, id="connection-reset"),
        pytest.param(answer_lost, id="answer-lost"),
    ],
)
def test_a_batch_stops_where_the_queue_fails_and_resumes_there(  # noqa: PLR0913, PLR0917  # fixtures
    forwarder: LambdaProcess,
    aws: AwsProxy,
    batch: dict[str, Any],
    pair: tuple[Mailbox, Mailbox],
    consumer: Consumer,
    sent: int,
    resume_from: str,
    treatment: Treatment,
) -> None:
    """Redelivered from the reported position, each event is queued once and in the order of its mailbox."""
    aws.plan("SendMessageBatch", *[forwarded] * sent, always=treatment)
    stopped = forwarder.invoke(batch)
    aws.plan("SendMessageBatch")
    assert stopped == {"batchItemFailures": [{"itemIdentifier": resume_from}]}
    assert forwarder.invoke(_redelivered(batch, stopped)) == DONE
    assert _queued(consumer, pair[0]) == [item(number) for number in range(1, 6)]
    assert _queued(consumer, pair[1]) == [item(number) for number in range(1, 4)]


def test_the_batch_of_a_killed_forwarder_is_redelivered_whole(
    forwarder: LambdaProcess,
    aws: AwsProxy,
    batch: dict[str, Any],
    pair: tuple[Mailbox, Mailbox],
    consumer: Consumer,
) -> None:
    """The stream got no report; the queue deduplicates the events that were sent before."""
    aws.plan("SendMessageBatch", forwarded, forwarded, answer_lost_after(forwarder.kill))
    with pytest.raises(FunctionError, match=r"Runtime\.ExitError"):
        forwarder.invoke(batch)
    forwarder.restart()
    assert forwarder.invoke(batch) == DONE
    assert _queued(consumer, pair[0]) == [item(number) for number in range(1, 6)]
    assert _queued(consumer, pair[1]) == [item(number) for number in range(1, 4)]


def test_a_forwarder_without_partial_batches_raises(start: Start, aws: AwsProxy, batch: dict[str, Any]) -> None:
    """The stream then redelivers the whole batch."""
    aws.plan("SendMessageBatch", always=refused(503, "ServiceUnavailable"))
    with pytest.raises(FunctionError) as raised:
        start(FORWARDER, REPORT_PARTIAL_BATCHES="false").invoke(batch)
    assert raised.value.error_type == "UnfinishedBatchError"


def test_an_unreadable_record_goes_to_the_dead_letter_queue_whole(
    forwarder: LambdaProcess,
    batch: dict[str, Any],
    pair: tuple[Mailbox, Mailbox],
    consumer: Consumer,
    deployment: Deployment,
) -> None:
    """With the reason; the rest of the batch is forwarded."""
    image = {"subscription": {"S": pair[0].key}, "arrival": {"S": ITEM_PREFIX}, "events": {"S": "no list"}}
    poison = stream_record(f"1015{pair[0].key}", image)
    batch["Records"].insert(1, poison)
    assert forwarder.invoke(batch) == DONE
    dead = Consumer(deployment, deployment.dead_letter_queue_url).received("failed-records")
    letters = [json.loads(message["Body"]) for message in dead]
    assert [letter["record"] for letter in letters] == [poison]
    assert letters[0]["reason"].startswith("not a notification of ours")
    assert _queued(consumer, pair[0]) == [item(number) for number in range(1, 6)]
    assert _queued(consumer, pair[1]) == [item(number) for number in range(1, 4)]
