"""Every minute: look at the subscriptions that are due, several at a time, for as long as there is time."""

import os
import random
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import timedelta
from functools import cache
from itertools import chain, count, islice, zip_longest
from typing import Any, Final

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from ewspush import telemetry
from ewspush.adapters import aws
from ewspush.adapters.clock import utc_now
from ewspush.adapters.credentials import SecretCredentials
from ewspush.adapters.dynamodb import DynamoDBLedger
from ewspush.adapters.ews import EwsServer
from ewspush.adapters.secrets import SecretCallbackKeys
from ewspush.adapters.sync_states import DynamoDBSyncStates
from ewspush.domain.desired import shards_of
from ewspush.domain.keeper import CheckOutcome, CheckResult, Keeper
from ewspush.domain.recovering.service import Recoverer
from ewspush.domain.renewing.rules import Policy
from ewspush.settings import KeeperSettings
from ewspush.telemetry import Metric, Service

logger = telemetry.logger(Service.KEEPER)
metrics = telemetry.metrics(Service.KEEPER)

MAX_CHECKS: Final = 2_000
"""In a tick. More than can be renewed in one; the rest is still due in the next."""

CONNECTIONS: Final = 8
"""Subscribe requests at once. Exchange 2010 allows an account ten (EWSMaxConcurrency), later ones 27."""

_DEADLINE_MARGIN_MS: Final = 22_000
"""Left for a Subscribe at its slowest and the writes around it; what is not looked at by then is still due."""

MAX_SYNC_CALLS: Final = 400
"""In a tick, for all subscriptions: they have time, and the mail server has other clients."""

_FAILED: Final = frozenset({CheckOutcome.REFUSED, CheckOutcome.UNCONFIRMED, CheckOutcome.SUSPENDED})


class KeeperRun:
    """Carries out ticks: each looks at what is due in the partitions of one keeper."""

    def __init__(self, keeper: Keeper, keepers: int, workers: Callable[[], Executor]) -> None:
        """Take the keeper, how many share the due index, and what runs looks side by side."""
        self._keeper = keeper
        self._keepers = keepers
        self._workers = workers

    def tick(self, number: int, has_time: Callable[[], bool]) -> None:
        """Look at all that is due for keeper `number`; what there is no time for is left due."""
        metrics.add_metric(Metric.KEEPER_RUNS, MetricUnit.Count, 1)
        calls = count(1)  # next() of a count is atomic

        def may_sync() -> bool:
            return has_time() and next(calls) <= MAX_SYNC_CALLS

        with self._workers() as workers:
            looks = [(key, workers.submit(self._look, key, has_time, may_sync)) for key in self._due(number)]
        for key, look in looks:
            self._note(key, look)

    def _due(self, number: int) -> Iterator[str]:
        """Return what is due, from each partition in turn: a herd in one leaves the others their turn."""
        now = self._keeper.clock()
        partitions = [self._keeper.ledger.due(shard, now) for shard in shards_of(number, self._keepers)]
        rounds = chain.from_iterable(zip_longest(*partitions))
        return islice((key for key in rounds if key is not None), MAX_CHECKS)

    def _look(
        self, subscription: str, has_time: Callable[[], bool], may_sync: Callable[[], bool]
    ) -> CheckResult | None:
        return self._keeper.look(subscription, may_sync) if has_time() else None

    def _note(self, subscription: str, future: "Future[CheckResult | None]") -> None:
        """Count a look, and log it where anything happened. One that failed leaves the others alone."""
        error = future.exception()
        if error is not None:
            logger.error("look failed", extra={"subscription": subscription, **telemetry.error_origin(error)})
            metrics.add_metric(Metric.CHECKS_FAILED, MetricUnit.Count, 1)
            return
        looked = future.result()
        if looked is None:
            metrics.add_metric(Metric.CHECKS_DEFERRED, MetricUnit.Count, 1)
            return
        metrics.add_metric(Metric.CHECKS, MetricUnit.Count, 1)
        if looked.look is CheckOutcome.RENEWED:
            metrics.add_metric(Metric.RENEWALS, MetricUnit.Count, 1)
            logger.info("subscription renewed", extra={"subscription": subscription})
        if looked.look in _FAILED:
            self._note_failure(subscription, looked)

    def _note_failure(self, subscription: str, looked: CheckResult) -> None:
        minutes = looked.overdue / self._keeper.policy.minute
        metrics.add_metric(Metric.RENEWALS_FAILED, MetricUnit.Count, 1)
        metrics.add_metric(Metric.MINUTES_OVERDUE, MetricUnit.Count, minutes)
        if looked.look is CheckOutcome.SUSPENDED:
            metrics.add_metric(Metric.SUSPENSIONS, MetricUnit.Count, 1)
        detail = {"look": looked.look, "response_code": looked.response_code, "overdue_minutes": round(minutes, 1)}
        logger.warning("subscription not renewed", extra={"subscription": subscription, **detail})


@cache
def _ticker() -> KeeperRun:
    settings = KeeperSettings.from_env(os.environ)
    secrets = aws.secrets_manager()
    retention = timedelta(days=settings.event_retention_days)
    credentials = SecretCredentials(secrets, settings.credentials_secret_arn, utc_now)
    dynamodb = aws.dynamodb()
    tables = (settings.subscriptions_table, settings.events_table)
    ledger = DynamoDBLedger(dynamodb, *tables, retention)
    states = DynamoDBSyncStates(dynamodb, settings.sync_states_table, *tables, retention)
    server = EwsServer(settings.ews_url, settings.server_version, credentials, utc_now)
    policy = Policy(timedelta(seconds=settings.minute_seconds), settings.resume_is_trusted)
    recoverer = Recoverer(ledger, states, server, utc_now, random.random, policy)
    keeper = Keeper(
        ledger,
        server,
        SecretCallbackKeys(secrets, settings.callback_secret_arn, utc_now),
        utc_now,
        random.random,
        policy,
        settings.callback_base_url,
        recoverer if settings.recovers_gaps else None,
    )
    return KeeperRun(keeper, settings.keepers, lambda: ThreadPoolExecutor(CONNECTIONS))


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Carry out one tick of keeper number `event["keeper"]`; the entry point of the function."""
    _ticker().tick(int(event["keeper"]), lambda: context.get_remaining_time_in_millis() > _DEADLINE_MARGIN_MS)
