"""Logger and metrics of the functions, and their names.

A log line names a subscription by its key, never a mailbox by its address, and holds neither bodies nor callback paths.
"""

from enum import StrEnum
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

NAMESPACE: Final = "EWSPush"


class Service(StrEnum):
    """The functions. Each value is the `service` of log lines and metrics, and the name of the handler's module."""

    RESPONDER = "responder"
    FORWARDER = "forwarder"
    KEEPER = "keeper"


class Metric(StrEnum):
    """Metric names."""

    EVENTS_LOGGED = "EventsLogged"
    HEARTBEATS = "Heartbeats"
    DUPLICATES = "Duplicates"
    GAPS = "Gaps"
    SUBSCRIPTIONS_LOST = "SubscriptionsLost"
    UNSUBSCRIBES = "Unsubscribes"
    UNREADABLE = "UnreadableNotifications"
    FORGED = "ForgedCallbacks"
    FAILURES = "ResponderFailures"
    SECRET_REFRESH_FAILURES = "SecretRefreshFailures"  # noqa: S105  # a name
    EVENTS_FORWARDED = "EventsForwarded"
    FAILED_RECORDS = "FailedRecords"
    BATCHES_STOPPED = "BatchesStopped"
    KEEPER_RUNS = "KeeperRuns"
    CHECKS = "Checks"
    CHECKS_FAILED = "ChecksFailed"
    CHECKS_DEFERRED = "ChecksDeferred"
    RENEWALS = "Renewals"
    RENEWALS_FAILED = "RenewalsFailed"
    SUSPENSIONS = "Suspensions"
    UNREACHABLE = "UnreachableSubscriptions"
    """Checks of subscriptions that are unreachable: one in four hours each, or more."""
    MINUTES_OVERDUE = "MinutesOverdue"


def logger(service: Service) -> Logger:
    """Return the JSON logger of a function."""
    return Logger(service=service, log_uncaught_exceptions=False)


def metrics(service: Service) -> Metrics:
    """Return the metrics (CloudWatch embedded metric format) of a function."""
    return Metrics(namespace=NAMESPACE, service=service)


def report_stale_secret(logger: Logger, metrics: Metrics, error: Exception) -> None:
    """Log and count that a secret could not be read again: what was read of it last stays in use."""
    logger.warning("secret not refreshed; the last values stay in use", extra=error_origin(error))
    metrics.add_metric(Metric.SECRET_REFRESH_FAILURES, MetricUnit.Count, 1)


def error_origin(error: BaseException) -> dict[str, Any]:
    """Return the type, AWS error code and innermost code line of `error`; its message may quote data."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    response = getattr(error, "response", None) or {}  # botocore's transport errors have one, and it is None
    code = response.get("Error", {}).get("Code")
    place = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame is not None else None
    return {"error": type(error).__name__, "code": code, "place": place}
