"""The alarms: their conditions and descriptions."""

from typing import Any

import pytest

from ewspush.telemetry import Metric
from infra.packaging import ROOT
from tests.infra.synthesis import synthesized
from tests.infra.template_queries import Resources, resources_of


def alarm_on(resources: Resources, metric: str) -> dict[str, Any]:
    """Return the one alarm on a metric."""
    (alarm,) = [one for one in resources("AWS::CloudWatch::Alarm").values() if one["MetricName"] == metric]
    return alarm


def test_every_alarm_publishes_to_the_topic_and_says_what_to_do(resources: Resources) -> None:
    """The description is a sentence, not a metric's name, and each runbook page in it exists."""
    (topic,) = resources("AWS::SNS::Topic")
    alarms = resources("AWS::CloudWatch::Alarm")
    assert alarms
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == [{"Ref": topic}]
        assert len(alarm["AlarmDescription"]) > 40
        for word in alarm["AlarmDescription"].split():
            page = word.strip(",.:")
            assert not page.startswith("docs/") or (ROOT / page).exists()


def test_alarms_of_this_account_may_publish(resources: Resources) -> None:
    """The topic policy replaces the default one, which allows them to publish."""
    (policy,) = resources("AWS::SNS::TopicPolicy").values()
    (allowed,) = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_delayed_forwarding_raises_an_alarm(resources: Resources) -> None:
    """After five minutes in which a stored event is not forwarded."""
    assert alarm_on(resources, "IteratorAge")["Threshold"] == 300_000


def test_only_missing_keeper_runs_raise_an_alarm_on_missing_data(resources: Resources) -> None:
    """Every other metric has data only if there is something to count."""
    by_metric = {one["MetricName"]: one["TreatMissingData"] for one in resources("AWS::CloudWatch::Alarm").values()}
    assert by_metric.pop(Metric.KEEPER_RUNS) == "breaching"
    assert set(by_metric.values()) == {"notBreaching"}


@pytest.mark.parametrize(
    ("metric", "statistic", "threshold", "periods"),
    [
        (Metric.RENEWALS_FAILED, "Sum", 1, (3, 6)),
        (Metric.MINUTES_OVERDUE, "Maximum", 20, (1, 4)),
        (Metric.SUSPENSIONS, "Sum", 1, (1, 1)),
        (Metric.UNREACHABLE, "Sum", 1, (1, 51)),
        (Metric.CHECKS_FAILED, "Sum", 1, (2, 6)),
        (Metric.CHECKS_DEFERRED, "Sum", 1, (3, 3)),
    ],
)
def test_the_conditions_of_the_keepers_alarms(
    resources: Resources, metric: str, statistic: str, threshold: int, periods: tuple[int, int]
) -> None:
    """Periods are of five minutes; of the minutes overdue the maximum counts, not the sum."""
    alarm = alarm_on(resources, metric)
    assert (alarm["Namespace"], alarm["Dimensions"]) == ("EWSPush", [{"Name": "service", "Value": "keeper"}])
    assert (alarm["Statistic"], alarm["Period"]) == (statistic, 300)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", threshold)
    assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == periods


@pytest.mark.parametrize(("keepers", "fewest_runs"), [(1, 1), (4, 16)])
def test_one_keeper_that_does_not_run_raises_an_alarm(keepers: int, fewest_runs: int) -> None:
    """Even if all others run: three of four keepers make fifteen runs in five minutes."""
    alarm = alarm_on(resources_of(synthesized(keepers=keepers)), Metric.KEEPER_RUNS)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", fewest_runs)
    assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"], alarm["Period"]) == (2, 2, 300)
