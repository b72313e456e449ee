"""The requests of a keeper run while no subscription is due, at different numbers of subscriptions."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import Any, Final, NoReturn

from bench.report import Budget, Figure
from bench.request_meter import RequestMeter
from ewspush.adapters.clock import utc_now
from ewspush.adapters.dynamodb import DynamoDBLedger
from ewspush.adapters.rows import item_of
from ewspush.domain.desired import SHARDS, DesiredSubscription, new_subscription
from ewspush.domain.keeper import Keeper
from ewspush.domain.subscription import State
from ewspush.domain.timing import Timing
from ewspush.handlers import keeper as handler
from ewspush.handlers.keeper import KeeperRun
from local.deployment import Deployment

SIZES: Final = (100, 10_000)
_BATCH_ITEMS: Final = 25
"""The limit of BatchWriteItem."""


class _Unused:
    """A collaborator that an idle run must not use."""

    def __getattr__(self, name: str) -> NoReturn:
        message = f"an idle run uses {name}"
        raise AssertionError(message)


def figures(deployment: Deployment) -> list[Figure]:
    """Return the requests of an idle run at each number of subscriptions."""
    handler.logger.setLevel(logging.CRITICAL)
    meter = RequestMeter()
    client = deployment.emulator.client("dynamodb")
    tables = (deployment.subscriptions_table, deployment.events_table)
    ledger = DynamoDBLedger(meter.attach(deployment.emulator.client("dynamodb")), *tables, timedelta(days=1))
    unused: Any = _Unused()
    timing = Timing(timedelta(minutes=1))
    keeper = Keeper(ledger, unused, unused, utc_now, timing)
    run = KeeperRun(keeper, ledger, utc_now, timing, 1, lambda: ThreadPoolExecutor(1))
    measured, items, existing = [], _idle_items(), 0
    for size in SIZES:
        _add(client, deployment.subscriptions_table, islice(items, size - existing))
        existing = size
        meter.reset()
        run.run(0, lambda: True)
        name = f"idle run, {size:,} subscriptions"
        measured.append(Figure(name, meter.requests.total(), "requests", budget=Budget(at_most=SHARDS)))
    return measured


def _idle_items() -> Iterator[dict[str, Any]]:
    """Yield the items of active subscriptions that are due tomorrow."""
    number = 0
    while True:
        number += 1
        subscription = new_subscription(DesiredSubscription(f"idle-{number}@example.com"), utc_now())
        yield item_of(replace(subscription, state=State.ACTIVE, next_check_at=utc_now() + timedelta(days=1)))


def _add(client: Any, table: str, items: Iterator[dict[str, Any]]) -> None:  # noqa: ANN401  # a boto3 client
    while batch := list(islice(items, _BATCH_ITEMS)):
        client.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": item}} for item in batch]})
