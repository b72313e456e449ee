"""The HTTP API for tests on engines: a POST becomes an event (payload format 2.0) of a running responder.

Functions run one event at a time and there are as many of them as POSTs may come at once; one that ends is started anew
for the next event, as on Lambda.
"""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import Any, Final

from infra.callback_api import ROUTE
from local.lambda_runtime import FunctionError, LambdaProcess

_SEGMENTS: Final = ("subscription", "generation", "signature")
_FAILED: Final = {"statusCode": 500, "headers": {}, "body": json.dumps({"message": "Internal Server Error"})}
"""What the HTTP API answers where the function brings no response."""


class Responder(LambdaProcess):
    """A function that may be killed at any time."""

    @property
    def has_ended(self) -> bool:
        """Whether there is no process: Lambda would start one for the next event, and nobody would see an error."""
        return self._process.poll() is not None


class Front(ThreadingHTTPServer):
    """The API, at `url`."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *functions: Responder) -> None:
        """Listen on a free port in front of `functions`."""
        super().__init__(("127.0.0.1", 0), _Post)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.crashes = 0
        self._free: Queue[Responder] = Queue()
        for function in functions:
            self._free.put(function)

    def invoke(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return the response of a free function to `event`, 500 where it ends before it has one."""
        function = self._free.get()
        try:
            if function.has_ended:
                function.restart()
            response: dict[str, Any] = function.invoke(event)
        except FunctionError:
            self.crashes += 1
            function.restart()
            return _FAILED
        finally:
            self._free.put(function)
        return response


@contextmanager
def opened(*functions: Responder) -> Iterator[Front]:
    """Run an API in front of `functions`."""
    with Front(*functions) as front:
        Thread(target=front.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield front
        finally:
            front.shutdown()


def event_of(path: str, content_type: str, body: bytes) -> dict[str, Any]:
    """Return the event that the HTTP API makes of a POST: text is decoded whatever its bytes are, the rest is base64.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    is_text = content_type.startswith("text/")
    return {
        "version": "2.0",
        "routeKey": f"POST {ROUTE}",
        "rawPath": path,
        "headers": {"content-type": content_type, "content-length": str(len(body))},
        "pathParameters": dict(zip(_SEGMENTS, path.split("/")[2:], strict=True)),
        "body": body.decode("utf-8", "replace") if is_text else base64.b64encode(body).decode(),
        "isBase64Encoded": not is_text,
    }


class _Post(BaseHTTPRequestHandler):
    server: Front
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024

    def do_POST(self) -> None:
        """Let a function answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        response = self.server.invoke(event_of(self.path, self.headers["Content-Type"], body))
        answer = response["body"].encode()
        self.send_response(response["statusCode"])
        for name, value in (response["headers"] | {"Content-Length": str(len(answer))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Say nothing."""
