"""What matters of the template: who may do what, what is kept, what is followed, what is said where."""

import json
import re
from typing import Any

import pytest

from ewspush.settings import ForwarderSettings, ResponderSettings, Settings
from infra.front_door import ROUTE
from tests.infra.conftest import Resources

SETTINGS: dict[str, type[Settings]] = {
    "ewspush.handlers.responder.handler": ResponderSettings,
    "ewspush.handlers.forwarder.handler": ForwarderSettings,
}


def functions(resources: Resources) -> dict[str, dict[str, Any]]:
    """Return the functions by handler."""
    return {properties["Handler"]: properties for properties in resources("AWS::Lambda::Function").values()}


def statements(resources: Resources, handler: str) -> set[tuple[str, str]]:
    """Return what the role of a function may do, as (action, resource) pairs."""
    role = functions(resources)[handler]["Role"]["Fn::GetAtt"][0]
    policies = [policy for policy in resources("AWS::IAM::Policy").values() if {"Ref": role} in policy["Roles"]]
    return {
        (action, _named(on))
        for policy in policies
        for statement in policy["PolicyDocument"]["Statement"]
        for action in _listed(statement["Action"])
        for on in _listed(statement["Resource"])
    }


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _named(on: Any) -> str:
    """Return an ARN as the logical id it is made of, with what comes after."""
    if isinstance(on, str):
        return on
    if "Fn::Join" in on:
        return "".join(_named(part) for part in on["Fn::Join"][1])
    found = on.get("Fn::GetAtt") or [on["Ref"], "Ref"]
    return re.sub(r"[0-9A-F]{8}$", "", found[0]) + ("" if found[1] == "Arn" else f".{found[1]}")


class TestRights:
    """Least privilege, function by function."""

    def test_the_responder_may_write_down_what_it_hears(self, resources: Resources) -> None:
        """And read its secret; nothing else."""
        assert statements(resources, "ewspush.handlers.responder.handler") == {
            ("dynamodb:GetItem", "SubscriptionsTable"),
            ("dynamodb:UpdateItem", "SubscriptionsTable"),
            ("dynamodb:PutItem", "EventsTable"),
            ("dynamodb:Query", "EventsTable"),
            ("secretsmanager:GetSecretValue", "CallbackSecret.Ref"),
            ("logs:CreateLogStream", "FrontDoorResponderLogs"),
            ("logs:PutLogEvents", "FrontDoorResponderLogs"),
        }

    def test_the_forwarder_may_follow_the_log_and_send(self, resources: Resources) -> None:
        """It can't read a queue, nor write a table."""
        assert statements(resources, "ewspush.handlers.forwarder.handler") == {
            ("sqs:SendMessage", "HandOverQueue"),
            ("sqs:SendMessage", "HandOverDeadLetters"),
            ("dynamodb:Query", "EventsTable"),
            ("dynamodb:DescribeStream", "EventsTable.StreamArn"),
            ("dynamodb:GetRecords", "EventsTable.StreamArn"),
            ("dynamodb:GetShardIterator", "EventsTable.StreamArn"),
            ("dynamodb:ListStreams", "EventsTable.StreamArn"),
            ("s3:PutObject", "HandOverGivenUp/*"),
            ("s3:ListBucket", "HandOverGivenUp"),
            ("logs:CreateLogStream", "HandOverForwarderLogs"),
            ("logs:PutLogEvents", "HandOverForwarderLogs"),
        }

    def test_no_role_is_shared_and_none_has_a_managed_policy(self, resources: Resources) -> None:
        """A right of one function is a right of that function."""
        roles = [properties["Role"]["Fn::GetAtt"][0] for properties in functions(resources).values()]
        assert len(set(roles)) == len(roles)
        assert all("ManagedPolicyArns" not in role for role in resources("AWS::IAM::Role").values())


class TestState:
    """What holds state."""

    def test_logical_ids_are_fixed_and_everything_is_kept(self, template: dict[str, Any]) -> None:
        """A refactoring must not replace a table, nor `cdk destroy` remove it."""
        for name in ("SubscriptionsTable", "EventsTable", "CallbackSecret"):
            resource = template["Resources"][name]
            assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")

    def test_tables_are_on_demand_and_recoverable(self, resources: Resources) -> None:
        """Idle costs nothing; a mistake can be taken back for 35 days."""
        for table in resources("AWS::DynamoDB::GlobalTable").values():
            assert table["BillingMode"] == "PAY_PER_REQUEST"
            assert table["Replicas"][0]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
            assert "TableName" not in table

    def test_the_due_index_is_lazy(self, resources: Resources) -> None:
        """Keys only, and none of them among what a heartbeat writes."""
        (index,) = resources("AWS::DynamoDB::GlobalTable")["SubscriptionsTable"]["GlobalSecondaryIndexes"]
        assert [key["AttributeName"] for key in index["KeySchema"]] == ["due_shard", "check_at"]
        assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}

    def test_events_expire_and_are_streamed(self, resources: Resources) -> None:
        """The stream carries the new image, which is all the forwarder reads."""
        table = resources("AWS::DynamoDB::GlobalTable")["EventsTable"]
        assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
        assert table["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}

    def test_the_secret_is_made_by_the_stack(self, resources: Resources) -> None:
        """Nobody types it, nobody sees it."""
        (secret,) = resources("AWS::SecretsManager::Secret").values()
        assert secret["GenerateSecretString"]["PasswordLength"] == 64
        assert "SecretString" not in secret


class TestFlow:
    """From the URL to the queue."""

    def test_one_route_and_no_other(self, resources: Resources) -> None:
        """POST of three segments."""
        assert [route["RouteKey"] for route in resources("AWS::ApiGatewayV2::Route").values()] == [f"POST {ROUTE}"]
        (integration,) = resources("AWS::ApiGatewayV2::Integration").values()
        assert integration["PayloadFormatVersion"] == "2.0"

    def test_the_door_is_throttled_and_its_log_keeps_secrets(self, resources: Resources) -> None:
        """No path, no query, no source address."""
        (stage,) = resources("AWS::ApiGatewayV2::Stage").values()
        assert stage["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 400, "ThrottlingRateLimit": 200}
        logged = set(json.loads(stage["AccessLogSettings"]["Format"]).values())
        assert logged == {
            "$context.requestId",
            "$context.requestTime",
            "$context.routeKey",
            "$context.status",
            "$context.responseLatency",
            "$context.responseLength",
            "$context.integrationErrorMessage",
        }

    def test_the_stream_is_followed_from_the_start_and_never_given_up_early(self, resources: Resources) -> None:
        """INSERT only; by position; bisected; copied whole before it expires."""
        (source,) = resources("AWS::Lambda::EventSourceMapping").values()
        assert [json.loads(one["Pattern"]) for one in source["FilterCriteria"]["Filters"]] == [
            {"eventName": ["INSERT"]}
        ]
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert source["StartingPosition"] == "TRIM_HORIZON"
        assert source["BisectBatchOnFunctionError"] is True
        assert "MaximumRetryAttempts" not in source
        assert source["MaximumRecordAgeInSeconds"] == 23 * 3600
        bucket = source["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]
        assert bucket in resources("AWS::S3::Bucket")

    def test_the_queue_is_fifo_with_a_dead_letter_queue(self, resources: Resources) -> None:
        """Both kept for fourteen days; deduplication is by our ids, for the whole queue."""
        queues = resources("AWS::SQS::Queue")
        assert all(queue["FifoQueue"] and queue["MessageRetentionPeriod"] == 14 * 86400 for queue in queues.values())
        assert not any(queue.get("ContentBasedDeduplication") for queue in queues.values())
        (redrive,) = [queue["RedrivePolicy"] for queue in queues.values() if "RedrivePolicy" in queue]
        assert redrive["deadLetterTargetArn"]["Fn::GetAtt"][0] in queues


class TestFunctions:
    """How each function is set up."""

    @pytest.mark.parametrize("handler", SETTINGS)
    def test_its_environment_is_what_its_settings_read(self, resources: Resources, handler: str) -> None:
        """Fed back to from_env(); and no variable beside them."""
        variables = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in functions(resources)[handler]["Environment"]["Variables"].items()
        }
        assert SETTINGS[handler].from_env(variables).to_env() == variables

    def test_every_function_is_arm64_on_a_current_python_with_a_json_log_of_its_own(self, resources: Resources) -> None:
        """Retention included."""
        groups = resources("AWS::Logs::LogGroup")
        for properties in functions(resources).values():
            assert properties["Architectures"] == ["arm64"]
            assert properties["Runtime"] == "python3.13"
            assert properties["LoggingConfig"]["LogFormat"] == "JSON"
            assert groups[properties["LoggingConfig"]["LogGroup"]["Ref"]]["RetentionInDays"] == 30
        assert set(functions(resources)) == set(SETTINGS)


class TestWatch:
    """What wakes somebody."""

    def test_every_alarm_goes_to_the_topic_and_says_what_to_do(self, resources: Resources) -> None:
        """A sentence, not a metric's name."""
        (topic,) = resources("AWS::SNS::Topic")
        alarms = resources("AWS::CloudWatch::Alarm")
        assert alarms
        for alarm in alarms.values():
            assert alarm["AlarmActions"] == [{"Ref": topic}]
            assert len(alarm["AlarmDescription"]) > 40

    def test_alarms_of_this_account_may_publish(self, resources: Resources) -> None:
        """A topic policy replaces the default one, and the default one is what lets them."""
        (policy,) = resources("AWS::SNS::TopicPolicy").values()
        (allowed,) = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
        assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}

    def test_an_old_iterator_is_an_alarm(self, resources: Resources) -> None:
        """Events that are logged and not handed on."""
        ages = [a for a in resources("AWS::CloudWatch::Alarm").values() if a["MetricName"] == "IteratorAge"]
        assert [alarm["Threshold"] for alarm in ages] == [300_000]

    def test_the_outputs_are_those_that_stay_put(self, template: dict[str, Any]) -> None:
        """Others may be added."""
        assert set(template["Outputs"]) >= {
            "CallbackBaseUrl",
            "QueueUrl",
            "DeadLetterQueueUrl",
            "EventsTable",
            "SubscriptionsTable",
            "DashboardUrl",
            "AlarmTopic",
        }

    def test_nothing_has_a_physical_name(self, template: dict[str, Any]) -> None:
        """So that two stacks fit into one account."""
        names = {"TableName", "QueueName", "FunctionName", "RoleName", "BucketName", "TopicName", "LogGroupName"}
        for resource in template["Resources"].values():
            given = {name for name, value in resource.get("Properties", {}).items() if isinstance(value, str)}
            assert not names & given
