"""POST /notify/{subscription}/{generation}/{signature}: verify, read, store, acknowledge."""

import os
from datetime import timedelta
from functools import cache, partial
from typing import Any, Final

from aws_lambda_powertools.metrics import MetricUnit

from ewspush import telemetry
from ewspush.adapters import aws
from ewspush.adapters.clock import utc_now
from ewspush.adapters.dynamodb import DynamoDBLedger
from ewspush.adapters.secrets import SecretCallbackKeys
from ewspush.domain.callback import Callback, verified
from ewspush.domain.ports import CallbackKeys, Clock, SubscriptionLedger
from ewspush.domain.received_push import read_push
from ewspush.domain.receiving.rules import Decision, PushOutcome
from ewspush.domain.receiving.service import process_push
from ewspush.domain.timing import Timing
from ewspush.errors import AnswerableError, ForgedCallbackError, UnreadableNotificationError
from ewspush.handlers.http import body_of, response
from ewspush.protocol.acknowledgement import CONTENT_TYPE, acknowledgement
from ewspush.protocol.reader import parse_notification
from ewspush.settings import ResponderSettings
from ewspush.telemetry import Metric, Service

logger = telemetry.logger(Service.RESPONDER)
metrics = telemetry.metrics(Service.RESPONDER)

_SEGMENTS: Final = ("subscription", "generation", "signature")
_NOTABLE: Final = frozenset({PushOutcome.LOST, PushOutcome.SUPERSEDED, PushOutcome.RETIRED})

_COUNTED: Final = {
    PushOutcome.HEARTBEAT: Metric.HEARTBEATS,
    PushOutcome.DUPLICATE: Metric.DUPLICATES,
    PushOutcome.LOST: Metric.SUBSCRIPTIONS_LOST,
    PushOutcome.SUPERSEDED: Metric.UNSUBSCRIBES,
    PushOutcome.RETIRED: Metric.UNSUBSCRIBES,
}


class Responder:
    """Answers one POST after the other."""

    def __init__(self, keys: CallbackKeys, ledger: SubscriptionLedger, clock: Clock, timing: Timing) -> None:
        self._keys = keys
        self._ledger = ledger
        self._clock = clock
        self._timing = timing

    def respond(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return the HTTP answer to the POST of `event`: an acknowledgement once it is stored, else why not."""
        try:
            callback = self._callback(event)
            logger.append_keys(subscription=callback.key, generation=callback.generation)
            push = read_push(callback, parse_notification(body_of(event)), self._clock())
            decision = process_push(push, self._ledger, self._timing)
        except AnswerableError as error:
            return _refuse(error)
        except Exception as error:  # noqa: BLE001  # whatever it is, the server is to send again, never to stop
            return _fail(error)
        _report(decision)
        return response(200, acknowledgement(decision.status), CONTENT_TYPE)

    def _callback(self, event: dict[str, Any]) -> Callback:
        path = event.get("pathParameters") or {}
        subscription, generation, signature = (path.get(name) or "" for name in _SEGMENTS)
        return verified(subscription, generation, signature, self._keys.accepted())


def _refuse(error: AnswerableError) -> dict[str, Any]:
    """Say what is wrong: to the sender in words, to the operator in the log and a metric."""
    status = error.error_status_hint
    if isinstance(error, UnreadableNotificationError):
        logger.warning("notification refused", extra={"reason": error.reason, "status": status, "detail": str(error)})
        metrics.add_metric(Metric.UNREADABLE, MetricUnit.Count, 1)
        metrics.add_dimension("reason", error.reason)
    elif isinstance(error, ForgedCallbackError):
        logger.warning("callback refused", extra={"status": status, "detail": str(error)})
        metrics.add_metric(Metric.FORGED, MetricUnit.Count, 1)
    else:
        return _fail(error)
    return response(status, f"{error}.")


def _fail(error: Exception) -> dict[str, Any]:
    """Answer so that the server sends again. The log gets the error's origin, not its text, which can quote data."""
    logger.error("the notification could not be stored", extra=telemetry.error_origin(error))
    metrics.add_metric(Metric.FAILURES, MetricUnit.Count, 1)
    return response(503, "The notification could not be stored; send it again.")


def _report(decision: Decision) -> None:
    if decision.events:
        metrics.add_metric(Metric.EVENTS_LOGGED, MetricUnit.Count, decision.events)
    if decision.has_gap:
        metrics.add_metric(Metric.GAPS, MetricUnit.Count, 1)
    counted = _COUNTED.get(decision.outcome)
    if counted is not None:
        metrics.add_metric(counted, MetricUnit.Count, 1)
    level = logger.warning if decision.outcome in _NOTABLE or decision.has_gap else logger.info
    detail = {"outcome": decision.outcome, "events": decision.events, "gap": decision.has_gap}
    level("notification answered", extra=detail)


@cache
def _responder() -> Responder:
    settings = ResponderSettings.from_env(os.environ)
    retention = timedelta(days=settings.event_retention_days)
    on_failure = partial(telemetry.report_stale_secret, logger, metrics)
    keys = SecretCallbackKeys(aws.secrets_manager(), settings.callback_secret_arn, utc_now, on_failure)
    ledger = DynamoDBLedger(aws.dynamodb(), settings.subscriptions_table, settings.events_table, retention)
    return Responder(keys, ledger, utc_now, Timing(timedelta(seconds=settings.minute_seconds)))


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer one POST of the HTTP API; the entry point of the function."""
    return _responder().respond(event)
