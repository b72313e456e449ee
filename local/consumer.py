"""Your consumer: takes every message off a queue, and keeps what it took."""

import json
from typing import Any

from local.deployment import Deployment


class Consumer:
    """The consumer of one queue; it deletes what it takes."""

    def __init__(self, deployment: Deployment, queue_url: str) -> None:
        """Take the queue; nothing is received yet."""
        self._sqs = deployment.emulator.client("sqs")
        self._queue_url = queue_url
        self._received: list[dict[str, Any]] = []

    def received(self, group: str) -> list[dict[str, Any]]:
        """Return all messages of `group` so far, in the order they came."""
        while batch := self._batch():
            self._received += batch
        return [message for message in self._received if message["Attributes"]["MessageGroupId"] == group]

    def documents(self, group: str) -> list[dict[str, Any]]:
        """Return the events of `group` so far, in the order they came."""
        return [json.loads(message["Body"]) for message in self.received(group)]

    def _batch(self) -> list[dict[str, Any]]:
        batch: list[dict[str, Any]] = self._sqs.receive_message(
            QueueUrl=self._queue_url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        ).get("Messages", [])
        for message in batch:
            self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
        return batch
