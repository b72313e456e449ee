"""The stack's tables and queues for tests, on moto or on the engines."""

import base64
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws

from ewspush.adapters.dynamodb import DynamoDBLedger
from ewspush.adapters.sync_states import DynamoDBSyncStates

REGION: Final = "us-east-1"
RETENTION: Final = timedelta(days=30)
DUE_INDEX: Final = "due"
SILENT_INDEX: Final = "silent"


def _keys(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]


def _strings(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


SUBSCRIPTIONS_TABLE: Final[dict[str, Any]] = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": _strings("subscription", "due_shard", "next_check_at", "silent_shard"),
    "KeySchema": _keys("subscription"),
    "GlobalSecondaryIndexes": [
        {
            "IndexName": DUE_INDEX,
            "KeySchema": _keys("due_shard", "next_check_at"),
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        },
        {
            "IndexName": SILENT_INDEX,
            "KeySchema": _keys("silent_shard", "subscription"),
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        },
    ],
}
"""As in `infra.storage`; `tests/infra/test_table_definitions.py` compares them."""

EVENTS_TABLE: Final[dict[str, Any]] = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": _strings("subscription", "arrival"),
    "KeySchema": _keys("subscription", "arrival"),
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
}
"""Likewise."""

SYNC_STATES_TABLE: Final[dict[str, Any]] = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": _strings("subscription", "record"),
    "KeySchema": _keys("subscription", "record"),
}
"""Likewise."""


@dataclass(frozen=True)
class Aws:
    """Clients, and the tables created with them. The `suffix` of their names keeps tests apart."""

    dynamodb: Any
    sqs: Any
    secrets_manager: Any
    subscriptions_table: str
    events_table: str
    sync_states_table: str
    suffix: str = ""

    @classmethod
    def on(cls, dynamodb: Any, sqs: Any, secrets_manager: Any = None, suffix: str = "") -> "Aws":
        """Create the tables with these clients."""
        subscriptions, events, sync_states = (f"{name}{suffix}" for name in ("subscriptions", "events", "syncstates"))
        dynamodb.create_table(TableName=subscriptions, **SUBSCRIPTIONS_TABLE)
        dynamodb.create_table(TableName=events, **EVENTS_TABLE)
        dynamodb.create_table(TableName=sync_states, **SYNC_STATES_TABLE)
        return cls(dynamodb, sqs, secrets_manager, subscriptions, events, sync_states, suffix)

    def ledger(self) -> DynamoDBLedger:
        """Return the ledger on its tables."""
        tables = (self.subscriptions_table, self.events_table)
        return DynamoDBLedger(self.dynamodb, *tables, RETENTION, self.sync_states_table)

    def sync_states(self) -> DynamoDBSyncStates:
        """Return the sync states on their table."""
        return DynamoDBSyncStates(self.dynamodb, self.sync_states_table)

    def fifo_queue(self, name: str = "queue") -> str:
        """Create a FIFO queue and return its URL."""
        created = self.sqs.create_queue(QueueName=f"{name}{self.suffix}.fifo", Attributes={"FifoQueue": "true"})
        url: str = created["QueueUrl"]
        return url

    def received(self, queue_url: str) -> list[dict[str, Any]]:
        """Receive and delete all messages of a queue; return them in order."""
        messages: list[dict[str, Any]] = []
        while batch := self.sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        ).get("Messages"):
            messages += batch
            for message in batch:
                self.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return messages

    def logged(self) -> list[dict[str, Any]]:
        """Return all items of the events table, as DynamoDB returns them."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.events_table)
        return [item for page in pages for item in page["Items"]]


def stream_image(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item as Lambda delivers it in the event of a stream: JSON, with bytes in base64."""
    return {
        name: {"B": base64.b64encode(value["B"]).decode()} if "B" in value else value for name, value in item.items()
    }


@cache
def _session() -> boto3.Session:
    """Return one session for all tests: it reads the models of the services, which takes a tenth of a second each."""
    return boto3.Session("test", "test", region_name=REGION)


@contextmanager
def moto() -> Iterator[Aws]:
    """Start moto and create the tables."""
    with mock_aws():
        session = _session()
        yield Aws.on(session.client("dynamodb"), session.client("sqs"), session.client("secretsmanager"))


def aws_of(request: pytest.FixtureRequest) -> AbstractContextManager[Aws]:
    """Return the AWS that a fixture's parameter names: `moto`, or `engines` (see `tests.engines`)."""
    if request.param == "moto":
        return moto()
    created: AbstractContextManager[Aws] = request.getfixturevalue("engines").aws()
    return created
