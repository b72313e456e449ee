"""The template: permissions, state, the flow of events, functions and outputs."""

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


class TestPermissions:
    """Least privilege, function by function."""

    def test_the_responder_may_store_notifications(self, resources: Resources) -> None:
        """And read the callback secret; nothing else."""
        assert statements(resources, "ewspush.handlers.responder.handler") == {
            ("dynamodb:GetItem", "SubscriptionsTable"),
            ("dynamodb:UpdateItem", "SubscriptionsTable"),
            ("dynamodb:PutItem", "EventsTable"),
            ("dynamodb:Query", "EventsTable"),
            ("secretsmanager:GetSecretValue", "CallbackSecret.Ref"),
            ("logs:CreateLogStream", "CallbackApiResponderLogs"),
            ("logs:PutLogEvents", "CallbackApiResponderLogs"),
        }

    def test_the_forwarder_may_read_the_stream_and_send_messages(self, resources: Resources) -> None:
        """It may neither read a queue nor ask a table."""
        assert statements(resources, "ewspush.handlers.forwarder.handler") == {
            ("sqs:SendMessage", "EventDeliveryQueue"),
            ("sqs:SendMessage", "EventDeliveryDeadLetterQueue"),
            ("dynamodb:DescribeStream", "EventsTable.StreamArn"),
            ("dynamodb:GetRecords", "EventsTable.StreamArn"),
            ("dynamodb:GetShardIterator", "EventsTable.StreamArn"),
            ("dynamodb:ListStreams", "EventsTable.StreamArn"),
            ("s3:PutObject", "EventDeliveryFailedRecords/*"),
            ("s3:ListBucket", "EventDeliveryFailedRecords"),
            ("logs:CreateLogStream", "EventDeliveryForwarderLogs"),
            ("logs:PutLogEvents", "EventDeliveryForwarderLogs"),
        }

    def test_the_keeper_may_check_and_update_subscriptions(self, resources: Resources) -> None:
        """It may query only the due index, read two secrets, and add to the events table what a sync found."""
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
        """A permission belongs to one function."""
        roles = [properties["Role"]["Fn::GetAtt"][0] for properties in functions(resources).values()]
        assert len(set(roles)) == len(roles)
        assert all("ManagedPolicyArns" not in role for role in resources("AWS::IAM::Role").values())


class TestState:
    """Tables and secrets."""

    def test_logical_ids_are_fixed_and_state_is_retained(self, template: dict[str, Any]) -> None:
        """A refactoring must not replace a table, and `cdk destroy` must not delete it."""
        for name in ("SubscriptionsTable", "EventsTable", "CallbackSecret", "EwsCredentials"):
            resource = template["Resources"][name]
            assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")

    def test_tables_are_on_demand_and_recoverable(self, resources: Resources) -> None:
        """An idle table costs nothing; point-in-time recovery reaches back 35 days."""
        for table in resources("AWS::DynamoDB::GlobalTable").values():
            assert table["BillingMode"] == "PAY_PER_REQUEST"
            assert table["Replicas"][0]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
            assert "TableName" not in table

    def test_heartbeats_write_no_index(self, resources: Resources) -> None:
        """The indexes hold keys only, and a heartbeat writes none of them."""
        due, silent = resources("AWS::DynamoDB::GlobalTable")["SubscriptionsTable"]["GlobalSecondaryIndexes"]
        assert [key["AttributeName"] for key in due["KeySchema"]] == ["due_shard", "next_check_at"]
        assert [key["AttributeName"] for key in silent["KeySchema"]] == ["silent_shard", "subscription"]
        assert due["Projection"] == silent["Projection"] == {"ProjectionType": "KEYS_ONLY"}

    def test_events_expire_and_are_streamed(self, resources: Resources) -> None:
        """The stream carries the new image, the only one that the forwarder reads."""
        table = resources("AWS::DynamoDB::GlobalTable")["EventsTable"]
        assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
        assert table["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}

    def test_the_callback_secret_is_generated(self, resources: Resources) -> None:
        """It is never in the template."""
        secret = resources("AWS::SecretsManager::Secret")["CallbackSecret"]
        assert secret["GenerateSecretString"]["PasswordLength"] == 64
        assert "SecretString" not in secret

    def test_the_credentials_secret_holds_a_placeholder(self, resources: Resources) -> None:
        """The description says what to put in. A changed placeholder would overwrite what was put in."""
        secret = resources("AWS::SecretsManager::Secret")["EwsCredentials"]
        assert secret["SecretString"] == '{"mailboxes": {}}'
        assert '"username"' in secret["Description"]
        assert '"mailboxes"' in secret["Description"]

    def test_the_placeholder_has_no_credentials_for_any_mailbox(self, resources: Resources) -> None:
        """The keeper can parse it."""
        secret = resources("AWS::SecretsManager::Secret")["EwsCredentials"]
        client = Mock(get_secret_value=Mock(return_value={"SecretString": secret["SecretString"]}))
        assert SecretCredentials(client, "arn", utc_now).of("alice@example.com") is None


class TestFlow:
    """From the callback URL to the queue."""

    def test_one_route_and_no_other(self, resources: Resources) -> None:
        """POST with three path segments."""
        assert [route["RouteKey"] for route in resources("AWS::ApiGatewayV2::Route").values()] == [f"POST {ROUTE}"]
        (integration,) = resources("AWS::ApiGatewayV2::Integration").values()
        assert integration["PayloadFormatVersion"] == "2.0"

    def test_the_api_is_throttled_and_its_access_log_holds_no_secret(self, resources: Resources) -> None:
        """It holds no path, no query and no source address."""
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

    def test_the_stream_is_read_from_the_start_and_retried_until_records_expire(self, resources: Resources) -> None:
        """INSERT only; failures by position; failed batches are bisected; failed records go to the bucket."""
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
        """Both keep messages for fourteen days; deduplication is by explicit ids, in each group."""
        queues = resources("AWS::SQS::Queue")
        assert all(queue["FifoQueue"] and queue["MessageRetentionPeriod"] == 14 * 86400 for queue in queues.values())
        assert not any(queue.get("ContentBasedDeduplication") for queue in queues.values())
        assert {queue.get("DeduplicationScope") for queue in queues.values()} == {"messageGroup"}
        assert {queue.get("FifoThroughputLimit") for queue in queues.values()} == {"perMessageGroupId"}
        (redrive,) = [queue["RedrivePolicy"] for queue in queues.values() if "RedrivePolicy" in queue]
        assert redrive["deadLetterTargetArn"]["Fn::GetAtt"][0] in queues


class TestFunctions:
    """Properties of each function."""

    @pytest.mark.parametrize("handler", SETTINGS)
    def test_its_environment_is_exactly_its_settings(self, resources: Resources, handler: str) -> None:
        """from_env() reads it, and there is no other variable."""
        variables = environment(resources, handler)
        assert SETTINGS[handler].from_env(variables).to_env() == variables

    def test_every_function_is_arm64_on_a_current_python_with_a_json_log_of_its_own(self, resources: Resources) -> None:
        """The retention of the log is that of the context."""
        groups = resources("AWS::Logs::LogGroup")
        for properties in functions(resources).values():
            assert properties["Architectures"] == ["arm64"]
            assert properties["Runtime"] == "python3.13"
            assert properties["LoggingConfig"]["LogFormat"] == "JSON"
            assert groups[properties["LoggingConfig"]["LogGroup"]["Ref"]]["RetentionInDays"] == 30
        assert set(functions(resources)) == set(SETTINGS)


class TestOutputs:
    """Outputs of the stack."""

    def test_the_public_outputs_exist(self, template: dict[str, Any]) -> None:
        """Other programs read them; more may be added."""
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

    def test_the_keeper_builds_callback_urls_from_the_output(
        self, template: dict[str, Any], resources: Resources
    ) -> None:
        """By default it is the endpoint of the HTTP API."""
        output = template["Outputs"]["CallbackBaseUrl"]["Value"]
        keeper = functions(resources)["ewspush.handlers.keeper.handler"]
        assert output == keeper["Environment"]["Variables"]["CALLBACK_BASE_URL"]
        assert named(output) == "CallbackApiHttpApi.ApiEndpoint"

    def test_nothing_has_a_physical_name(self, template: dict[str, Any]) -> None:
        """So two stacks fit into one account."""
        names = {"TableName", "QueueName", "FunctionName", "RoleName", "BucketName", "TopicName", "LogGroupName"}
        for resource in template["Resources"].values():
            given = {name for name, value in resource.get("Properties", {}).items() if isinstance(value, str)}
            assert not names & given
