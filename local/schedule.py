"""The keeper's schedule where a protocol minute is shorter than the minute that a schedule can wait (docs/adr/0013).

Each tick invokes the target of the deployed schedule with its input, as the scheduler itself does every 60 seconds.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any, Final

from botocore.config import Config

from local.emulator import Emulator

SCHEDULERS_MINUTE: Final = 60.0


class TickError(RuntimeError):
    """Raised where a tick ends with an error; the message is what the function said."""


class Schedule:
    """The deployed schedules of the keepers."""

    def __init__(self, emulator: Emulator) -> None:
        """Look the schedules up."""
        self._lambda = emulator.client("lambda", Config(read_timeout=120, retries={"total_max_attempts": 1}))
        scheduler = emulator.client("scheduler")
        summaries = scheduler.list_schedules()["Schedules"]
        schedules = [scheduler.get_schedule(Name=one["Name"], GroupName=one["GroupName"]) for one in summaries]
        self._targets: list[dict[str, Any]] = [schedule["Target"] for schedule in schedules]

    def tick(self) -> None:
        """Have every keeper look once, and wait until it has. Raises `TickError`."""
        for target in self._targets:
            answer = self._lambda.invoke(FunctionName=target["Arn"], Payload=target["Input"].encode())
            if answer.get("FunctionError"):
                raise TickError(answer["Payload"].read().decode())

    @contextmanager
    def running(self, minute_seconds: float) -> Iterator[None]:
        """Tick every protocol minute; where that is a real one, the scheduler does so by itself."""
        done = Event()
        ticking = Thread(target=self._tick_until, args=(done, minute_seconds), daemon=True)
        if minute_seconds < SCHEDULERS_MINUTE:
            ticking.start()
        try:
            yield
        finally:
            done.set()
            if ticking.is_alive():
                ticking.join()

    def _tick_until(self, done: Event, minute_seconds: float) -> None:
        due_at = time.monotonic()
        while not done.wait(max(due_at - time.monotonic(), 0)):
            due_at = max(due_at + minute_seconds, time.monotonic())
            try:
                self.tick()
            except TickError as error:
                print(f"local: a tick failed: {error}", file=sys.stderr)
