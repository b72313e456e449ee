"""The keeper's function, its schedules and its settings."""

import json

import pytest

from ewspush.domain.desired import SHARDS, shards_of
from ewspush.settings import KeeperSettings
from tests.infra.synthesis import synthesized
from tests.infra.template_queries import Resources, allowed, environment, functions, named, resources_of

HANDLER = "ewspush.handlers.keeper.handler"


EXCHANGE_CONTEXT = {
    "profile": "exchange",
    "ews_url": "https://mail.example.com/EWS/Exchange.asmx",
    "server_version": "Exchange2013_SP1",
    "resume": "unproven",
    "minute_seconds": "0.5",
    "keepers": "2",
    "callback_base_url": "https://push.example.com",
}
"""A deployment for Exchange Server with every key of the keeper set."""


class TestFunction:
    """Properties of the Lambda function."""

    def test_a_failed_run_is_not_repeated(self, resources: Resources) -> None:
        """Nor does a run start late: the next run does its work."""
        (config,) = resources("AWS::Lambda::EventInvokeConfig").values()
        assert named({"Ref": config["FunctionName"]["Ref"]}) == "KeeperFunction.Ref"
        assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (0, 60)

    def test_it_times_out_before_the_next_run(self, resources: Resources) -> None:
        """After a minute; the handler stops some seconds earlier."""
        assert functions(resources)[HANDLER]["Timeout"] == 60

    @pytest.mark.parametrize(
        ("context", "reserved"), [({}, 1), ({"keepers": 4}, 4), ({"reserve_concurrency": "false"}, None)]
    )
    def test_concurrency_is_reserved_for_each_keeper_unless_disabled(
        self, context: dict[str, object], reserved: int | None
    ) -> None:
        """The other functions reserve nothing."""
        found = functions(resources_of(synthesized(**context)))
        reservations = {
            handler: one["ReservedConcurrentExecutions"] for handler, one in found.items() if _reserves(one)
        }
        assert reservations == ({HANDLER: reserved} if reserved else {})


def _reserves(function: dict[str, object]) -> bool:
    return "ReservedConcurrentExecutions" in function


class TestSchedules:
    """The schedules that invoke it."""

    @pytest.mark.parametrize("keepers", [1, 4])
    def test_every_keeper_is_invoked_every_minute_with_its_number(self, keepers: int) -> None:
        """Together they check every partition once."""
        resources = resources_of(synthesized(keepers=keepers))
        schedules = list(resources("AWS::Scheduler::Schedule").values())
        for schedule in schedules:
            assert schedule["ScheduleExpression"] == "rate(1 minute)"
            assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
            assert named(schedule["Target"]["Arn"]) == "KeeperFunction"
        numbers = [json.loads(schedule["Target"]["Input"])["keeper"] for schedule in schedules]
        assert sorted(shard for number in numbers for shard in shards_of(number, keepers)) == [
            str(shard) for shard in range(SHARDS)
        ]
        assert environment(resources, HANDLER)["KEEPERS"] == str(keepers)

    def test_a_late_invocation_is_dropped(self, resources: Resources) -> None:
        """The next one has started by then."""
        (schedule,) = resources("AWS::Scheduler::Schedule").values()
        assert schedule["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}

    def test_the_scheduler_may_invoke_the_keeper_and_nothing_else(self, resources: Resources) -> None:
        """Nor versions of it; and schedules of other accounts may not assume the role."""
        (schedule,) = resources("AWS::Scheduler::Schedule").values()
        role = schedule["Target"]["RoleArn"]["Fn::GetAtt"][0]
        assert allowed(resources, role) == {("lambda:InvokeFunction", "KeeperFunction")}
        (trust,) = resources("AWS::IAM::Role")[role]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
        assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}

    def test_a_shorter_minute_does_not_change_the_schedule(self) -> None:
        """EventBridge Scheduler has no shorter rate; the local run invokes the keeper itself."""
        schedules = resources_of(synthesized(**EXCHANGE_CONTEXT))("AWS::Scheduler::Schedule").values()
        assert {schedule["ScheduleExpression"] for schedule in schedules} == {"rate(1 minute)"}


class TestSettings:
    """Context keys that become the keeper's environment."""

    def test_the_default_is_workmail_in_the_region_of_the_stack(self, resources: Resources) -> None:
        """The address refers to the region, which is known only at deployment."""
        found = KeeperSettings.from_env(environment(resources, HANDLER))
        assert found.ews_url == "https://ews.mail.AWS::Region.Ref.awsapps.com/EWS/Exchange.asmx"
        assert (found.server_version, found.resume_is_trusted) == ("Exchange2010_SP2", False)
        assert (found.minute_seconds, found.keepers) == (60, 1)

    def test_every_context_key_reaches_the_keeper(self) -> None:
        """The values are strings, as on the command line."""
        found = KeeperSettings.from_env(environment(resources_of(synthesized(**EXCHANGE_CONTEXT)), HANDLER))
        assert (found.ews_url, found.server_version) == (EXCHANGE_CONTEXT["ews_url"], "Exchange2013_SP1")
        assert (found.resume_is_trusted, found.minute_seconds, found.keepers) == (False, 0.5, 2)
        assert found.callback_base_url == "https://push.example.com"

    def test_a_custom_callback_base_url_is_also_the_output(self) -> None:
        """The keeper and the administrator get the same URL."""
        template = synthesized(**EXCHANGE_CONTEXT)
        assert template["Outputs"]["CallbackBaseUrl"]["Value"] == "https://push.example.com"
