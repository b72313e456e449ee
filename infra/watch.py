"""What an operator sees: alarms to one topic, and a dashboard in the words of the domain."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from ewspush.handlers import forwarder, responder
from ewspush.telemetry import NAMESPACE, Metric
from infra.config import Config
from infra.front_door import FrontDoor
from infra.hand_over import HandOver

_PERIOD = Duration.minutes(5)


class Watch(Construct):
    """Alarms and dashboard over the other constructs."""

    def __init__(
        self, scope: Construct, construct_id: str, *, config: Config, front_door: FrontDoor, hand_over: HandOver
    ) -> None:
        """Make topic, alarms and dashboard."""
        super().__init__(scope, construct_id)
        self.topic = self._topic()
        if config.alarm_email:
            self.topic.add_subscription(subscriptions.EmailSubscription(config.alarm_email))
        self._hand_over_alarms(hand_over)
        self._front_door_alarms(front_door)
        self.dashboard = cloudwatch.Dashboard(self, "Dashboard")
        self.dashboard.add_widgets(
            _graph("Notifications", responder.SERVICE, Metric.EVENTS_LOGGED, Metric.HEARTBEATS, Metric.DUPLICATES),
            _graph("Trouble", responder.SERVICE, Metric.GAPS, Metric.SUBSCRIPTIONS_LOST, Metric.UNSUBSCRIBES),
        )
        self.dashboard.add_widgets(
            _graph("Answers without an ack", responder.SERVICE, Metric.FAILURES, Metric.FORGED, with_reasons=True),
            _graph("Handed on", forwarder.SERVICE, Metric.EVENTS_FORWARDED, Metric.BATCHES_STOPPED),
        )
        self.dashboard.add_widgets(
            cloudwatch.GraphWidget(title="Age of the oldest event not handed on", left=[_iterator_age(hand_over)]),
            cloudwatch.GraphWidget(
                title="Queues",
                left=[
                    queue.metric_approximate_number_of_messages_visible(label=label)
                    for label, queue in (("waiting", hand_over.queue), ("dead letters", hand_over.dead_letters))
                ],
            ),
            cloudwatch.GraphWidget(
                title="Responder", left=[front_door.responder.function.metric_duration(statistic="p99")]
            ),
        )

    def _topic(self) -> sns.Topic:
        """A policy of one's own replaces the one that lets alarms of the account publish, so it must say that too."""
        topic = sns.Topic(self, "Alarms", enforce_ssl=True)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        return topic

    def _hand_over_alarms(self, hand_over: HandOver) -> None:
        self._alarm(
            "IteratorAge",
            _iterator_age(hand_over),
            threshold=Duration.minutes(5).to_milliseconds(),
            description="Events are logged but not on the queue for five minutes: see the forwarder's log for why SQS "
            "refuses. Nothing is lost for 23 hours.",
        )
        self._alarm(
            "DeadLetters",
            hand_over.dead_letters.metric_approximate_number_of_messages_visible(statistic="Maximum", period=_PERIOD),
            threshold=1,
            description="A message was received five times without being deleted, or the forwarder gave up a record: "
            "read the dead letter queue; each body says its reason.",
        )
        self._alarm(
            "ForwarderErrors",
            hand_over.forwarder.function.metric_errors(period=_PERIOD),
            threshold=1,
            periods=3,
            description="The forwarder itself fails: see its log. Nothing is lost for 23 hours.",
        )

    def _front_door_alarms(self, front_door: FrontDoor) -> None:
        self._alarm(
            "ResponderFailures",
            _metric(responder.SERVICE, Metric.FAILURES),
            threshold=1,
            periods=2,
            description="Notifications could not be stored and were answered 503. Mail servers send again for "
            "StatusFrequency minutes, then drop the subscription.",
        )
        self._alarm(
            "ResponderErrors",
            front_door.responder.function.metric_errors(period=_PERIOD),
            threshold=1,
            description="The responder broke down or timed out before it could answer: see its log.",
        )

    def _alarm(
        self, name: str, metric: cloudwatch.IMetric, *, threshold: float, description: str, periods: int = 1
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=description,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))


def _metric(service: str, metric: Metric) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=metric.value,
        dimensions_map={"service": service},
        statistic="Sum",
        period=_PERIOD,
    )


def _graph(title: str, service: str, *metrics: Metric, with_reasons: bool = False) -> cloudwatch.GraphWidget:
    lines: list[cloudwatch.IMetric] = [_metric(service, metric) for metric in metrics]
    if with_reasons:
        search = f'{{{NAMESPACE},service,reason}} MetricName="{Metric.UNREADABLE}"'
        lines.append(cloudwatch.MathExpression(expression=f"SEARCH('{search}', 'Sum', 300)", label="", period=_PERIOD))
    return cloudwatch.GraphWidget(title=title, left=lines, width=12)


def _iterator_age(hand_over: HandOver) -> cloudwatch.Metric:
    return hand_over.forwarder.function.metric("IteratorAge", statistic="Maximum", period=_PERIOD)
