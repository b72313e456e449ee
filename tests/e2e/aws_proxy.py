"""A proxy between a function and the AWS emulator; it forwards requests, refuses them, or loses their answers."""

import http.client
import json
from collections import defaultdict, deque
from collections.abc import Callable
from threading import Barrier, Event
from typing import TypeAlias

from local.emulator import Emulator
from tests.http_server import HttpServer, Request, Response

Forward: TypeAlias = Callable[[], Response]
"""Forwards the request and returns the answer."""

Treatment: TypeAlias = Callable[[Forward], Response | None]
"""What the proxy does with a request; None closes the connection without an answer."""


def forwarded(forward: Forward) -> Response:
    """Forward the request."""
    return forward()


def request_lost(_forward: Forward) -> None:
    """Close the connection before the request arrives."""


def answer_lost(forward: Forward) -> None:
    """Forward the request, and close the connection before the answer arrives."""
    forward()


def refused(status: int, code: str) -> Treatment:
    """Answer with an error of AWS."""
    body = json.dumps({"__type": f"com.amazonaws#{code}", "message": "by the plan of the test"}).encode()
    return lambda _: Response(status, body, {"Content-Type": "application/x-amz-json-1.0"})


def simultaneous(forward: Forward, barrier: Barrier) -> Response:
    """Forward the request at the same moment as the others that wait at `barrier`."""
    barrier.wait(timeout=10)
    return forward()


def answer_lost_after(action: Callable[[], object]) -> Treatment:
    """Forward the request, do `action` once AWS has carried it out, and lose that answer."""

    def treatment(forward: Forward) -> Response | None:
        answer = forward()
        if answer.status != 200:
            return answer
        action()
        return None

    return treatment


class AwsProxy(HttpServer):
    """The proxy in front of an emulator. Without a plan for an operation its requests are forwarded."""

    def __init__(self, emulator: Emulator) -> None:
        super().__init__()
        self.requests: list[str] = []
        self._emulator = emulator
        self._planned: dict[str, deque[Treatment]] = defaultdict(deque)
        self._always: dict[str, Treatment] = {}
        self._closed = Event()

    def plan(self, operation: str, *treatments: Treatment, always: Treatment = forwarded) -> None:
        """Plan the treatments of the next requests of `operation`, and of all that follow (`always`)."""
        self._planned[operation] = deque(treatments)
        self._always[operation] = always

    def reset(self) -> None:
        """Forget all plans and requests."""
        self.requests.clear()
        self._planned.clear()
        self._always.clear()

    def unanswered(self, _forward: Forward) -> None:
        """Accept the request and never answer: the caller runs into its time-out."""
        self._closed.wait()

    def respond(self, request: Request) -> Response | None:
        """Treat the request by the plan of its operation."""
        operation = request.headers["X-Amz-Target"].rpartition(".")[2]
        self.requests.append(operation)
        planned = self._planned[operation]
        treatment = planned.popleft() if planned else self._always.get(operation, forwarded)
        return treatment(lambda: self._forward(request))

    def __exit__(self, *error: object) -> None:
        self._closed.set()
        super().__exit__(*error)

    def _forward(self, request: Request) -> Response:
        connection = http.client.HTTPConnection("127.0.0.1", self._emulator.port, timeout=30)
        connection.request("POST", request.path, request.body, dict(request.headers))
        response = connection.getresponse()
        answer = Response(response.status, response.read(), {"Content-Type": response.headers["Content-Type"]})
        connection.close()
        return answer
