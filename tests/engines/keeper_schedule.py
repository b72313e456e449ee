"""The keeper's schedule for tests on engines: a keeper process is invoked every protocol minute."""

from dataclasses import dataclass
from threading import Event
from typing import Final

from local.lambda_process import LambdaProcess
from local.mail_server import MailServer
from local.runtime_api import FunctionError

KEEPER: Final = "ewspush.handlers.keeper.handler"
_TIMEOUT_SECONDS: Final = 60
"""As in `infra.keeper`."""


@dataclass(frozen=True, slots=True)
class KeeperTarget:
    """The mail server that the keeper subscribes at, and the length of a protocol minute."""

    mail_server: MailServer
    minute_seconds: float


class KeeperSchedule:
    """Invokes a keeper; `failures` counts the runs that ended with an error, or with the process."""

    def __init__(self, keeper: LambdaProcess, minute_seconds: float) -> None:
        self.keeper = keeper
        self.failures = 0
        self._minute_seconds = minute_seconds
        self._stopped = Event()

    def run(self) -> None:
        """Invoke the keeper every protocol minute until `stop` is called."""
        while not self._stopped.wait(self._minute_seconds):
            try:
                self.keeper.invoke({"keeper": 0}, _TIMEOUT_SECONDS)
            except FunctionError:
                self.failures += 1
                if not self._stopped.is_set():
                    self.keeper.restart()

    def stop(self) -> None:
        """Stop after the current run."""
        self._stopped.set()
