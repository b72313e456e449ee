"""FIFO queues on SQS."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from ewspush.domain.ports import Message, SendResult
from ewspush.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import BatchResultErrorEntryTypeDef

_PERMANENT: Final = ("InvalidMessageContents", "InvalidParameterValue", "BatchRequestTooLong", "MessageTooLong")
_PASSING: Final = ("throttl", "overlimit", "kms", "internal", "unavailable")


class SQSQueue:
    """`MessageQueue` on one SQS FIFO queue."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, messages: Sequence[Message]) -> list[SendResult]:
        """A request refused for what one message holds is sent again message by message, to find the one."""
        try:
            return self._send(messages)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if not code.endswith(_PERMANENT):
                raise UnavailableError(str(error)) from error
            if len(messages) == 1:
                return [SendResult(accepted=False, rejected=code)]
            return [result for message in messages for result in self.send([message])]
        except BotoCoreError as error:
            raise UnavailableError(str(error)) from error

    def _send(self, messages: Sequence[Message]) -> list[SendResult]:
        answer = self._client.send_message_batch(
            QueueUrl=self._queue_url,
            Entries=[
                {
                    "Id": str(number),
                    "MessageBody": message.body,
                    "MessageGroupId": message.group,
                    "MessageDeduplicationId": message.deduplication_id,
                }
                for number, message in enumerate(messages)
            ],
        )
        accepted = {entry["Id"] for entry in answer.get("Successful", [])}
        faults = {entry["Id"]: _permanent_fault(entry) for entry in answer.get("Failed", [])}
        return [SendResult(number in accepted, faults.get(number)) for number in map(str, range(len(messages)))]


def _permanent_fault(entry: "BatchResultErrorEntryTypeDef") -> str | None:
    """Return the code where the message itself is at fault; SQS blames the sender for some throttling too."""
    code = entry["Code"]
    is_passing = not entry["SenderFault"] or any(word in code.lower() for word in _PASSING)
    return None if is_passing else code
