"""Stream of the events table -> SQS: decode the records, forward their events, report how far it came."""

import json
import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from ewspush import telemetry
from ewspush.adapters import aws
from ewspush.adapters.log_items import messages_of
from ewspush.adapters.sqs import SQSQueue
from ewspush.domain.forwarding import ForwardResult, Record, forward
from ewspush.domain.ports import MessageQueue
from ewspush.settings import ForwarderSettings
from ewspush.telemetry import Metric, Service

logger = telemetry.logger(Service.FORWARDER)
metrics = telemetry.metrics(Service.FORWARDER)

_DEADLINE_MARGIN_MS: Final = 10_000
"""Left for the last request's time-outs and the report; what is not sent by then is delivered again."""


class UnfinishedBatchError(Exception):
    """Raised where the stream takes no position to resume from: it then delivers the whole batch again."""


class Forwarder:
    """Forwards batches of stream records."""

    def __init__(self, queue: MessageQueue, dead_letters: MessageQueue) -> None:
        self._queue = queue
        self._dead_letters = dead_letters

    def forward(self, event: dict[str, Any], has_time: Callable[[], bool]) -> ForwardResult:
        """Send the events of all records of `event`."""
        return forward(self._records(event), self._queue, self._dead_letters, has_time)

    def _records(self, event: dict[str, Any]) -> Iterator[Record]:
        for record in event["Records"]:
            if record["eventName"] == "INSERT":
                yield self._record(record)

    def _record(self, record: dict[str, Any]) -> Record:
        position = record["dynamodb"]["SequenceNumber"]
        content = json.dumps(record, ensure_ascii=False, default=str)
        try:
            messages = messages_of(record["dynamodb"]["NewImage"])
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            return Record(position, content, fault=f"not a notification of ours: {type(error).__name__}")
        return Record(position, content, messages)


def _report(result: ForwardResult) -> None:
    metrics.add_metric(Metric.EVENTS_FORWARDED, MetricUnit.Count, result.sent)
    if result.failed_records:
        metrics.add_metric(Metric.FAILED_RECORDS, MetricUnit.Count, result.failed_records)
        logger.error("records sent to the dead letter queue", extra={"records": result.failed_records})
    if result.resume_from is not None:
        metrics.add_metric(Metric.BATCHES_STOPPED, MetricUnit.Count, 1)
        logger.warning("batch stopped; records will be redelivered", extra={"position": result.resume_from})
    logger.info("batch forwarded", extra={"sent": result.sent})


@cache
def _settings() -> ForwarderSettings:
    return ForwarderSettings.from_env(os.environ)


@cache
def _forwarder() -> Forwarder:
    settings, client = _settings(), aws.sqs()
    return Forwarder(SQSQueue(client, settings.queue_url), SQSQueue(client, settings.dead_letter_queue_url))


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Forward one batch of the stream; the entry point of the function.

    Returns the position from which the stream is to deliver again (`ReportBatchItemFailures`), or no failures.
    """
    result = _forwarder().forward(event, lambda: context.get_remaining_time_in_millis() > _DEADLINE_MARGIN_MS)
    _report(result)
    if result.resume_from is None:
        return {"batchItemFailures": []}
    if not _settings().report_partial_batches:
        message = f"stopped at {result.resume_from}"
        raise UnfinishedBatchError(message)
    return {"batchItemFailures": [{"itemIdentifier": result.resume_from}]}
