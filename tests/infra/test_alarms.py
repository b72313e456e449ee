"""What wakes somebody, when, and what it says."""

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


def test_every_alarm_goes_to_the_topic_and_says_what_to_do(resources: Resources) -> None:
    """A sentence, not a metric's name; and a page that it names is there."""
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
    """A topic policy replaces the default one, and the default one is what lets them."""
    (policy,) = resources("AWS::SNS::TopicPolicy").values()
    (allowed,) = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_an_old_iterator_is_an_alarm(resources: Resources) -> None:
    """Events that are logged and not handed on."""
    assert alarm_on(resources, "IteratorAge")["Threshold"] == 300_000


def test_only_a_silent_keeper_makes_silence_an_alarm(resources: Resources) -> None:
    """Every other metric is told only when there is something to tell."""
    by_metric = {one["MetricName"]: one["TreatMissingData"] for one in resources("AWS::CloudWatch::Alarm").values()}
    assert by_metric.pop(Metric.KEEPER_RUNS) == "breaching"
    assert set(by_metric.values()) == {"notBreaching"}


@pytest.mark.parametrize(
    ("metric", "statistic", "threshold", "periods"),
    [
        (Metric.RENEWALS_FAILED, "Sum", 1, (3, 6)),
        (Metric.MINUTES_OVERDUE, "Maximum", 20, (1, 4)),
        (Metric.SUSPENSIONS, "Sum", 1, (1, 1)),
        (Metric.CHECKS_FAILED, "Sum", 1, (2, 6)),
        (Metric.CHECKS_DEFERRED, "Sum", 1, (3, 3)),
    ],
)
def test_the_keepers_alarms_ring_when_they_should(
    resources: Resources, metric: str, statistic: str, threshold: int, periods: tuple[int, int]
) -> None:
    """In so many of the last periods of five minutes; the longest overdue counts, not the sum of all."""
    alarm = alarm_on(resources, metric)
    assert (alarm["Namespace"], alarm["Dimensions"]) == ("EWSPush", [{"Name": "service", "Value": "keeper"}])
    assert (alarm["Statistic"], alarm["Period"]) == (statistic, 300)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", threshold)
    assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == periods


@pytest.mark.parametrize(("keepers", "fewest_ticks"), [(1, 1), (4, 16)])
def test_one_keeper_that_does_not_tick_is_an_alarm(keepers: int, fewest_ticks: int) -> None:
    """However well the others do: three make fifteen ticks in five minutes."""
    alarm = alarm_on(resources_of(synthesized(keepers=keepers)), Metric.KEEPER_RUNS)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", fewest_ticks)
    assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"], alarm["Period"]) == (2, 2, 300)
