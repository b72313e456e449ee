"""A consumer of the event queue: it receives and deletes every message, and remembers them."""

import json
from typing import Any

from local.deployment import Deployment
from local.waiting import wait_for


class Consumer:
    """The only consumer of a queue."""

    def __init__(self, deployment: Deployment, queue_url: str) -> None:
        self._sqs = deployment.emulator.client("sqs")
        self._queue_url = queue_url
        self._received: list[dict[str, Any]] = []

    def received(self, group: str) -> list[dict[str, Any]]:
        """Return all messages of `group` so far, in the order of their arrival."""
        while batch := self._batch():
            self._received += batch
        return [message for message in self._received if message["Attributes"]["MessageGroupId"] == group]

    def wait_for_messages(self, group: str, count: int) -> list[dict[str, Any]]:
        """Return the messages of `group` as soon as there are `count`, or more. Raises `TimeoutError`."""

        def enough() -> list[dict[str, Any]] | None:
            messages = self.received(group)
            return messages if len(messages) >= count else None

        return wait_for(enough, f"{count} messages of {group}")

    def events(self, group: str) -> list[dict[str, Any]]:
        """Return the events of `group` so far, in the order of their arrival."""
        return [json.loads(message["Body"]) for message in self.received(group)]

    def _batch(self) -> list[dict[str, Any]]:
        batch: list[dict[str, Any]] = self._sqs.receive_message(
            QueueUrl=self._queue_url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        ).get("Messages", [])
        for message in batch:
            self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
        return batch
