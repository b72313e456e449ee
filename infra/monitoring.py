"""What an operator sees: the dashboard, and the topic that the alarms publish to."""

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from ewspush.telemetry import NAMESPACE, Metric, Service
from infra.alarms import Alarms
from infra.callback_api import CallbackApi
from infra.config import Config
from infra.event_delivery import EventDelivery
from infra.keeper import Keeper
from infra.metrics import PERIOD, iterator_age, metric_of


class Monitoring(Construct):
    """The alarms, their topic and the dashboard."""

    def __init__(  # noqa: PLR0913  # what is monitored
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: Config,
        callback_api: CallbackApi,
        event_delivery: EventDelivery,
        keeper: Keeper,
    ) -> None:
        super().__init__(scope, construct_id)
        self.topic = self._topic()
        if config.alarm_email:
            self.topic.add_subscription(subscriptions.EmailSubscription(config.alarm_email))
        alarms = Alarms(self, self.topic)
        alarms.add_event_delivery_alarms(event_delivery)
        alarms.add_callback_alarms(callback_api)
        alarms.add_renewal_alarms()
        alarms.add_keeper_alarms(keeper, config.keepers)
        self.dashboard = cloudwatch.Dashboard(self, "Dashboard")
        self._add_notification_graphs()
        self._add_renewal_graphs()
        self._add_backlog_graphs(event_delivery)
        self._add_duration_graphs(callback_api, keeper)

    def _topic(self) -> sns.Topic:
        """Return a topic that alarms of this account may publish to: `enforce_ssl` replaces the default policy."""
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

    def _add_notification_graphs(self) -> None:
        received = (Metric.EVENTS_LOGGED, Metric.HEARTBEATS, Metric.DUPLICATES)
        ended = (Metric.GAPS, Metric.SUBSCRIPTIONS_LOST, Metric.UNSUBSCRIBES)
        self.dashboard.add_widgets(
            _graph("Notifications received", Service.RESPONDER, *received),
            _graph("Gaps and ended subscriptions", Service.RESPONDER, *ended),
        )
        self.dashboard.add_widgets(
            _graph(
                "Requests not acknowledged", Service.RESPONDER, Metric.FAILURES, Metric.FORGED, with_unreadable=True
            ),
            _graph("Events forwarded", Service.FORWARDER, Metric.EVENTS_FORWARDED, Metric.BATCHES_STOPPED),
        )

    def _add_renewal_graphs(self) -> None:
        checks = (Metric.KEEPER_RUNS, Metric.CHECKS, Metric.CHECKS_DEFERRED, Metric.CHECKS_FAILED)
        self.dashboard.add_widgets(
            _graph(
                "Renewals",
                Service.KEEPER,
                Metric.RENEWALS,
                Metric.RENEWALS_FAILED,
                Metric.SUSPENSIONS,
                Metric.UNREACHABLE,
            ),
            _graph("Keeper runs and checks", Service.KEEPER, *checks),
        )

    def _add_backlog_graphs(self, event_delivery: EventDelivery) -> None:
        overdue = metric_of(Service.KEEPER, Metric.MINUTES_OVERDUE, "Maximum")
        queues = (("for the consumer", event_delivery.queue), ("dead letters", event_delivery.dead_letter_queue))
        messages = [queue.metric_approximate_number_of_messages_visible(label=label) for label, queue in queues]
        age = iterator_age(event_delivery)
        self.dashboard.add_widgets(
            cloudwatch.GraphWidget(title="Longest overdue renewal (minutes)", left=[overdue], width=8),
            cloudwatch.GraphWidget(title="Age of the oldest event not forwarded (ms)", left=[age], width=8),
            cloudwatch.GraphWidget(title="Messages in the queues", left=messages, width=8),
        )

    def _add_duration_graphs(self, callback_api: CallbackApi, keeper: Keeper) -> None:
        responses = callback_api.responder.function.metric_duration(statistic="p99", label="99th percentile")
        runs = keeper.keeper.function.metric_duration(statistic="Maximum", label="longest")
        self.dashboard.add_widgets(
            cloudwatch.GraphWidget(title="Duration of a response (ms)", left=[responses], width=12),
            cloudwatch.GraphWidget(title="Duration of a keeper run (ms)", left=[runs], width=12),
        )


def _graph(title: str, service: Service, *metrics: Metric, with_unreadable: bool = False) -> cloudwatch.GraphWidget:
    """Return a graph of `metrics`; `with_unreadable` adds a line for each reason of an unreadable notification."""
    lines: list[cloudwatch.IMetric] = [metric_of(service, metric) for metric in metrics]
    if with_unreadable:
        search = f'{{{NAMESPACE},service,reason}} MetricName="{Metric.UNREADABLE}"'
        lines.append(cloudwatch.MathExpression(expression=f"SEARCH('{search}', 'Sum', 300)", label="", period=PERIOD))
    return cloudwatch.GraphWidget(title=title, left=lines, width=12)
