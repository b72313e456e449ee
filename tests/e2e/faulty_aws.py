"""A proxy between a function and the embedded AWS that lets requests through, refuses them, or loses their answers."""

import http.client
import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Event, Thread
from typing import TypeAlias

from local.emulator import Emulator


@dataclass(frozen=True)
class Answer:
    """What AWS answered."""

    status: int
    headers: dict[str, str]
    body: bytes


Forward: TypeAlias = Callable[[], Answer]
"""Hands the request on and returns the answer."""

Fate: TypeAlias = Callable[[Forward], Answer | None]
"""What becomes of a request; None: the connection breaks without an answer."""


def passed(forward: Forward) -> Answer:
    """Let it through."""
    return forward()


def broken(_forward: Forward) -> None:
    """Break the connection before the request arrives."""


def lost(forward: Forward) -> None:
    """Let the request arrive, and break the connection before the answer does."""
    forward()


def refused(status: int, code: str) -> Fate:
    """Return the fate of being refused with an error of AWS."""
    body = json.dumps({"__type": f"com.amazonaws#{code}", "message": "by the plan of the test"}).encode()
    return lambda _: Answer(status, {"Content-Type": "application/x-amz-json-1.0"}, body)


def together(forward: Forward, barrier: Barrier) -> Answer:
    """Let it through at the same moment as the others that wait at `barrier`."""
    barrier.wait(timeout=10)
    return forward()


def stored_then(what: Callable[[], object]) -> Fate:
    """Return the fate of doing `what` once AWS has carried a request out, and losing that answer."""

    def fate(forward: Forward) -> Answer | None:
        answer = forward()
        if answer.status != 200:
            return answer
        what()
        return None

    return fate


class FaultyAws(ThreadingHTTPServer):
    """The proxy. `plans` holds the next fates of an operation, `always` what happens when its plan is used up."""

    daemon_threads = True

    def __init__(self, emulator: Emulator) -> None:
        """Listen on a free port in front of `emulator`."""
        super().__init__(("127.0.0.1", 0), _Request)
        self.emulator = emulator
        self.endpoint = f"http://127.0.0.1:{self.server_port}"
        self.plans: dict[str, deque[Fate]] = defaultdict(deque)
        self.always: dict[str, Fate] = {}
        self.requests: list[str] = []
        self.closed = Event()

    def plan(self, operation: str, *fates: Fate, always: Fate = passed) -> None:
        """Plan the fates of the next requests of `operation`, and of all that follow."""
        self.plans[operation] = deque(fates)
        self.always[operation] = always

    def fate_of(self, operation: str) -> Fate:
        """Return what becomes of the request that has just come."""
        self.requests.append(operation)
        plan = self.plans[operation]
        return plan.popleft() if plan else self.always.get(operation, passed)

    def silence(self, _forward: Forward) -> None:
        """Take the request and never answer: a fate that the caller's time-out ends."""
        self.closed.wait()


@contextmanager
def faulty(emulator: Emulator) -> Iterator[FaultyAws]:
    """Run a proxy in front of `emulator`."""
    with FaultyAws(emulator) as proxy:
        Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield proxy
        proxy.closed.set()
        proxy.shutdown()


class _Request(BaseHTTPRequestHandler):
    server: FaultyAws
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1024 * 1024

    def do_POST(self) -> None:
        """Let the plan decide."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        answer = self.server.fate_of(operation)(lambda: self._forwarded(body))
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in (answer.headers | {"Content-Length": str(len(answer.body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def _forwarded(self, body: bytes) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.emulator.port, timeout=30)
        connection.request("POST", self.path, body, dict(self.headers))
        response = connection.getresponse()
        answer = Answer(response.status, {"Content-Type": response.headers["Content-Type"]}, response.read())
        connection.close()
        return answer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Say nothing: the list of requests is the log."""
