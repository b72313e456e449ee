"""What holds state: the subscriptions, the log of their events, and two secrets (callbacks, mail server)."""

from aws_cdk import CfnResource, RemovalPolicy, SecretValue
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from ewspush.adapters.dynamodb import DUE_INDEX
from infra.nag_suppressions import suppress

_NO_CREDENTIALS = '{"mailboxes": {}}'
"""Never to be changed: CloudFormation would write the new one over what the administrator has put in."""

_WHAT_TO_PUT_IN = (
    "Credentials of EWS Push for the mail server, as JSON: "
    '{"username": "...", "password": "..."} is an account that impersonates every mailbox; '
    '{"mailboxes": {"alice@example.com": "her password"}} lets mailboxes sign in as themselves; both may stand together'
)


class Storage(Construct):
    """Two tables and two secrets, kept when the stack goes, under logical ids that no refactoring changes."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        """Make tables and secrets."""
        super().__init__(scope, construct_id)
        self.subscriptions = dynamodb.TableV2(
            self,
            "Subscriptions",
            partition_key=_string("subscription"),
            global_secondary_indexes=[
                # Lazy: heartbeats touch none of these attributes, so they cost no write here. Keys are all the keeper
                # needs to know what to look at.
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name=DUE_INDEX,
                    partition_key=_string("due_shard"),
                    sort_key=_string("next_check_at"),
                    projection_type=dynamodb.ProjectionType.KEYS_ONLY,
                )
            ],
            point_in_time_recovery_specification=_RECOVERY,
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.events = dynamodb.TableV2(
            self,
            "Events",
            partition_key=_string("subscription"),
            sort_key=_string("arrival"),
            time_to_live_attribute="expires_at",
            dynamo_stream=dynamodb.StreamViewType.NEW_IMAGE,
            point_in_time_recovery_specification=_RECOVERY,
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.sync_states = dynamodb.TableV2(
            self,
            "SyncStates",
            partition_key=_string("subscription"),
            sort_key=_string("place"),
            point_in_time_recovery_specification=_RECOVERY,
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
            description="Signs the callback URLs of EWS Push",
            generate_secret_string=secretsmanager.SecretStringGenerator(password_length=64, exclude_punctuation=True),
            removal_policy=RemovalPolicy.RETAIN,
        )
        suppress(
            secret,
            "SMG4",
            "A rotation invalidates callback URLs older than the one before; when is the administrator's choice"
            " (docs/runbook/rotate-the-callback-secret.md). Current and previous version are accepted.",
        )
        return secret

    def _ews_credentials(self) -> secretsmanager.Secret:
        """A secret to fill in; until then it holds valid JSON, and credentials for nobody."""
        secret = secretsmanager.Secret(
            self,
            "EwsCredentials",
            description=_WHAT_TO_PUT_IN,
            secret_string_value=SecretValue.unsafe_plain_text(_NO_CREDENTIALS),  # a placeholder, in the template
            removal_policy=RemovalPolicy.RETAIN,
        )
        suppress(
            secret,
            "SMG4",
            "Passwords are changed at the mail server, by its rules; the administrator then puts the new one in here.",
        )
        return secret


_RECOVERY = dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True)


def _string(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


def _fix_logical_id(construct: Construct, logical_id: str) -> None:
    resource = construct.node.default_child
    if not isinstance(resource, CfnResource):
        message = f"{construct.node.path} has no resource to name"
        raise TypeError(message)
    resource.override_logical_id(logical_id)
