"""The CloudWatch metrics that alarms and dashboard read."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from ewspush.telemetry import NAMESPACE, Metric, Service
from infra.event_delivery import EventDelivery

PERIOD = Duration.minutes(5)
"""Of alarms and graphs."""


def metric_of(service: Service, metric: Metric, statistic: str = "Sum") -> cloudwatch.Metric:
    """Return a metric that `service` emits."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=metric.value,
        dimensions_map={"service": service.value},
        statistic=statistic,
        period=PERIOD,
    )


def iterator_age(event_delivery: EventDelivery) -> cloudwatch.Metric:
    """Return the age of the oldest event that is not forwarded, in milliseconds."""
    return event_delivery.forwarder.function.metric("IteratorAge", statistic="Maximum", period=PERIOD)
