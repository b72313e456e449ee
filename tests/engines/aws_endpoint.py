"""One endpoint for all of AWS, as the emulator has it: it forwards a request to the engine of the service.

There is no engine for Secrets Manager; this endpoint answers for the stack's two secrets, in the shapes of the API
reference.
"""

import json
import time
from typing import Final

import urllib3

from local.mail_server import PASSWORD, SERVICE_ACCOUNT
from tests.http_server import HttpServer, Request, Response

SECRET_ARN: Final = "arn:aws:secretsmanager:us-east-1:000000000000:secret:callback-AbCdEf"
CREDENTIALS_ARN: Final = "arn:aws:secretsmanager:us-east-1:000000000000:secret:credentials-AbCdEf"
_SECRETS: Final = {
    SECRET_ARN: "the secret of the tests on engines",
    CREDENTIALS_ARN: json.dumps({"username": SERVICE_ACCOUNT, "password": PASSWORD}),
}
_SERVICES: Final = {"DynamoDB_20120810": "dynamodb", "DynamoDBStreams_20120810": "dynamodb", "AmazonSQS": "sqs"}
"""The service of each prefix of X-Amz-Target."""

_HOP_BY_HOP: Final = {"connection", "transfer-encoding", "content-length"}


class AwsEndpoint(HttpServer):
    """The endpoint; `ports` holds the port of each service's engine."""

    def __init__(self, ports: dict[str, int]) -> None:
        super().__init__()
        self._ports = ports
        self._pool = urllib3.PoolManager(maxsize=16, retries=False)
        self._created_at = time.time()

    def respond(self, request: Request) -> Response:
        """Answer a request for a secret, and forward any other."""
        service, _, operation = request.headers["X-Amz-Target"].partition(".")
        if service == "secretsmanager":
            return self._secret(operation, json.loads(request.body))
        url = f"http://127.0.0.1:{self._ports[_SERVICES[service]]}/"
        response = self._pool.request("POST", url, body=request.body, headers=dict(request.headers))
        headers = {name: value for name, value in response.headers.items() if name.lower() not in _HOP_BY_HOP}
        return Response(response.status, response.data, headers)

    def _secret(self, operation: str, request: dict[str, str]) -> Response:
        """Answer GetSecretValue for secrets that were never rotated."""
        headers = {"Content-Type": "application/x-amz-json-1.1"}
        arn, stage = request["SecretId"], request.get("VersionStage", "AWSCURRENT")
        if operation != "GetSecretValue" or arn not in _SECRETS or stage != "AWSCURRENT":
            error = {"__type": "ResourceNotFoundException", "Message": "not here"}
            return Response(400, json.dumps(error).encode(), headers)
        answer = {"ARN": arn, "Name": "own", "SecretString": _SECRETS[arn], "CreatedDate": self._created_at}
        return Response(200, json.dumps(answer).encode(), headers)
