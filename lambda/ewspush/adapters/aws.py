"""boto3 clients, with time-outs that fit the ack: the mail server waits, and sends again on its own."""

from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

_CONFIG: Final = Config(
    connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3}, tcp_keepalive=True
)
"""At worst three attempts of two seconds: below the ten seconds of the function and the 29 of the HTTP API."""


def dynamodb() -> "DynamoDBClient":
    """Return a DynamoDB client."""
    return boto3.client("dynamodb", config=_CONFIG)


def secrets_manager() -> "SecretsManagerClient":
    """Return a Secrets Manager client."""
    return boto3.client("secretsmanager", config=_CONFIG)


def sqs() -> "SQSClient":
    """Return an SQS client."""
    return boto3.client("sqs", config=_CONFIG)
