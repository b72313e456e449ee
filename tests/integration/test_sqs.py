"""Which refusals of SQS are tried again later, and which are final."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from ewspush.adapters.sqs import SQSQueue
from ewspush.domain.ports import Message, SendResult
from ewspush.errors import UnavailableError
from tests.aws import Aws, moto

MESSAGES = [Message("a", "1", "good"), Message("b", "2", "bad"), Message("c", "3", "good")]


@pytest.fixture
def aws() -> Iterator[Aws]:
    """Return an SQS on moto."""
    with moto() as running:
        yield running


def refuse(aws: Aws, code: str) -> None:
    """Refuse every request with a bad message in it."""

    def check(params: dict[str, Any], **_: Any) -> None:
        if b"bad" in str(params["body"]).encode():
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "SendMessageBatch")

    aws.sqs.meta.events.register("before-call.sqs.SendMessageBatch", check)


def test_a_request_refused_for_one_message_is_sent_message_by_message(aws: Aws) -> None:
    """The others are accepted, and the result names the one."""
    url = aws.fifo_queue()
    refuse(aws, "InvalidMessageContents")
    assert SQSQueue(aws.sqs, url).send(MESSAGES) == [
        SendResult(accepted=True),
        SendResult(accepted=False, rejected="InvalidMessageContents"),
        SendResult(accepted=True),
    ]
    assert [message["Body"] for message in aws.received(url)] == ["good", "good"]


@pytest.mark.parametrize(
    "code", ["RequestThrottled", "ServiceUnavailable", "AccessDenied", "AWS.SimpleQueueService.NonExistentQueue"]
)
def test_a_refusal_that_may_pass_is_tried_again_later(aws: Aws, code: str) -> None:
    """No message is rejected for it."""
    refuse(aws, code)
    with pytest.raises(UnavailableError):
        SQSQueue(aws.sqs, aws.fifo_queue()).send(MESSAGES)


def test_a_request_without_an_answer_is_tried_again_later(aws: Aws) -> None:
    """Whether SQS accepted it is not known."""

    def silent(**_: Any) -> None:
        raise ReadTimeoutError(endpoint_url="sqs")

    aws.sqs.meta.events.register("before-call.sqs.SendMessageBatch", silent)
    with pytest.raises(UnavailableError):
        SQSQueue(aws.sqs, aws.fifo_queue()).send(MESSAGES)


@pytest.mark.parametrize(
    ("failed", "rejected"),
    [
        ({"Code": "InvalidParameterValue", "SenderFault": True}, "InvalidParameterValue"),
        ({"Code": "InternalError", "SenderFault": False}, None),
        ({"Code": "KmsThrottled", "SenderFault": True}, None),
        ({"Code": "RequestThrottled", "SenderFault": True}, None),
    ],
)
def test_an_entry_is_rejected_only_where_it_is_at_fault_itself(
    aws: Aws, failed: dict[str, Any], rejected: str | None
) -> None:
    """SQS blames the sender for throttling too."""

    def answer(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Successful"] = [entry for entry in parsed["Successful"] if entry["Id"] != "1"]
        parsed["Failed"] = [{"Id": "1", **failed}]

    aws.sqs.meta.events.register("after-call.sqs.SendMessageBatch", answer)
    results = SQSQueue(aws.sqs, aws.fifo_queue()).send(MESSAGES)
    assert [(result.accepted, result.rejected) for result in results] == [(True, None), (False, rejected), (True, None)]
