"""mailsim in a process of its own, and what is asked of it."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import urllib3

from ewspush.domain.desired import DEFAULT_EVENT_TYPES, DEFAULT_STATUS_FREQUENCY_MINUTES
from ewspush.protocol.subscribe import Subscribed, SubscribeRequest, build_subscribe, parse_subscribe_response
from local.emulator import ROOT
from tests.engines.fetch import DIRECTORY

PASSWORD: Final = "password"
SERVER_VERSION: Final = "Exchange2010_SP2"


class Mailsim:
    """A running simulator at `urls`."""

    def __init__(self, urls: dict[str, str]) -> None:
        """Take what its ready line tells."""
        self._urls = urls
        self._http = urllib3.PoolManager(maxsize=4)

    def subscribe(self, email: str, url: str) -> None:
        """Add a user, and subscribe to all folders with the request that we send."""
        self.control("users", email=email, password=PASSWORD)
        request = build_subscribe(
            SubscribeRequest(url, DEFAULT_EVENT_TYPES, DEFAULT_STATUS_FREQUENCY_MINUTES), SERVER_VERSION
        )
        basic = base64.b64encode(f"{email}:{PASSWORD}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "Content-Type": "text/xml; charset=utf-8"}
        answer = self._http.request("POST", self._urls["ews"], body=request, headers=headers)
        assert isinstance(parse_subscribe_response(answer.status, answer.data), Subscribed), answer.data

    def control(self, path: str, **given: Any) -> Any:
        """Make a control call: POST where something is given, else GET."""
        body = json.dumps(given).encode() if given else None
        answer = self._http.request("POST" if given else "GET", f"{self._urls['control']}/{path}", body=body)
        assert answer.status == 200, answer.data
        return answer.json()

    def happened(self, email: str) -> list[tuple[str, str, str]]:
        """Return all changes of a mailbox as (type, id, watermark), in order: what a perfect consumer would see."""
        return [
            (_TYPES[change["type"]], change["id"], change["watermark"])
            for change in self.control(f"changes?mailbox={email}")
        ]


_TYPES: Final = {
    "NewMailEvent": "ews.mailbox.new_mail",
    "CreatedEvent": "ews.mailbox.created",
    "ModifiedEvent": "ews.mailbox.modified",
}
"""Of what the stories do."""


@contextmanager
def running(profile: str, minute_seconds: float) -> Iterator[Mailsim]:
    """Start the simulator, whose protocol minute lasts `minute_seconds`, and end it."""
    command = [sys.executable, "-m", "mailsim", "--profile", profile, "--minute", str(minute_seconds)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with (
        (DIRECTORY / "mailsim.log").open("wb") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, cwd=ROOT, env=environment) as process,  # noqa: S603  # ours
    ):
        assert process.stdout is not None
        try:
            yield Mailsim(json.loads(process.stdout.readline()))
        finally:
            process.terminate()
