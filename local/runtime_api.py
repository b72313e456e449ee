"""The Lambda Runtime API for one process: a function asks it for events, as it does on AWS."""

import json
import sys
import time
import uuid
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import Any, Final

from local.emulator import ACCOUNT, REGION

_PREFIX: Final = "/2018-06-01/runtime"
"""https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html"""


class FunctionError(RuntimeError):
    """Raised where an invocation brings no response: the function reported an error, ended, or timed out."""

    def __init__(self, error_type: str, message: str) -> None:
        """Keep the errorType and errorMessage that Lambda returns to the caller."""
        super().__init__(f"{error_type}: {message}")
        self.error_type = error_type
        self.error_message = message


@dataclass(frozen=True, slots=True)
class Invocation:
    """An event for the function, in JSON."""

    request_id: str
    body: bytes
    deadline_ms: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an invocation, or of the function's start."""

    response: Any = None
    error: FunctionError | None = None


class RuntimeApi(ThreadingHTTPServer):
    """The Runtime API of one process.

    Each start of a function gets a new one, so that the long poll of a killed process can't take the next event.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.address = f"127.0.0.1:{self.server_port}"
        self.invocations: Queue[Invocation | None] = Queue()
        self.outcomes: Queue[Outcome] = Queue()
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore the broken connections of a killed process; any other error is a defect of this server."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # the stubs ask for a socket

    def close(self) -> None:
        """End the long poll and stop listening."""
        self.invocations.put(None)
        self.shutdown()
        self.server_close()


class _Exchange(BaseHTTPRequestHandler):
    """One connection. Each answer is one write without Nagle's delay: two writes would cost 40 ms of waiting."""

    server: RuntimeApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 8 * 1024 * 1024

    def do_GET(self) -> None:
        """Return the next event: the long poll."""
        invocation = self.server.invocations.get() if self.path == f"{_PREFIX}/invocation/next" else None
        if invocation is None:
            self.close_connection = True
            return
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:function",
            "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):x}-{uuid.uuid4().hex[:24]};Sampled=0",
        }
        self._answer(200, invocation.body, headers)

    def do_POST(self) -> None:
        """Accept a response, or an error of an invocation or of the start."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(202, b'{"status":"OK"}', {})
        self.wfile.flush()
        report = json.loads(body)
        if self.path.endswith("/response"):
            self.server.outcomes.put(Outcome(report))
        else:
            self.server.outcomes.put(Outcome(error=FunctionError(report["errorType"], report["errorMessage"])))

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Type": "application/json", "Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Log nothing: the function has a log of its own."""
