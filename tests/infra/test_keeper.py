"""The keeper's function and what wakes it."""

import json

import pytest

from ewspush.domain.desired import SHARDS, shards_of
from ewspush.settings import KeeperSettings
from tests.infra.synthesis import synthesized
from tests.infra.template_queries import Resources, allowed, environment, functions, named, resources_of

HANDLER = "ewspush.handlers.keeper.handler"


SKIPPED = {
    "profile": "exchange",
    "ews_url": "https://mail.example.com/EWS/Exchange.asmx",
    "server_version": "Exchange2013_SP1",
    "resume": "unproven",
    "minute_seconds": "0.5",
    "keepers": "2",
    "callback_base_url": "https://push.example.com",
}
"""An Exchange Server of one's own, with everything said."""


class TestFunction:
    """How it is set up."""

    def test_a_tick_that_fails_is_not_repeated(self, resources: Resources) -> None:
        """Nor is one carried out late: the next does its work."""
        (config,) = resources("AWS::Lambda::EventInvokeConfig").values()
        assert named({"Ref": config["FunctionName"]["Ref"]}) == "KeeperFunction.Ref"
        assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (0, 60)

    def test_it_ends_before_the_next_tick(self, resources: Resources) -> None:
        """A minute, of which the handler spares the last seconds."""
        assert functions(resources)[HANDLER]["Timeout"] == 60

    @pytest.mark.parametrize(
        ("context", "reserved"), [({}, 1), ({"keepers": 4}, 4), ({"reserve_concurrency": "false"}, None)]
    )
    def test_each_keeper_has_a_place_unless_the_account_has_none_to_give(
        self, context: dict[str, object], reserved: int | None
    ) -> None:
        """The other functions reserve nothing."""
        found = functions(resources_of(synthesized(**context)))
        places = {handler: one["ReservedConcurrentExecutions"] for handler, one in found.items() if _reserves(one)}
        assert places == ({HANDLER: reserved} if reserved else {})


def _reserves(function: dict[str, object]) -> bool:
    return "ReservedConcurrentExecutions" in function


class TestSchedules:
    """What wakes it."""

    @pytest.mark.parametrize("keepers", [1, 4])
    def test_every_keeper_is_woken_every_minute_with_its_number(self, keepers: int) -> None:
        """And together they look at every partition once."""
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

    def test_a_late_tick_is_dropped(self, resources: Resources) -> None:
        """The next is there by then."""
        (schedule,) = resources("AWS::Scheduler::Schedule").values()
        assert schedule["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}

    def test_the_scheduler_may_invoke_the_keeper_and_nothing_else(self, resources: Resources) -> None:
        """Not its versions either; and no schedule of another account may use the role."""
        (schedule,) = resources("AWS::Scheduler::Schedule").values()
        role = schedule["Target"]["RoleArn"]["Fn::GetAtt"][0]
        assert allowed(resources, role) == {("lambda:InvokeFunction", "KeeperFunction")}
        (trust,) = resources("AWS::IAM::Role")[role]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
        assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}

    def test_a_shorter_minute_does_not_change_the_schedule(self) -> None:
        """Scheduler knows nothing finer; whoever wants shorter minutes has to wake the keeper."""
        schedules = resources_of(synthesized(**SKIPPED))("AWS::Scheduler::Schedule").values()
        assert {schedule["ScheduleExpression"] for schedule in schedules} == {"rate(1 minute)"}


class TestSettings:
    """Context keys that end in the keeper's environment."""

    def test_nothing_given_is_workmail_in_the_region_of_the_stack(self, resources: Resources) -> None:
        """The address by reference to the region, which is known at deployment."""
        found = KeeperSettings.from_env(environment(resources, HANDLER))
        assert found.ews_url == "https://ews.mail.AWS::Region.Ref.awsapps.com/EWS/Exchange.asmx"
        assert (found.server_version, found.resume_is_trusted) == ("Exchange2010_SP2", False)
        assert (found.minute_seconds, found.keepers) == (60, 1)

    def test_what_is_given_is_what_the_keeper_gets(self) -> None:
        """As strings, as the command line has them."""
        found = KeeperSettings.from_env(environment(resources_of(synthesized(**SKIPPED)), HANDLER))
        assert (found.ews_url, found.server_version) == (SKIPPED["ews_url"], "Exchange2013_SP1")
        assert (found.resume_is_trusted, found.minute_seconds, found.keepers) == (False, 0.5, 2)
        assert found.callback_base_url == "https://push.example.com"

    def test_a_domain_in_front_of_the_api_is_the_output_too(self) -> None:
        """One truth for the keeper and for people."""
        template = synthesized(**SKIPPED)
        assert template["Outputs"]["CallbackBaseUrl"]["Value"] == "https://push.example.com"
