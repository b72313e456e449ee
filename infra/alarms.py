"""The CloudWatch alarms. Each description says what the alarm means, what is affected, and what to do.

There is no alarm on gaps: a gap is an event for the consumer, and an operator can't repair it.
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
    """The metric is at least `threshold` in `periods` of the last `out_of` (by default `periods`) periods.

    With `is_floor` it is below `threshold`, and missing data counts as below. Otherwise missing data is good.
    """

    threshold: float
    periods: int = 1
    out_of: int | None = None
    is_floor: bool = False


@dataclass(frozen=True, slots=True)
class Alarms:
    """Adds alarms to `scope`; they publish to `topic`."""

    scope: Construct
    topic: sns.ITopic

    def add_event_delivery_alarms(self, event_delivery: EventDelivery) -> None:
        """Add alarms on events that do not reach the queue or the consumer."""
        waiting = event_delivery.dead_letter_queue.metric_approximate_number_of_messages_visible(
            statistic="Maximum", period=PERIOD
        )
        self._add_alarm(
            "ForwardingDelayed",
            iterator_age(event_delivery),
            AlarmCondition(Duration.minutes(5).to_milliseconds()),
            "The oldest stored event has waited for more than five minutes to be sent to the queue. Events reach the "
            "consumer late; none is lost if the delay stays under 23 hours. See the forwarder's log (the log group "
            "with ForwarderLogs in its name) for the reason.",
        )
        self._add_alarm(
            "DeadLetters",
            waiting,
            AlarmCondition(1),
            "A message is on the dead letter queue: the consumer received it five times without deleting it, or the "
            "forwarder could not publish its record. Only these messages are affected; later events of the same "
            "mailbox are delivered. Follow docs/runbook/dead-letters.md.",
        )
        self._add_alarm(
            "ForwarderErrors",
            event_delivery.forwarder.function.metric_errors(period=PERIOD),
            AlarmCondition(1, periods=3),
            "The forwarder has crashed or timed out repeatedly for a quarter of an hour. Events reach the consumer "
            "late; after 23 hours Lambda copies the failed records to the bucket in the stack output "
            "FailedRecordsBucket. See the forwarder's log (the log group with ForwarderLogs in its name) for the "
            "error.",
        )

    def add_callback_alarms(self, callback_api: CallbackApi) -> None:
        """Add alarms on notifications that are not stored."""
        self._add_alarm(
            "NotificationsNotStored",
            metric_of(Service.RESPONDER, Metric.FAILURES),
            AlarmCondition(1, periods=2),
            "The responder has failed to store notifications for ten minutes, and answered 503. Mail servers send "
            "them again for StatusFrequency minutes, then drop the subscription, and the keeper renews it. "
            "See the responder's log (the log group with ResponderLogs in its name) for the AWS error.",
        )
        self._add_alarm(
            "ResponderErrors",
            callback_api.responder.function.metric_errors(period=PERIOD),
            AlarmCondition(1),
            "The responder crashed or timed out before it answered. The mail server sends the notification again for "
            "StatusFrequency minutes, then drops the subscription, and the keeper renews it. See the responder's log "
            "(the log group with ResponderLogs in its name) for the error.",
        )

    def add_renewal_alarms(self) -> None:
        """Add alarms on subscriptions that are not renewed."""
        self._add_alarm(
            "RenewalsFailing",
            metric_of(Service.KEEPER, Metric.RENEWALS_FAILED),
            # A restart of the mail server takes less. Out of six, since the attempts of one mailbox become rare.
            AlarmCondition(1, periods=3, out_of=6),
            "The mail server has refused renewals, or not answered them, for a quarter of an hour. The affected "
            "mailboxes have no events until a renewal succeeds; the keeper retries, and a gap event reports what may "
            "be missed. Run `./ews-push list` for the reasons, and follow docs/runbook/renewals-fail.md.",
        )
        self._add_alarm(
            "RenewalOverdue",
            metric_of(Service.KEEPER, Metric.MINUTES_OVERDUE, "Maximum"),  # it has a value for each subscription
            # Counted from the time by which silence must be noticed, 2 x StatusFrequency. The first attempts fill 15
            # minutes (waits of 1, 2, 4 and 8) and one run may be missed, so after 20 minutes they have failed.
            # From then on an attempt follows within 15 minutes, so one of four periods has a value.
            AlarmCondition(20, periods=1, out_of=4),
            "The renewal of a subscription is more than 20 minutes overdue (it is due 2 x StatusFrequency after the "
            "last notification). The mailbox has no events until it succeeds; a gap event reports what may be missed. "
            "Run `./ews-push list` for the subscription and the reason, and follow docs/runbook/renewals-fail.md.",
        )
        self._add_alarm(
            "SubscriptionSuspended",
            metric_of(Service.KEEPER, Metric.SUSPENSIONS),
            AlarmCondition(1),
            "The keeper suspended a subscription because a person has to act: correct a password, grant a right or "
            "enable a mailbox. The mailbox has no events until then; this alarm returns to OK after five minutes "
            "nevertheless. Run `./ews-push list --state suspended` for the reason, and follow "
            "docs/runbook/suspended-subscriptions.md.",
        )

        self._add_alarm(
            "SubscriptionUnreachable",
            metric_of(Service.KEEPER, Metric.UNREACHABLE),
            # A check counts each of them, and the next can be four hours away.
            AlarmCondition(1, periods=1, out_of=51),
            "The mail server makes the subscription of a mailbox again and again, and its notifications do not arrive: "
            "a firewall, a proxy or a certificate is in the way, the server does not push, or they are refused here. "
            "A gap event says so, and its changes are published by sync, late. Run `./ews-push list --state "
            "unreachable`, and follow docs/runbook/unreachable.md. This alarm returns to OK four hours after the last "
            "notification is missed.",
        )

    def add_keeper_alarms(self, keeper: Keeper, keepers: int) -> None:
        """Add alarms on subscriptions that are not checked."""
        runs_of_the_others = (keepers - 1) * PERIOD.to_minutes() // RUN_INTERVAL.to_minutes()
        self._add_alarm(
            "KeeperNotRunning",
            metric_of(Service.KEEPER, Metric.KEEPER_RUNS),
            AlarmCondition(runs_of_the_others + 1, periods=2, is_floor=True),
            "A keeper has not completed its runs for ten minutes. Lost subscriptions are not noticed and new ones are "
            "not made; live ones continue. Follow docs/runbook/keeper-not-running.md. After the first deployment this "
            "alarm may go off once and return to OK within ten minutes.",
        )
        self._add_alarm(
            "KeeperErrors",
            keeper.keeper.function.metric_errors(period=PERIOD),
            AlarmCondition(1, periods=3),
            "The keeper has crashed or timed out repeatedly for a quarter of an hour. Lost subscriptions are "
            "noticed late or not at all; live ones continue. Follow docs/runbook/keeper-not-running.md.",
        )
        self._add_alarm(
            "ChecksFailing",
            metric_of(Service.KEEPER, Metric.CHECKS_FAILED),
            AlarmCondition(1, periods=2, out_of=6),  # once may be a hiccup; the next check can be StatusFrequency away
            "Checks of subscriptions fail, and not because of the mail server. These subscriptions are not renewed "
            "while their checks fail; others are not affected. Search the keeper's log (the log group with KeeperLogs "
            "in its name) for `subscription check failed`, and follow docs/runbook/keeper-not-running.md.",
        )
        self._add_alarm(
            "KeeperBehind",
            metric_of(Service.KEEPER, Metric.CHECKS_DEFERRED),
            AlarmCondition(1, periods=3),
            "More subscriptions have been due than the keeper can check in a minute, for a quarter of an hour. They "
            "are checked and renewed late. Unless the mail server is just slow, deploy with more keepers: "
            "-c keepers=2, 4 or 8.",
        )

    def _add_alarm(self, name: str, metric: cloudwatch.IMetric, condition: AlarmCondition, description: str) -> None:
        comparison, missing = (_BELOW, _BREACHING) if condition.is_floor else (_AT_LEAST, _NOT_BREACHING)
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
_NOT_BREACHING = cloudwatch.TreatMissingData.NOT_BREACHING
_BREACHING = cloudwatch.TreatMissingData.BREACHING
