"""What matters of the template: who may do what, what is kept, what is followed, what is said where."""

import json
from typing import Any
from unittest.mock import Mock

import pytest

from ewspush.adapters.clock import utc_now
from ewspush.adapters.credentials import SecretCredentials
from ewspush.settings import ForwarderSettings, KeeperSettings, ResponderSettings, Settings
from infra.callback_api import ROUTE
from tests.infra.template_queries import Resources, environment, functions, named, statements

SETTINGS: dict[str, type[Settings]] = {
    "ewspush.handlers.responder.handler": ResponderSettings,
    "ewspush.handlers.forwarder.handler": ForwarderSettings,
    "ewspush.handlers.keeper.handler": KeeperSettings,
}


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
            ("logs:CreateLogStream", "CallbackApiResponderLogs"),
            ("logs:PutLogEvents", "CallbackApiResponderLogs"),
        }

    def test_the_forwarder_may_follow_the_log_and_send(self, resources: Resources) -> None:
        """It can't read a queue, nor write a table."""
        assert statements(resources, "ewspush.handlers.forwarder.handler") == {
            ("sqs:SendMessage", "EventDeliveryQueue"),
            ("sqs:SendMessage", "EventDeliveryDeadLetterQueue"),
            ("dynamodb:Query", "EventsTable"),
            ("dynamodb:DescribeStream", "EventsTable.StreamArn"),
            ("dynamodb:GetRecords", "EventsTable.StreamArn"),
            ("dynamodb:GetShardIterator", "EventsTable.StreamArn"),
            ("dynamodb:ListStreams", "EventsTable.StreamArn"),
            ("s3:PutObject", "EventDeliveryFailedRecords/*"),
            ("s3:ListBucket", "EventDeliveryFailedRecords"),
            ("logs:CreateLogStream", "EventDeliveryForwarderLogs"),
            ("logs:PutLogEvents", "EventDeliveryForwarderLogs"),
        }

    def test_the_keeper_may_look_and_write_down_what_it_did(self, resources: Resources) -> None:
        """It finds what is due in the index alone, reads two secrets, and adds to the log what a sync found."""
        assert statements(resources, "ewspush.handlers.keeper.handler") == {
            ("dynamodb:GetItem", "SubscriptionsTable"),
            ("dynamodb:UpdateItem", "SubscriptionsTable"),
            ("dynamodb:Query", "SubscriptionsTable/index/due"),
            ("dynamodb:PutItem", "EventsTable"),
            ("dynamodb:Query", "EventsTable"),
            ("dynamodb:DeleteItem", "SyncStatesTable"),
            ("dynamodb:GetItem", "SyncStatesTable"),
            ("dynamodb:PutItem", "SyncStatesTable"),
            ("dynamodb:Query", "SyncStatesTable"),
            ("secretsmanager:GetSecretValue", "CallbackSecret.Ref"),
            ("secretsmanager:GetSecretValue", "EwsCredentials.Ref"),
            ("logs:CreateLogStream", "KeeperLogs"),
            ("logs:PutLogEvents", "KeeperLogs"),
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
        for name in ("SubscriptionsTable", "EventsTable", "CallbackSecret", "EwsCredentials"):
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
        assert [key["AttributeName"] for key in index["KeySchema"]] == ["due_shard", "next_check_at"]
        assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}

    def test_events_expire_and_are_streamed(self, resources: Resources) -> None:
        """The stream carries the new image, which is all the forwarder reads."""
        table = resources("AWS::DynamoDB::GlobalTable")["EventsTable"]
        assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
        assert table["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}

    def test_the_callback_secret_is_made_by_the_stack(self, resources: Resources) -> None:
        """Nobody types it, nobody sees it."""
        secret = resources("AWS::SecretsManager::Secret")["CallbackSecret"]
        assert secret["GenerateSecretString"]["PasswordLength"] == 64
        assert "SecretString" not in secret

    def test_the_credentials_are_left_to_be_filled_in(self, resources: Resources) -> None:
        """The description says with what. The placeholder must stay: a changed one overwrites what was filled in."""
        secret = resources("AWS::SecretsManager::Secret")["EwsCredentials"]
        assert secret["SecretString"] == '{"mailboxes": {}}'
        assert '"username"' in secret["Description"]
        assert '"mailboxes"' in secret["Description"]

    def test_the_placeholder_is_credentials_for_nobody(self, resources: Resources) -> None:
        """As the keeper reads it."""
        secret = resources("AWS::SecretsManager::Secret")["EwsCredentials"]
        client = Mock(get_secret_value=Mock(return_value={"SecretString": secret["SecretString"]}))
        assert SecretCredentials(client, "arn", utc_now).of("alice@example.com") is None


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
        variables = environment(resources, handler)
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


class TestOutputs:
    """What others find the stack's parts by."""

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
            "CredentialsSecretArn",
        }

    def test_callbacks_are_put_behind_what_the_output_says(
        self, template: dict[str, Any], resources: Resources
    ) -> None:
        """The endpoint of the HTTP API, if nothing else is given."""
        output = template["Outputs"]["CallbackBaseUrl"]["Value"]
        keeper = functions(resources)["ewspush.handlers.keeper.handler"]
        assert output == keeper["Environment"]["Variables"]["CALLBACK_BASE_URL"]
        assert named(output) == "CallbackApiHttpApi.ApiEndpoint"

    def test_nothing_has_a_physical_name(self, template: dict[str, Any]) -> None:
        """So that two stacks fit into one account."""
        names = {"TableName", "QueueName", "FunctionName", "RoleName", "BucketName", "TopicName", "LogGroupName"}
        for resource in template["Resources"].values():
            given = {name for name, value in resource.get("Properties", {}).items() if isinstance(value, str)}
            assert not names & given
