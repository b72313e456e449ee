"""The keeper on engines: under awslambdaric, ticked every protocol minute, as the schedule of the stack does."""

from dataclasses import dataclass
from threading import Event
from typing import Final

from local.lambda_runtime import FunctionError, LambdaProcess
from local.mail_server import MailServer

KEEPER: Final = "ewspush.handlers.keeper.handler"
_INVOCATION_SECONDS: Final = 60
"""As `infra.keeper` has it."""


@dataclass(frozen=True, slots=True)
class Care:
    """What the keeper is to look after: subscriptions on a mail server whose protocol minute lasts so long."""

    mail_server: MailServer
    minute_seconds: float


class Ticks:
    """Ticks a keeper. `failures` counts the ticks that ended with an error, or with the function."""

    def __init__(self, keeper: LambdaProcess, minute_seconds: float) -> None:
        """Take the function; nothing is ticked yet."""
        self.keeper = keeper
        self.failures = 0
        self._minute_seconds = minute_seconds
        self._stopped = Event()

    def run(self) -> None:
        """Tick until `stop`."""
        while not self._stopped.wait(self._minute_seconds):
            try:
                self.keeper.invoke({"keeper": 0}, _INVOCATION_SECONDS)
            except FunctionError:
                self.failures += 1
                if not self._stopped.is_set():
                    self.keeper.restart()

    def stop(self) -> None:
        """Stop after the tick under way."""
        self._stopped.set()
