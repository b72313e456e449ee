"""The stack on the engines, and a mail server that it subscribes at: `local.local_run` without the emulator."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from local import mail_server as mail_servers
from local.deployment import Deployment
from local.mail_server import MailServer
from tests.engines.engine_stack import EngineStack, deployed
from tests.engines.fetch import DIRECTORY
from tests.engines.keeper_schedule import KeeperTarget
from tests.engines.plugin import Engines


@dataclass(frozen=True, slots=True)
class EngineRun:
    """Both sides, connected."""

    stack: EngineStack
    mail_server: MailServer

    @property
    def deployment(self) -> Deployment:
        """The stack's resources."""
        return self.stack.deployment


@contextmanager
def running(engines: Engines, minute_seconds: float) -> Iterator[EngineRun]:
    """Start both sides, with a protocol minute of `minute_seconds`."""
    with (
        (DIRECTORY / "mailsim.log").open("ab") as log,
        mail_servers.running(minute_seconds=minute_seconds, log=log) as server,
        deployed(engines, target=KeeperTarget(server, minute_seconds)) as stack,
    ):
        yield EngineRun(stack, server)
