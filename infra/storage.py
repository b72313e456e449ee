"""What holds state: the subscriptions, the log of their events, and the secret that signs callbacks."""

from aws_cdk import CfnResource, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.acknowledgements import acknowledge

DUE_INDEX = "due"


class Storage(Construct):
    """Two tables and a secret, kept when the stack goes, under logical ids that no refactoring changes."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        """Make tables and secret."""
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
                    sort_key=_string("check_at"),
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
        self.callback_secret = secretsmanager.Secret(
            self,
            "CallbackSecret",
            description="Signs the callback URLs of EWS Push",
            generate_secret_string=secretsmanager.SecretStringGenerator(password_length=64, exclude_punctuation=True),
            removal_policy=RemovalPolicy.RETAIN,
        )
        acknowledge(
            self.callback_secret,
            "SMG4",
            "A rotation invalidates callback URLs older than the one before; when is the administrator's choice"
            " (docs/runbook/rotate-the-callback-secret.md). Current and previous version are accepted.",
        )
        _fix(self.subscriptions, "SubscriptionsTable")
        _fix(self.events, "EventsTable")
        _fix(self.callback_secret, "CallbackSecret")


_RECOVERY = dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True)


def _string(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


def _fix(construct: Construct, logical_id: str) -> None:
    resource = construct.node.default_child
    if not isinstance(resource, CfnResource):
        message = f"{construct.node.path} has no resource to name"
        raise TypeError(message)
    resource.override_logical_id(logical_id)
