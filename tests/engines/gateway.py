"""One endpoint for all of AWS, as the emulator has: hands requests on to the engine whose service they name.

Secrets Manager is no engine; the two secrets of the stack are answered here, by the shapes of its API reference.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final

import urllib3

from local.mail_server import PASSWORD, SERVICE_ACCOUNT

SECRET_ARN: Final = "arn:aws:secretsmanager:us-east-1:000000000000:secret:callback-AbCdEf"
CREDENTIALS_ARN: Final = "arn:aws:secretsmanager:us-east-1:000000000000:secret:credentials-AbCdEf"
_SECRETS: Final = {
    SECRET_ARN: "the secret of the tests on engines",
    CREDENTIALS_ARN: json.dumps({"username": SERVICE_ACCOUNT, "password": PASSWORD}),
}
_PREFIXES: Final = {"DynamoDB_20120810": "dynamodb", "DynamoDBStreams_20120810": "dynamodb", "AmazonSQS": "sqs"}
_NOT_THE_CLIENTS: Final = {"connection", "transfer-encoding", "content-length"}


class Gateway(ThreadingHTTPServer):
    """The endpoint, at `server_port` of 127.0.0.1."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, ports: dict[str, int]) -> None:
        """Listen on a free port in front of the engines; `ports` tells theirs by service."""
        super().__init__(("127.0.0.1", 0), _Request)
        self.ports = ports
        self.pool = urllib3.PoolManager(maxsize=16, retries=False)
        self.created_at = time.time()


@contextmanager
def opened(ports: dict[str, int]) -> Iterator[Gateway]:
    """Run a gateway in front of the engines at `ports`."""
    with Gateway(ports) as gateway:
        Thread(target=gateway.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield gateway
        finally:
            gateway.shutdown()


class _Request(BaseHTTPRequestHandler):
    server: Gateway
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1024 * 1024

    def do_POST(self) -> None:
        """Answer, or hand on."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        service, _, operation = self.headers["X-Amz-Target"].partition(".")
        if service == "secretsmanager":
            self._answer(*self._secret(operation, json.loads(body)))
            return
        response = self.server.pool.request(
            "POST", f"http://127.0.0.1:{self.server.ports[_PREFIXES[service]]}/", body=body, headers=dict(self.headers)
        )
        self._answer(response.status, response.data, dict(response.headers))

    def _secret(self, operation: str, asked: dict[str, str]) -> tuple[int, bytes]:
        """Answer GetSecretValue for secrets that were never rotated."""
        arn, stage = asked["SecretId"], asked.get("VersionStage", "AWSCURRENT")
        if operation != "GetSecretValue" or arn not in _SECRETS or stage != "AWSCURRENT":
            return 400, json.dumps({"__type": "ResourceNotFoundException", "Message": "not here"}).encode()
        answer = {"ARN": arn, "Name": "own", "SecretString": _SECRETS[arn], "CreatedDate": self.server.created_at}
        return 200, json.dumps(answer).encode()

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {"Content-Type": "application/x-amz-json-1.1"}).items():
            if name.lower() not in _NOT_THE_CLIENTS:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Say nothing."""
