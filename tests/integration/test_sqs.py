"""How refusals of SQS are told apart: later, or never."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from ewspush.adapters.sqs import SQSQueue
from ewspush.domain.ports import Message, SendResult, UnavailableError
from tests.aws import Aws, moto

MESSAGES = [Message("a", "1", "good"), Message("b", "2", "bad"), Message("c", "3", "good")]


@pytest.fixture
def aws() -> Iterator[Aws]:
    """Return an SQS on moto."""
    with moto() as running:
        yield running


def refuse(aws: Aws, code: str) -> None:
    """Refuse every request with a bad message in it."""

    def look(params: dict[str, Any], **_: Any) -> None:
        if b"bad" in str(params["body"]).encode():
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "SendMessageBatch")

    aws.sqs.meta.events.register("before-call.sqs.SendMessageBatch", look)


def test_a_request_refused_for_one_message_is_sent_message_by_message(aws: Aws) -> None:
    """The others are taken, the one is named."""
    url = aws.fifo_queue()
    refuse(aws, "InvalidMessageContents")
    assert SQSQueue(aws.sqs, url).send(MESSAGES) == [
        SendResult(taken=True),
        SendResult(taken=False, rejected="InvalidMessageContents"),
        SendResult(taken=True),
    ]
    assert [message["Body"] for message in aws.received(url)] == ["good", "good"]


@pytest.mark.parametrize(
    "code", ["RequestThrottled", "ServiceUnavailable", "AccessDenied", "AWS.SimpleQueueService.NonExistentQueue"]
)
def test_a_refusal_that_may_pass_is_tried_again_later(aws: Aws, code: str) -> None:
    """Nothing is given up for it."""
    refuse(aws, code)
    with pytest.raises(UnavailableError):
        SQSQueue(aws.sqs, aws.fifo_queue()).send(MESSAGES)


def test_no_answer_is_tried_again_later(aws: Aws) -> None:
    """Whether it was taken is not known."""

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
    receipts = SQSQueue(aws.sqs, aws.fifo_queue()).send(MESSAGES)
    assert [(receipt.taken, receipt.rejected) for receipt in receipts] == [
        (True, None),
        (False, rejected),
        (True, None),
    ]
