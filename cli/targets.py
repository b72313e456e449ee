"""Where the subscriptions are: the tables of a deployed stack, by its outputs, or those of the local run."""

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
from ewspush.adapters.rows import row_of
from ewspush.domain.subscription import Subscription

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

READY: Final = Path(__file__).parent.parent / ".build" / "local" / "ready.json"
"""The line that `make up` prints, as long as it runs."""

WORKERS: Final = 8
"""Writes at once; one after the other, ten thousand would take minutes."""

_STACK_CONFIG: Final = Config(
    connect_timeout=5,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 5},
    max_pool_connections=WORKERS,
)
_LOCAL_CONFIG: Final = Config(
    connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 1}, max_pool_connections=WORKERS
)


@dataclass(frozen=True, slots=True)
class Place:
    """The two tables, and what to call them to people."""

    label: str
    client: "DynamoDBClient"
    subscriptions: str
    events: str

    def ledger(self) -> DynamoDBLedger:
        """Return the ledger; how long events are kept does not matter, for nothing is logged from here."""
        return DynamoDBLedger(self.client, self.subscriptions, self.events, retention=timedelta())

    def rows(self) -> Iterator[Subscription]:
        """Read all rows. No function of the stack may do that: it costs as much as there is."""
        pages = self.client.get_paginator("scan").paginate(TableName=self.subscriptions, ConsistentRead=True)
        return (row_of(item) for page in pages for item in page["Items"])


def place(stack: str, *, is_local: bool) -> Place:
    """Return the place that a command line names. Raises `CommandError`, and what boto3 raises."""
    return _local_run(READY) if is_local else _stack(stack)


def _stack(name: str) -> Place:
    """Go by the outputs; AWS_REGION is read by every other tool, but not by boto3."""
    session = boto3.Session(region_name=os.environ.get("AWS_REGION"))
    if session.region_name is None:
        message = "no region is set: export AWS_REGION=eu-west-1, or AWS_PROFILE with a profile that has one"
        raise InvalidUsageError(message)
    stacks = session.client("cloudformation", config=_STACK_CONFIG).describe_stacks(StackName=name)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}
    tables = _tables(outputs, ("SubscriptionsTable", "EventsTable"), f"stack {name} has no output")
    return Place(f"stack {name} in {session.region_name}", session.client("dynamodb", config=_STACK_CONFIG), *tables)


def _local_run(ready: Path) -> Place:
    """Go by what `make up` left behind; its AWS takes any credentials."""
    try:
        line = json.loads(ready.read_text())
    except (OSError, ValueError) as error:
        message = "no local run is up: start one with `make up` in another terminal, and wait for its ready line"
        raise FailedError(message) from error
    endpoint, *tables = _tables(line, ("dynamodb", "subscriptions_table", "events_table"), f"{ready} has no")
    session = boto3.Session("local", "local", region_name="us-east-1")
    client = session.client("dynamodb", endpoint_url=endpoint, config=_LOCAL_CONFIG)
    return Place(f"local run at {endpoint}", client, *tables)


def _tables(found: Any, keys: tuple[str, ...], otherwise: str) -> list[str]:  # noqa: ANN401  # JSON of whatever kind
    missing = [key for key in keys if not isinstance(found, dict) or key not in found]
    if missing:
        message = f"{otherwise} {missing[0]}: it is not of EWS Push, or of another version of it"
        raise FailedError(message)
    return [str(found[key]) for key in keys]
