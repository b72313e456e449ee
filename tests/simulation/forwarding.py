"""Runs the forwarder on the records of the stream, and again after a failure."""

from typing import TYPE_CHECKING, Final

from tests.simulation.failpoints import Killed

if TYPE_CHECKING:
    from tests.simulation.system import System

_STREAM_SECONDS: Final = 0.3
"""Until a record of the log reaches the forwarder."""
_MAX_RETRY_SECONDS: Final = 300


class Forwarding:
    """The event source mapping between the stream and the forwarder."""

    def __init__(self, system: "System") -> None:
        self.delayed_until = 0.0
        """The stream delivers nothing until then."""
        self._system = system
        self._forwarder = system.processes.forwarder()
        self._next_at: float | None = None
        self._failures = 0

    def next_at(self) -> float:
        """Return when the next records arrive; infinity where there are none."""
        if self._system.stream.is_done:
            self._next_at = None
            return float("inf")
        if self._next_at is None:
            self._next_at = self._system.time.now + _STREAM_SECONDS
        return max(self._next_at, self.delayed_until)

    def run_if_due(self) -> None:
        """Forward the next records if they are due."""
        if self.next_at() > self._system.time.now:
            return
        event = self._system.stream.next_event()
        resume_from: str | None = event["Records"][0]["dynamodb"]["SequenceNumber"]
        try:
            resume_from = self._forwarder.forward(event, lambda: True).resume_from
        except Killed:
            self._forwarder = self._system.processes.forwarder()
        except Exception as error:  # noqa: BLE001  # the stream delivers it again
            self._system.checker.process_failed(error)
        self._system.stream.report(event, resume_from)
        self._failures = self._failures + 1 if resume_from is not None else 0
        self._next_at = self._system.time.now + self._backoff_seconds()

    def _backoff_seconds(self) -> float:
        return min(2**self._failures, _MAX_RETRY_SECONDS) if self._failures else 0
