"""The tables that a command works on: those of a deployed stack, or those of `make up`."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config

from cli.exceptions import FailedError, InvalidUsageError
from ewspush.adapters.dynamodb import DynamoDBLedger
from ewspush.adapters.rows import subscription_of
from ewspush.domain.subscription import Subscription
from ewspush.domain.timing import Timing

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

READY_FILE: Final = Path(__file__).parent.parent / ".build" / "local" / "ready.json"
"""Where `make up` keeps its ready line while it runs."""

MAX_CONCURRENT_WRITES: Final = 8
"""One at a time, ten thousand writes would take minutes."""

_STACK_CONFIG: Final = Config(
    connect_timeout=5,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 5},
    max_pool_connections=MAX_CONCURRENT_WRITES,
)
_LOCAL_CONFIG: Final = Config(
    connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 1}, max_pool_connections=MAX_CONCURRENT_WRITES
)


REAL_TIME: Final = Timing(timedelta(minutes=1))


@dataclass(frozen=True, slots=True)
class StackTables:
    """The two tables of a stack, and the `label` that an operator reads."""

    label: str
    client: "DynamoDBClient"
    subscriptions_table: str
    events_table: str
    timing: Timing
    """A protocol minute of the local run may be shorter."""

    def ledger(self) -> DynamoDBLedger:
        """Return the ledger; the retention has no effect, because the commands log no events."""
        return DynamoDBLedger(self.client, self.subscriptions_table, self.events_table, retention=timedelta())

    def scan(self) -> Iterator[Subscription]:
        """Read all subscriptions. No function of the stack may do that: the cost grows with the table."""
        pages = self.client.get_paginator("scan").paginate(TableName=self.subscriptions_table, ConsistentRead=True)
        return (subscription_of(item) for page in pages for item in page["Items"])


def find_tables(stack: str, *, is_local: bool) -> StackTables:
    """Return the tables of `stack`, or those of `make up`. Raises `CommandError`, and the errors of boto3."""
    return _tables_of_local_run(READY_FILE) if is_local else _tables_of_stack(stack)


def _tables_of_stack(name: str) -> StackTables:
    """Read the stack's outputs. boto3 itself does not read AWS_REGION, unlike other tools."""
    session = boto3.Session(region_name=os.environ.get("AWS_REGION"))
    if session.region_name is None:
        message = "no AWS region is set: export AWS_REGION=eu-west-1, or set AWS_PROFILE to a profile with a region"
        raise InvalidUsageError(message)
    stacks = session.client("cloudformation", config=_STACK_CONFIG).describe_stacks(StackName=name)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}
    hint = "it is not a stack of EWS Push, or has another version: name yours with --stack"
    tables = _values(outputs, ("SubscriptionsTable", "EventsTable"), f"stack {name} has no output {{key}}; {hint}")
    label = f"stack {name} in {session.region_name}"
    subscriptions, events = tables
    return StackTables(label, session.client("dynamodb", config=_STACK_CONFIG), subscriptions, events, REAL_TIME)


def _tables_of_local_run(ready_file: Path) -> StackTables:
    """Read the ready line of `make up`, whose AWS accepts any credentials."""
    try:
        line = json.loads(ready_file.read_text())
    except (OSError, ValueError) as error:
        message = "no local run is up: start one with `make up` in another terminal, and wait for its ready line"
        raise FailedError(message) from error
    keys = ("dynamodb", "subscriptions_table", "events_table")
    endpoint, *tables = _values(line, keys, f"{ready_file} has no {{key}}; restart `make up`")
    session = boto3.Session("local", "local", region_name="us-east-1")
    client = session.client("dynamodb", endpoint_url=endpoint, config=_LOCAL_CONFIG)
    timing = Timing(timedelta(seconds=line.get("minute_seconds", 60)))
    subscriptions, events = tables
    return StackTables(f"local run at {endpoint}", client, subscriptions, events, timing)


def _values(mapping: Any, keys: tuple[str, ...], error: str) -> list[str]:  # noqa: ANN401  # any JSON
    """Return the values of `keys`. Raises `FailedError` with the text `error` for the first that is missing."""
    for key in keys:
        if not isinstance(mapping, dict) or key not in mapping:
            raise FailedError(error.format(key=key))
    return [str(mapping[key]) for key in keys]
