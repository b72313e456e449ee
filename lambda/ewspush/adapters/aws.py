"""AWS clients, with time-outs that fit the ack: the mail server waits, and sends again on its own.

botocore's own session: boto3's clients are the same ones, and its other half would only be loaded (docs/adr/0011).
"""

from functools import cache
from typing import TYPE_CHECKING, Final, cast

import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

_CONFIG: Final = Config(
    connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3}, tcp_keepalive=True
)
"""At worst three attempts of two seconds: below the fifteen seconds of the function and the 29 of the HTTP API."""


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


def dynamodb() -> "DynamoDBClient":
    """Return a DynamoDB client."""
    return cast("DynamoDBClient", _session().create_client("dynamodb", config=_CONFIG))


def secrets_manager() -> "SecretsManagerClient":
    """Return a Secrets Manager client."""
    return cast("SecretsManagerClient", _session().create_client("secretsmanager", config=_CONFIG))


def sqs() -> "SQSClient":
    """Return an SQS client."""
    return cast("SQSClient", _session().create_client("sqs", config=_CONFIG))
