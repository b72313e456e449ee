"""The mail server beside the stack: mailsim, in a process of its own."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, Final

from local.emulator import ROOT

PASSWORD: Final = "password"  # noqa: S105  # of every user of a server that holds nothing
SERVICE_ACCOUNT: Final = "keeper@example.com"
"""Impersonates every mailbox, as the account of an administrator does."""


class MailServerError(RuntimeError):
    """Raised where the mail server does not start, or refuses a control call; the message is what it said."""


class MailServer:
    """A running mailsim: `urls` has ews, workmail and control."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        """Take what its ready line says."""
        self.ews = urls["ews"]
        self.workmail = urls["workmail"]
        self.control = urls["control"]

    def call(self, path: str, **given: object) -> Any:  # noqa: ANN401  # JSON
        """Make a POST of the control API, like `call("faults", cut=True)`. Raises `MailServerError`."""
        body = json.dumps(given).encode()
        return _answer(urllib.request.Request(f"{self.control}/{path}", body, method="POST"))  # noqa: S310  # our own

    def get(self, path: str) -> Any:  # noqa: ANN401  # JSON
        """Ask the control API, like `get("subscriptions")`. Raises `MailServerError`."""
        return _answer(urllib.request.Request(f"{self.control}/{path}"))  # noqa: S310  # our own

    def add_user(self, email: str) -> None:
        """Make a user with an empty mailbox."""
        self.call("users", email=email, password=PASSWORD)


@contextmanager
def running(
    port: int = 0,
    profile: str = "workmail",
    minute_seconds: float = 60,
    settings: Mapping[str, object] | None = None,
    log: IO[Any] | None = None,
) -> Iterator[MailServer]:
    """Start mailsim with the account that impersonates, and end it afterwards. Raises `MailServerError`."""
    chosen = [option for name, value in (settings or {}).items() for option in ("--set", f"{name}={value}")]
    command = [sys.executable, "-m", "mailsim", "--port", str(port), "--profile", profile]
    command += ["--minute", str(minute_seconds), "--log-level", "WARNING", *chosen]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        line = process.stdout.readline() if process.stdout is not None else ""
        if not line:
            message = f"the mail server did not start: exit status {process.wait()}"
            raise MailServerError(message)
        server = MailServer(json.loads(line))
        server.call("users", email=SERVICE_ACCOUNT, password=PASSWORD, impersonates=True)
        yield server
    finally:
        process.terminate()
        process.wait()


def _answer(request: urllib.request.Request) -> Any:  # noqa: ANN401  # JSON
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310  # our own
            return json.load(response)
    except urllib.error.HTTPError as error:
        message = f"{request.full_url}: {error.read().decode()}"
        raise MailServerError(message) from error
