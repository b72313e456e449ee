"""What wakes somebody: each alarm says what it means, and what to do.

A gap is no alarm: it is an event, so the consumer knows of it, and there is nothing for an operator to mend.
"""

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from ewspush.telemetry import Metric, Service
from infra.callback_api import CallbackApi
from infra.event_delivery import EventDelivery
from infra.keeper import RUN_INTERVAL, Keeper
from infra.metrics import PERIOD, iterator_age, metric_of


@dataclass(frozen=True, slots=True)
class AlarmCondition:
    """When to ring: `threshold` reached in `periods` (of five minutes) out of the last `out_of`; by default of as many.

    With `is_floor` it rings below `threshold`, and silence counts as below. Otherwise silence is a good sign.
    """

    threshold: float
    periods: int = 1
    out_of: int | None = None
    is_floor: bool = False


@dataclass(frozen=True, slots=True)
class Alarms:
    """Makes alarms in `scope` that ring at `topic`."""

    scope: Construct
    topic: sns.ITopic

    def add_event_delivery_alarms(self, event_delivery: EventDelivery) -> None:
        """Events that do not reach the queue, or the consumer."""
        self._add_alarm(
            "ForwardingDelayed",
            iterator_age(event_delivery),
            AlarmCondition(Duration.minutes(5).to_milliseconds()),
            "Events are logged but not on the queue for five minutes: see the forwarder's log for why SQS "
            "refuses. Nothing is lost for 23 hours.",
        )
        self._add_alarm(
            "DeadLetters",
            event_delivery.dead_letter_queue.metric_approximate_number_of_messages_visible(
                statistic="Maximum", period=PERIOD
            ),
            AlarmCondition(1),
            "A message was received five times without being deleted, or the forwarder gave up a record: "
            "read the dead letter queue; each body says its reason.",
        )
        self._add_alarm(
            "ForwarderErrors",
            event_delivery.forwarder.function.metric_errors(period=PERIOD),
            AlarmCondition(1, periods=3),
            "The forwarder itself fails: see its log. Nothing is lost for 23 hours.",
        )

    def add_callback_alarms(self, callback_api: CallbackApi) -> None:
        """Notifications that are not stored."""
        self._add_alarm(
            "NotificationsNotStored",
            metric_of(Service.RESPONDER, Metric.FAILURES),
            AlarmCondition(1, periods=2),
            "Notifications could not be stored and were answered 503. Mail servers send again for "
            "StatusFrequency minutes, then drop the subscription.",
        )
        self._add_alarm(
            "ResponderErrors",
            callback_api.responder.function.metric_errors(period=PERIOD),
            AlarmCondition(1),
            "The responder broke down or timed out before it could answer: see its log.",
        )

    def add_renewal_alarms(self) -> None:
        """Subscriptions that the mail server does not make anew."""
        self._add_alarm(
            "RenewalsFailing",
            metric_of(Service.KEEPER, Metric.RENEWALS_FAILED),
            # A restart of the mail server is over sooner. Of six periods, since the tries of one mailbox get rare.
            AlarmCondition(1, periods=3, out_of=6),
            "The mail server refuses or does not answer when subscriptions are to be renewed, for a quarter of an "
            "hour: the keeper's log has its response codes. What to do is in docs/runbook/renewals-fail.md. It is "
            "tried again by itself; what is missed meanwhile is told as a gap.",
        )
        self._add_alarm(
            "RenewalOverdue",
            metric_of(Service.KEEPER, Metric.MINUTES_OVERDUE, "Maximum"),  # it has a value for each subscription
            # Counted from where silence must have been noticed: 2 x StatusFrequency. The first tries fill 15 minutes
            # (waits of 1, 2, 4 and 8), a tick may be missed: who is overdue for 20 minutes is not just being renewed.
            # Then there is a try every 15 minutes at the latest, so one in four periods is always heard of.
            AlarmCondition(20, periods=1, out_of=4),
            "A mailbox has been without a subscription for 20 minutes longer than promised: its changes are not "
            "told now, and a gap will be. See docs/runbook/renewals-fail.md, and `./ews-push list` for which and why.",
        )
        self._add_alarm(
            "SubscriptionSuspended",
            metric_of(Service.KEEPER, Metric.SUSPENSIONS),
            AlarmCondition(1),
            "A subscription was given up because a person has to act: a password, a right, a disabled mailbox. "
            "`./ews-push list --state suspended` shows the reasons, and docs/runbook/suspended-subscriptions.md "
            "what to do.",
        )

    def add_keeper_alarms(self, keeper: Keeper, keepers: int) -> None:
        """A keeper that does not look, or not at everything."""
        ticks = (keepers - 1) * PERIOD.to_minutes() // RUN_INTERVAL.to_minutes()
        self._add_alarm(
            "KeeperNotRunning",
            metric_of(Service.KEEPER, Metric.KEEPER_RUNS),
            AlarmCondition(ticks + 1, periods=2, is_floor=True),  # more than all keepers but one can have
            "A keeper has not run to its end for ten minutes, so nobody notices subscriptions that are lost: "
            "docs/runbook/keeper-not-running.md. Right after a first deployment it may ring once, and stops by itself.",
        )
        self._add_alarm(
            "KeeperErrors",
            keeper.keeper.function.metric_errors(period=PERIOD),
            AlarmCondition(1, periods=3),
            "The keeper itself fails or times out: see its log, and docs/runbook/keeper-not-running.md.",
        )
        self._add_alarm(
            "ChecksFailing",
            metric_of(Service.KEEPER, Metric.CHECKS_FAILED),
            AlarmCondition(1, periods=2, out_of=6),  # once may be a hiccup; the next try can be StatusFrequency away
            "Checks at subscriptions break down, and not by the mail server's fault: the lines `look failed` of the "
            "keeper's log say where, and the AWS error. See docs/runbook/keeper-not-running.md.",
        )
        self._add_alarm(
            "KeeperBehind",
            metric_of(Service.KEEPER, Metric.CHECKS_DEFERRED),
            AlarmCondition(1, periods=3),
            "More subscriptions are due than the keeper can look at in its minute, for a quarter of an hour. They are "
            "looked at later; if the mail server is not just slow, deploy with more keepers (-c keepers=2, 4 or 8).",
        )

    def _add_alarm(self, name: str, metric: cloudwatch.IMetric, condition: AlarmCondition, description: str) -> None:
        comparison, missing = (_BELOW, _BREACHING) if condition.is_floor else (_AT_LEAST, _FINE)
        alarm = cloudwatch.Alarm(
            self.scope,
            name,
            metric=metric,
            threshold=condition.threshold,
            evaluation_periods=condition.out_of or condition.periods,
            datapoints_to_alarm=condition.periods,
            comparison_operator=comparison,
            treat_missing_data=missing,
            alarm_description=description,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))


_AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
_BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
_FINE = cloudwatch.TreatMissingData.NOT_BREACHING
_BREACHING = cloudwatch.TreatMissingData.BREACHING
