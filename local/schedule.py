"""The keepers' schedule where a protocol minute is shorter than a minute of EventBridge Scheduler (docs/adr/0013).

Each run invokes the target of the deployed schedule with its input, as the scheduler itself does every 60 seconds.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any, Final

from botocore.config import Config

from local.emulator import Emulator

SCHEDULER_MINUTE_SECONDS: Final = 60.0


class KeeperRunError(RuntimeError):
    """Raised where a keeper run fails; the message is the function's error."""


class Schedule:
    """The deployed schedules of the keepers."""

    def __init__(self, emulator: Emulator) -> None:
        self._lambda = emulator.client("lambda", Config(read_timeout=120, retries={"total_max_attempts": 1}))
        scheduler = emulator.client("scheduler")
        summaries = scheduler.list_schedules()["Schedules"]
        schedules = [scheduler.get_schedule(Name=one["Name"], GroupName=one["GroupName"]) for one in summaries]
        self._targets: list[dict[str, Any]] = [schedule["Target"] for schedule in schedules]

    def run_keepers(self) -> None:
        """Run every keeper once, and wait for its end. Raises `KeeperRunError`."""
        for target in self._targets:
            answer = self._lambda.invoke(FunctionName=target["Arn"], Payload=target["Input"].encode())
            if answer.get("FunctionError"):
                raise KeeperRunError(answer["Payload"].read().decode())

    @contextmanager
    def running(self, minute_seconds: float) -> Iterator[None]:
        """Run the keepers every protocol minute; the emulator's scheduler does so where that minute has 60 seconds."""
        stopped = Event()
        thread = Thread(target=self._run_until, args=(stopped, minute_seconds), daemon=True)
        if minute_seconds < SCHEDULER_MINUTE_SECONDS:
            thread.start()
        try:
            yield
        finally:
            stopped.set()
            if thread.is_alive():
                thread.join()

    def _run_until(self, stopped: Event, minute_seconds: float) -> None:
        due_at = time.monotonic()
        while not stopped.wait(max(due_at - time.monotonic(), 0)):
            due_at = max(due_at + minute_seconds, time.monotonic())
            try:
                self.run_keepers()
            except KeeperRunError as error:
                print(f"local: a keeper run failed: {error}", file=sys.stderr)
