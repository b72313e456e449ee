"""What holds state: the tables of subscriptions, events and sync states, the callback secret and the credentials."""

from aws_cdk import CfnResource, RemovalPolicy, SecretValue
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from ewspush.adapters.dynamodb import DUE_INDEX, SILENT_INDEX
from infra.nag_suppressions import suppress

_CREDENTIALS_PLACEHOLDER = '{"mailboxes": {}}'
"""Must never change: CloudFormation would overwrite what the administrator has put in."""

_CREDENTIALS_DESCRIPTION = (
    "Credentials of EWS Push for the mail server, as JSON. "
    'One account that may impersonate every mailbox: {"username": "...", "password": "..."}. '
    'Mailboxes that sign in themselves: {"mailboxes": {"alice@example.com": "her password"}}. '
    "Both can be combined in one object."
)


class Storage(Construct):
    """Three tables and two secrets with fixed logical ids; they remain when the stack is deleted."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.subscriptions = dynamodb.TableV2(
            self,
            "Subscriptions",
            partition_key=_string("subscription"),
            global_secondary_indexes=[
                # Heartbeats write none of these attributes, so they cost no write here. The keys tell the keeper which
                # subscriptions to check.
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name=DUE_INDEX,
                    partition_key=_string("due_shard"),
                    sort_key=_string("next_check_at"),
                    projection_type=dynamodb.ProjectionType.KEYS_ONLY,
                ),
                # Only while a push is missing: the first keys of each partition are the canaries of a shut door.
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name=SILENT_INDEX,
                    partition_key=_string("silent_shard"),
                    sort_key=_string("subscription"),
                    projection_type=dynamodb.ProjectionType.KEYS_ONLY,
                ),
            ],
            point_in_time_recovery_specification=_POINT_IN_TIME_RECOVERY,
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.events = dynamodb.TableV2(
            self,
            "Events",
            partition_key=_string("subscription"),
            sort_key=_string("arrival"),
            time_to_live_attribute="expires_at",
            dynamo_stream=dynamodb.StreamViewType.NEW_IMAGE,
            point_in_time_recovery_specification=_POINT_IN_TIME_RECOVERY,
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.sync_states = dynamodb.TableV2(
            self,
            "SyncStates",
            partition_key=_string("subscription"),
            sort_key=_string("record"),
            point_in_time_recovery_specification=_POINT_IN_TIME_RECOVERY,
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.callback_secret = self._callback_secret()
        self.ews_credentials = self._ews_credentials()
        _fix_logical_id(self.subscriptions, "SubscriptionsTable")
        _fix_logical_id(self.events, "EventsTable")
        _fix_logical_id(self.sync_states, "SyncStatesTable")
        _fix_logical_id(self.callback_secret, "CallbackSecret")
        _fix_logical_id(self.ews_credentials, "EwsCredentials")

    def _callback_secret(self) -> secretsmanager.Secret:
        secret = secretsmanager.Secret(
            self,
            "CallbackSecret",
            description="Key that signs the callback URLs of EWS Push; see docs/runbook/rotate-the-callback-secret.md",
            generate_secret_string=secretsmanager.SecretStringGenerator(password_length=64, exclude_punctuation=True),
            removal_policy=RemovalPolicy.RETAIN,
        )
        suppress(
            secret,
            "SMG4",
            "The current and the previous version are accepted, so a rotation invalidates older callback URLs: the "
            "administrator decides when (docs/runbook/rotate-the-callback-secret.md).",
        )
        return secret

    def _ews_credentials(self) -> secretsmanager.Secret:
        """Return the secret that the administrator fills in; until then it is valid JSON without credentials."""
        secret = secretsmanager.Secret(
            self,
            "EwsCredentials",
            description=_CREDENTIALS_DESCRIPTION,
            secret_string_value=SecretValue.unsafe_plain_text(
                _CREDENTIALS_PLACEHOLDER
            ),  # visible in the template, but no secret
            removal_policy=RemovalPolicy.RETAIN,
        )
        suppress(
            secret,
            "SMG4",
            "Passwords change at the mail server, by its rules; the administrator then puts the new one in here.",
        )
        return secret


_POINT_IN_TIME_RECOVERY = dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True)


def _string(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


def _fix_logical_id(construct: Construct, logical_id: str) -> None:
    resource = construct.node.default_child
    if not isinstance(resource, CfnResource):
        message = f"{construct.node.path} has no CloudFormation resource"
        raise TypeError(message)
    resource.override_logical_id(logical_id)
