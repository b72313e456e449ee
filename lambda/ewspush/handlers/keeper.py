"""Every minute: check the subscriptions that are due, several at a time, for as long as there is time."""

import os
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
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
from ewspush.domain.check_result import CheckOutcome, CheckResult, Reachability
from ewspush.domain.desired import shards_of
from ewspush.domain.keeper import Keeper, MaySync
from ewspush.domain.ports import Clock, SubscriptionLedger
from ewspush.domain.recovering.service import Synchronizer
from ewspush.domain.renewing.service import Renewer
from ewspush.domain.subscription import Subscription, SubscriptionKey
from ewspush.domain.timing import Timing
from ewspush.settings import KeeperSettings
from ewspush.telemetry import Metric, Service

logger = telemetry.logger(Service.KEEPER)
metrics = telemetry.metrics(Service.KEEPER)

MAX_CHECKS: Final = 2_000
"""Upper bound on checks per run; the remainder stays due. More than one run can renew."""

CONNECTIONS: Final = 8
"""Subscribe requests at once. Exchange 2010 allows an account ten (EWSMaxConcurrency), later ones 27."""

_DEADLINE_MARGIN_MS: Final = 22_000
"""Left for a Subscribe at its slowest and the writes around it; what is not checked by then stays due."""

MAX_SYNC_CALLS: Final = 400
"""Upper bound per run, for all subscriptions: they have time, and the mail server has other clients."""

MAX_UNREACHABLE_CALLS: Final = MAX_SYNC_CALLS // 4
"""Of these, for subscriptions that are unreachable: where the door is shut for all, the recovery of others goes on."""

MAX_CALLS_OF_MAILBOX: Final = MAX_SYNC_CALLS // 4
"""Of these, for one subscription: one with a thousand folders leaves the others their turn."""

_FAILED: Final = frozenset({CheckOutcome.REFUSED, CheckOutcome.UNCONFIRMED, CheckOutcome.SUSPENDED})

_UNREACHABLE: Final = frozenset({Reachability.BECAME_UNREACHABLE, Reachability.UNREACHABLE})


@dataclass(frozen=True, slots=True)
class KeeperRun:
    """Carries out runs of the keeper: each checks what is due in the partitions of one keeper."""

    keeper: Keeper
    ledger: SubscriptionLedger
    clock: Clock
    timing: Timing
    keepers: int
    """How many share the due index."""
    workers: Callable[[], Executor]
    """Makes what runs checks side by side."""

    def run(self, number: int, has_time: Callable[[], bool]) -> None:
        """Check all that is due for keeper `number`; what there is no time for stays due."""
        metrics.add_metric(Metric.KEEPER_RUNS, MetricUnit.Count, 1)
        may_sync = _calls_of_run(has_time)
        with self.workers() as workers:
            checks = [(key, workers.submit(self._check, key, has_time, may_sync)) for key in self._due(number)]
        reported = [self._report(key, check) for key, check in checks]
        if Reachability.REACHED_AGAIN in reported:
            self._try_silent_ones_again(has_time)

    def _try_silent_ones_again(self, has_time: Callable[[], bool]) -> None:
        """The door is open again, whichever partition a subscription is in."""

        def try_again(key: SubscriptionKey) -> None:
            if has_time():
                self.keeper.renewer.try_again(key)

        keys = chain.from_iterable(self.ledger.silent(shard) for shard in shards_of(0, 1))
        with self.workers() as workers:
            for attempt in [workers.submit(try_again, key) for key in keys]:
                attempt.result()

    def _due(self, number: int) -> Iterator[SubscriptionKey]:
        """Return what is due, from each partition in turn: many in one partition leave the others their turn."""
        now = self.clock()
        partitions = [self.ledger.due(shard, now) for shard in shards_of(number, self.keepers)]
        rounds = chain.from_iterable(zip_longest(*partitions))
        return islice((key for key in rounds if key is not None), MAX_CHECKS)

    def _check(self, key: SubscriptionKey, has_time: Callable[[], bool], may_sync: MaySync) -> CheckResult | None:
        return self.keeper.check(key, may_sync) if has_time() else None

    def _report(self, key: SubscriptionKey, future: "Future[CheckResult | None]") -> Reachability | None:
        """Count a check, and log it where anything happened. One that failed leaves the others alone."""
        error = future.exception()
        if error is not None:
            extra = {"subscription": key, **telemetry.error_origin(error)}
            logger.error("subscription check failed", extra=extra)
            metrics.add_metric(Metric.CHECKS_FAILED, MetricUnit.Count, 1)
            return None
        result = future.result()
        if result is None:
            metrics.add_metric(Metric.CHECKS_DEFERRED, MetricUnit.Count, 1)
            return None
        metrics.add_metric(Metric.CHECKS, MetricUnit.Count, 1)
        if result.outcome is CheckOutcome.RENEWED:
            metrics.add_metric(Metric.RENEWALS, MetricUnit.Count, 1)
            logger.info("subscription renewed", extra={"subscription": key})
        if result.outcome in _FAILED:
            self._report_failure(key, result)
        if result.reachability in _UNREACHABLE:
            metrics.add_metric(Metric.UNREACHABLE, MetricUnit.Count, 1)
        if result.reachability is Reachability.BECAME_UNREACHABLE:
            logger.warning("subscription unreachable", extra={"subscription": key})
        return result.reachability

    def _report_failure(self, key: SubscriptionKey, result: CheckResult) -> None:
        minutes = result.overdue / self.timing.minute
        metrics.add_metric(Metric.RENEWALS_FAILED, MetricUnit.Count, 1)
        metrics.add_metric(Metric.MINUTES_OVERDUE, MetricUnit.Count, minutes)
        if result.outcome is CheckOutcome.SUSPENDED:
            metrics.add_metric(Metric.SUSPENSIONS, MetricUnit.Count, 1)
        extra = {"outcome": result.outcome, "response_code": result.response_code, "overdue_minutes": round(minutes, 1)}
        logger.warning("subscription not renewed", extra={"subscription": key, **extra})


def _calls_of_run(has_time: Callable[[], bool]) -> MaySync:
    """Return what allows the requests of the syncs of one run."""
    calls, calls_of_unreachable = count(1), count(1)  # next() of a count is atomic
    calls_of: defaultdict[SubscriptionKey, int] = defaultdict(int)  # a subscription is checked once in a run

    def may_sync(subscription: Subscription) -> bool:
        is_unreachable = subscription.unreachable_since is not None
        if not has_time() or (is_unreachable and next(calls_of_unreachable) > MAX_UNREACHABLE_CALLS):
            return False
        calls_of[subscription.key] += 1
        if calls_of[subscription.key] > MAX_CALLS_OF_MAILBOX:
            return False
        return next(calls) <= MAX_SYNC_CALLS

    return may_sync


@cache
def _keeper_run() -> KeeperRun:
    settings = KeeperSettings.from_env(os.environ)
    secrets, dynamodb = aws.secrets_manager(), aws.dynamodb()
    timing = Timing(timedelta(seconds=settings.minute_seconds))
    ledger = DynamoDBLedger(
        dynamodb,
        settings.subscriptions_table,
        settings.events_table,
        timedelta(days=settings.event_retention_days),
        settings.sync_states_table,
    )
    on_failure = partial(telemetry.report_stale_secret, logger, metrics)
    credentials = SecretCredentials(secrets, settings.credentials_secret_arn, utc_now, on_failure)
    server = EwsServer(settings.ews_url, settings.server_version, credentials, utc_now)
    renewer = Renewer(
        ledger,
        server,
        SecretCallbackKeys(secrets, settings.callback_secret_arn, utc_now, on_failure),
        utc_now,
        random.random,
        timing,
        settings.callback_base_url,
        settings.resume_is_trusted,
    )
    states = DynamoDBSyncStates(dynamodb, settings.sync_states_table)
    synchronizer = Synchronizer(ledger, states, server, utc_now, random.random, timing)
    keeper = Keeper(ledger, renewer, synchronizer if settings.recovers_gaps else None, utc_now, timing)
    return KeeperRun(keeper, ledger, utc_now, timing, settings.keepers, lambda: ThreadPoolExecutor(CONNECTIONS))


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Carry out one run of keeper number `event["keeper"]`; the entry point of the function."""
    _keeper_run().run(int(event["keeper"]), lambda: context.get_remaining_time_in_millis() > _DEADLINE_MARGIN_MS)
