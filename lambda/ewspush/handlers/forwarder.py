"""Stream of the events table -> SQS: decode the records, hand their events on, report how far it came."""

import json
import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from ewspush import telemetry
from ewspush.adapters import aws
from ewspush.adapters.event_log import DynamoDBEventLog
from ewspush.adapters.log_items import notification_of
from ewspush.adapters.sqs import SQSQueue
from ewspush.domain.forwarding import ForwardResult, Record, forward, messages_of
from ewspush.domain.ports import EventLog, Message, MessageQueue, UnavailableError
from ewspush.settings import ForwarderSettings
from ewspush.telemetry import Metric, Service

logger = telemetry.logger(Service.FORWARDER)
metrics = telemetry.metrics(Service.FORWARDER)

_DEADLINE_MARGIN_MS: Final = 10_000
"""Left for the last request's time-outs and the report; what is not sent by then is told again."""


class UnfinishedBatchError(Exception):
    """Raised where the stream can't be told a position: it then tells the whole batch again."""


class Forwarder:
    """Hands batches of stream records on."""

    def __init__(self, queue: MessageQueue, dead_letters: MessageQueue, log: EventLog) -> None:
        """Take the ports."""
        self._queue = queue
        self._dead_letters = dead_letters
        self._log = log

    def forward(self, event: dict[str, Any], has_time: Callable[[], bool]) -> ForwardResult:
        """Send the events of all records of `event`; see `ewspush.domain.forwarding.forward`."""
        return forward(self._records(event), self._queue, self._dead_letters, has_time)

    def _records(self, event: dict[str, Any]) -> Iterator[Record]:
        for record in event["Records"]:
            if record["eventName"] == "INSERT" and "part_of" not in (record["dynamodb"].get("NewImage") or {}):
                yield self._record(record)

    def _record(self, record: dict[str, Any]) -> Record:
        position = record["dynamodb"]["SequenceNumber"]
        content = json.dumps(record, ensure_ascii=False, default=str)
        try:
            messages = self._messages(record["dynamodb"]["NewImage"])
        except UnavailableError:
            return Record(position, content, is_unavailable=True)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            return Record(position, content, fault=f"not a notification of ours: {type(error).__name__}")
        return Record(position, content, messages)

    def _messages(self, image: dict[str, Any]) -> tuple[Message, ...]:
        head = notification_of(image)
        parts = int(image["parts"]["N"]) if "parts" in image else 1
        rest = self._log.rest_of(head, parts) if parts > 1 else []
        if len(rest) != parts - 1:
            message = f"{parts - 1 - len(rest)} of {parts} parts are gone"
            raise LookupError(message)
        return tuple(message for notification in (head, *rest) for message in messages_of(notification))


def _note(handover: ForwardResult) -> None:
    metrics.add_metric(Metric.EVENTS_FORWARDED, MetricUnit.Count, handover.sent)
    if handover.dead_lettered:
        metrics.add_metric(Metric.FAILED_RECORDS, MetricUnit.Count, handover.dead_lettered)
        logger.error("records went to the failure destination", extra={"records": handover.dead_lettered})
    if handover.resume_from is not None:
        metrics.add_metric(Metric.BATCHES_STOPPED, MetricUnit.Count, 1)
        logger.warning("batch stopped, to be told again", extra={"position": handover.resume_from})
    logger.info("batch handed on", extra={"sent": handover.sent})


@cache
def _settings() -> ForwarderSettings:
    return ForwarderSettings.from_env(os.environ)


@cache
def _forwarder() -> Forwarder:
    settings, client = _settings(), aws.sqs()
    return Forwarder(
        SQSQueue(client, settings.queue_url),
        SQSQueue(client, settings.dead_letter_queue_url),
        DynamoDBEventLog(aws.dynamodb(), settings.events_table),
    )


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Hand one batch of the stream on; the entry point of the function.

    Returns the position from which the stream must tell again (`ReportBatchItemFailures`), or no failures.
    """
    handover = _forwarder().forward(event, lambda: context.get_remaining_time_in_millis() > _DEADLINE_MARGIN_MS)
    _note(handover)
    if handover.resume_from is None:
        return {"batchItemFailures": []}
    if not _settings().report_partial_batches:
        message = f"stopped at {handover.resume_from}"
        raise UnfinishedBatchError(message)
    return {"batchItemFailures": [{"itemIdentifier": handover.resume_from}]}
