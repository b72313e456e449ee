"""The tables and queues of the stack on moto, made from the same names that the adapters use."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import boto3
from moto import mock_aws

from ewspush.adapters.dynamodb import DynamoDBLedger

REGION: Final = "us-east-1"
RETENTION: Final = timedelta(days=30)


@dataclass(frozen=True)
class Aws:
    """Clients, and what was made with them."""

    dynamodb: Any
    sqs: Any
    secrets_manager: Any
    subscriptions_table: str
    events_table: str

    def ledger(self) -> DynamoDBLedger:
        """Return a ledger on the two tables."""
        return DynamoDBLedger(self.dynamodb, self.subscriptions_table, self.events_table, RETENTION)

    def fifo_queue(self, name: str = "queue") -> str:
        """Make a FIFO queue and return its URL."""
        url: str = self.sqs.create_queue(QueueName=f"{name}.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        return url

    def received(self, queue_url: str) -> list[dict[str, Any]]:
        """Take everything off a queue, in order."""
        messages: list[dict[str, Any]] = []
        while batch := self.sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        ).get("Messages"):
            messages += batch
            for message in batch:
                self.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return messages

    def logged(self) -> list[dict[str, Any]]:
        """Return all items of the events table in DynamoDB's form."""
        items: list[dict[str, Any]] = self.dynamodb.scan(TableName=self.events_table)["Items"]
        return items


@contextmanager
def moto() -> Iterator[Aws]:
    """Start moto with the two tables."""
    with mock_aws():
        session = boto3.Session("test", "test", region_name=REGION)
        dynamodb = session.client("dynamodb")
        _table(dynamodb, "subscriptions", ["subscription"])
        _table(dynamodb, "events", ["subscription", "arrival"])
        yield Aws(dynamodb, session.client("sqs"), session.client("secretsmanager"), "subscriptions", "events")


def _table(client: Any, name: str, keys: list[str]) -> None:
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)],
    )
