"""The simulated mail server: mailsim, in a process of its own."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, Final

from local.emulator import ROOT

PASSWORD: Final = "password"  # noqa: S105  # every user of the simulated server has this one
SERVICE_ACCOUNT: Final = "keeper@example.com"
"""The account that may impersonate every mailbox."""


class MailServerError(RuntimeError):
    """Raised where the mail server does not start, or refuses a control call; the message is its answer."""


class MailServer:
    """A running mailsim; `urls` is its ready line."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self.ews = urls["ews"]
        self.workmail = urls["workmail"]
        self.control = urls["control"]

    def call(self, path: str, **given: object) -> Any:  # noqa: ANN401  # JSON
        """POST to the control API, like `call("faults", cut=True)`. Raises `MailServerError`."""
        body = json.dumps(given).encode()
        return _answer(urllib.request.Request(f"{self.control}/{path}", body, method="POST"))  # noqa: S310  # our own

    def get(self, path: str) -> Any:  # noqa: ANN401  # JSON
        """GET from the control API, like `get("subscriptions")`. Raises `MailServerError`."""
        return _answer(urllib.request.Request(f"{self.control}/{path}"))  # noqa: S310  # our own

    def add_user(self, email: str) -> None:
        """Create a user with an empty mailbox."""
        self.call("users", email=email, password=PASSWORD)


@contextmanager
def running(
    port: int = 0,
    profile: str = "workmail",
    minute_seconds: float = 60,
    settings: Mapping[str, object] | None = None,
    log: IO[Any] | None = None,
) -> Iterator[MailServer]:
    """Start mailsim with its service account, and end it afterwards. Raises `MailServerError`."""
    options = [option for name, value in (settings or {}).items() for option in ("--set", f"{name}={value}")]
    command = [sys.executable, "-m", "mailsim", "--port", str(port), "--profile", profile]
    command += ["--minute", str(minute_seconds), "--log-level", "WARNING", *options]
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
