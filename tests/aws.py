"""The tables and queues of the stack, made from the same names that the adapters use: on moto, or on the engines."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws

from ewspush.adapters.dynamodb import DynamoDBLedger

REGION: Final = "us-east-1"
RETENTION: Final = timedelta(days=30)
DUE_INDEX: Final = "due"


def _keys(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]


def _strings(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


SUBSCRIPTIONS_TABLE: Final[dict[str, Any]] = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": _strings("subscription", "due_shard", "check_at"),
    "KeySchema": _keys("subscription"),
    "GlobalSecondaryIndexes": [
        {
            "IndexName": DUE_INDEX,
            "KeySchema": _keys("due_shard", "check_at"),
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
}
"""As `infra.storage` has it: `tests/engines/test_tables.py` holds both together."""

EVENTS_TABLE: Final[dict[str, Any]] = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": _strings("subscription", "arrival"),
    "KeySchema": _keys("subscription", "arrival"),
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
}
"""Likewise."""


@dataclass(frozen=True)
class Aws:
    """Clients, and what was made with them. `suffix` tells the names of one test from those of another."""

    dynamodb: Any
    sqs: Any
    secrets_manager: Any
    subscriptions_table: str
    events_table: str
    suffix: str = ""

    @classmethod
    def on(cls, dynamodb: Any, sqs: Any, secrets_manager: Any = None, suffix: str = "") -> "Aws":
        """Make the two tables with these clients."""
        made = cls(dynamodb, sqs, secrets_manager, f"subscriptions{suffix}", f"events{suffix}", suffix)
        dynamodb.create_table(TableName=made.subscriptions_table, **SUBSCRIPTIONS_TABLE)
        dynamodb.create_table(TableName=made.events_table, **EVENTS_TABLE)
        return made

    def ledger(self) -> DynamoDBLedger:
        """Return a ledger on the two tables."""
        return DynamoDBLedger(self.dynamodb, self.subscriptions_table, self.events_table, RETENTION)

    def fifo_queue(self, name: str = "queue") -> str:
        """Make a FIFO queue and return its URL."""
        made = self.sqs.create_queue(QueueName=f"{name}{self.suffix}.fifo", Attributes={"FifoQueue": "true"})
        url: str = made["QueueUrl"]
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
        yield Aws.on(session.client("dynamodb"), session.client("sqs"), session.client("secretsmanager"))


def aws_of(request: pytest.FixtureRequest) -> AbstractContextManager[Aws]:
    """Return the AWS that the parameter of a fixture names: `moto`, or `engines` (see `tests.engines`)."""
    if request.param == "moto":
        return moto()
    made: AbstractContextManager[Aws] = request.getfixturevalue("engines").aws()
    return made
