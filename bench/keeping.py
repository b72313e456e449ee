"""What a tick of the keeper costs while nothing is due: the same, however many subscriptions there are."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import Any, Final, NoReturn

from bench.meter import Meter
from bench.report import Budget, Figure
from ewspush.adapters.clock import utc_now
from ewspush.adapters.dynamodb import DynamoDBLedger
from ewspush.adapters.rows import item_of
from ewspush.domain.desired import SHARDS, DesiredSubscription, new_subscription
from ewspush.domain.keeper import Keeper
from ewspush.domain.renewing.rules import Policy
from ewspush.domain.subscription import State
from ewspush.handlers import keeper as handler
from ewspush.handlers.keeper import KeeperRun
from local.deployment import Deployment

SIZES: Final = (100, 10_000)
_BATCH: Final = 25
"""BatchWriteItem takes so many."""


class _Nobody:
    """Stands for everything that an idle tick must not ask."""

    def __getattr__(self, name: str) -> NoReturn:
        message = f"an idle tick asks for {name}"
        raise AssertionError(message)


def figures(deployment: Deployment) -> list[Figure]:
    """Return the requests of an idle tick, at each number of subscriptions."""
    handler.logger.setLevel(logging.CRITICAL)
    meter = Meter()
    client = deployment.emulator.client("dynamodb")
    tables = (deployment.subscriptions_table, deployment.events_table)
    ledger = DynamoDBLedger(meter.attach(deployment.emulator.client("dynamodb")), *tables, timedelta(days=1))
    nobody: Any = _Nobody()
    policy = Policy(timedelta(minutes=1), resume_is_trusted=True)
    ticker = KeeperRun(Keeper(ledger, nobody, nobody, utc_now, nobody, policy, ""), 1, lambda: ThreadPoolExecutor(1))
    found, rows, there = [], _idle(), 0
    for size in SIZES:
        _add(client, deployment.subscriptions_table, islice(rows, size - there))
        there = size
        meter.reset()
        ticker.tick(0, lambda: True)
        name = f"idle tick, {size:,} subscriptions"
        found.append(Figure(name, meter.requests.total(), "requests", budget=Budget(at_most=SHARDS)))
    return found


def _idle() -> Iterator[dict[str, Any]]:
    """Yield active subscriptions that are due tomorrow."""
    number = 0
    while True:
        number += 1
        row = new_subscription(DesiredSubscription(f"idle-{number}@example.com"), utc_now())
        yield item_of(replace(row, state=State.ACTIVE, next_check_at=utc_now() + timedelta(days=1)))


def _add(client: Any, table: str, items: Iterator[dict[str, Any]]) -> None:  # noqa: ANN401  # a boto3 client
    while batch := list(islice(items, _BATCH)):
        client.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": item}} for item in batch]})
