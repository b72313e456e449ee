"""What an operator sees: alarms to one topic, and a dashboard in the words of the domain."""

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
    """Alarms and dashboard over the other constructs."""

    def __init__(  # noqa: PLR0913  # what is watched
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: Config,
        callback_api: CallbackApi,
        event_delivery: EventDelivery,
        keeper: Keeper,
    ) -> None:
        """Make topic, alarms and dashboard."""
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
        self._show_notifications()
        self._show_renewals()
        self._show_waiting(event_delivery)
        self._show_speed(callback_api, keeper)

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

    def _show_notifications(self) -> None:
        self.dashboard.add_widgets(
            _graph("Notifications", Service.RESPONDER, Metric.EVENTS_LOGGED, Metric.HEARTBEATS, Metric.DUPLICATES),
            _graph("Trouble", Service.RESPONDER, Metric.GAPS, Metric.SUBSCRIPTIONS_LOST, Metric.UNSUBSCRIBES),
        )
        self.dashboard.add_widgets(
            _graph("Answers without an ack", Service.RESPONDER, Metric.FAILURES, Metric.FORGED, with_reasons=True),
            _graph("Handed on", Service.FORWARDER, Metric.EVENTS_FORWARDED, Metric.BATCHES_STOPPED),
        )

    def _show_renewals(self) -> None:
        looks = (Metric.KEEPER_RUNS, Metric.CHECKS, Metric.CHECKS_DEFERRED, Metric.CHECKS_FAILED)
        self.dashboard.add_widgets(
            _graph("Renewals", Service.KEEPER, Metric.RENEWALS, Metric.RENEWALS_FAILED, Metric.SUSPENSIONS),
            _graph("The keeper's ticks and looks", Service.KEEPER, *looks),
        )

    def _show_waiting(self, event_delivery: EventDelivery) -> None:
        overdue = metric_of(Service.KEEPER, Metric.MINUTES_OVERDUE, "Maximum")
        queues = (("waiting", event_delivery.queue), ("dead letters", event_delivery.dead_letter_queue))
        self.dashboard.add_widgets(
            cloudwatch.GraphWidget(title="Longest overdue for renewal, in minutes", left=[overdue], width=8),
            cloudwatch.GraphWidget(
                title="Age of the oldest event not handed on", left=[iterator_age(event_delivery)], width=8
            ),
            cloudwatch.GraphWidget(
                title="Queues",
                left=[queue.metric_approximate_number_of_messages_visible(label=label) for label, queue in queues],
                width=8,
            ),
        )

    def _show_speed(self, callback_api: CallbackApi, keeper: Keeper) -> None:
        responds = callback_api.responder.function.metric_duration(statistic="p99", label="an answer of the responder")
        ticks = keeper.keeper.function.metric_duration(
            statistic="Maximum", label="a tick of the keeper, at its longest"
        )
        self.dashboard.add_widgets(
            cloudwatch.GraphWidget(title="Responder", left=[responds], width=12),
            cloudwatch.GraphWidget(title="Keeper", left=[ticks], width=12),
        )


def _graph(title: str, service: Service, *metrics: Metric, with_reasons: bool = False) -> cloudwatch.GraphWidget:
    lines: list[cloudwatch.IMetric] = [metric_of(service, metric) for metric in metrics]
    if with_reasons:
        search = f'{{{NAMESPACE},service,reason}} MetricName="{Metric.UNREADABLE}"'
        lines.append(cloudwatch.MathExpression(expression=f"SEARCH('{search}', 'Sum', 300)", label="", period=PERIOD))
    return cloudwatch.GraphWidget(title=title, left=lines, width=12)
