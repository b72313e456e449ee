"""A local run: the emulator with the deployed stack, and the mail server that the stack subscribes at."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from local import deployment as deployments
from local import emulator as emulators
from local import mail_server as mail_servers
from local.deployment import Deployment
from local.mail_server import PASSWORD, SERVICE_ACCOUNT, MailServer
from local.schedule import Schedule

BUILD: Final = emulators.ROOT / ".build" / "local"
READY: Final = BUILD / "ready.json"
"""The ready line of `up`, which `ews-push --local` reads."""


@dataclass(frozen=True, slots=True)
class LocalRun:
    """Both sides, deployed and connected."""

    deployment: Deployment
    mail_server: MailServer
    schedule: Schedule
    minute_seconds: float

    @property
    def ready_line(self) -> str:
        """The addresses and names of a user's programs, as one line of JSON. There is no console yet."""
        deployment = self.deployment
        located = {
            "ready": True,
            "dynamodb": deployment.emulator.endpoint,
            "sqs": deployment.emulator.endpoint,
            "callback": deployment.callback,
            "ews": self.mail_server.ews,
            "workmail": self.mail_server.workmail,
            "control": self.mail_server.control,
            "console": None,
            "queue_url": deployment.queue_url,
            "dead_letter_queue_url": deployment.dead_letter_queue_url,
            "events_table": deployment.events_table,
            "subscriptions_table": deployment.subscriptions_table,
            "minute_seconds": self.minute_seconds,
        }
        return json.dumps(located)


@contextmanager
def running(  # noqa: PLR0913  # the options of a run
    *,
    port_base: int | None = None,
    minute_seconds: float = 60,
    profile: str = "workmail",
    settings: Mapping[str, object] | None = None,
    output: Path = BUILD,
    log: IO[Any] | None = None,
) -> Iterator[LocalRun]:
    """Start both sides, deploy the stack, store the mail server's credentials, and run the keepers on schedule.

    Raises `EmulatorError`, `DeploymentError`, `MailServerError`.
    """
    mail_port = port_base + 1 if port_base else 0
    with (
        emulators.running(port_base, log) as emulator,
        mail_servers.running(mail_port, profile, minute_seconds, settings, log) as mail_server,
    ):
        context = {"profile": profile, "ews_url": mail_server.ews, "minute_seconds": str(minute_seconds)}
        callback = deployments.callback_of(emulator)
        synthesized = deployments.synthesize(output, {**context, "callback_base_url": callback})
        deployment = deployments.deploy(emulator, synthesized)
        _store_credentials(deployment)
        schedule = Schedule(emulator)
        with schedule.running(minute_seconds):
            yield LocalRun(deployment, mail_server, schedule, minute_seconds)


def _store_credentials(deployment: Deployment) -> None:
    content = {"username": SERVICE_ACCOUNT, "password": PASSWORD}
    secrets = deployment.emulator.client("secretsmanager")
    secrets.put_secret_value(SecretId=deployment.credentials_secret_arn, SecretString=json.dumps(content))
