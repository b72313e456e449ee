"""The simulator as a client sees it that nobody here wrote: exchangelib subscribes, and reads what is pushed."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import pytest
from exchangelib import BASIC, DELEGATE, Account, Configuration, Credentials, Mailbox
from exchangelib.errors import ErrorExceededSubscriptionCount, ErrorSchemaValidation
from exchangelib.folders import DistinguishedFolderId
from exchangelib.properties import Notification
from exchangelib.services import SendNotification, SubscribeToPush
from exchangelib.version import EXCHANGE_2010_SP2, EXCHANGE_2016, Version

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
EMAIL = "anna@example.com"
MINUTE_SECONDS = 0.2
WAIT_SECONDS = 20
EVENTS = ("NewMailEvent", "CreatedEvent", "DeletedEvent", "ModifiedEvent", "MovedEvent", "CopiedEvent")
BUILDS = {"workmail": EXCHANGE_2010_SP2, "exchange": EXCHANGE_2016}


class Listener(ThreadingHTTPServer):
    """Who is called back: answers what it is told to, in exchangelib's words."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on any free port; heartbeats and events go to queues of their own."""
        super().__init__(("127.0.0.1", 0), _Callback)
        self.url = f"http://127.0.0.1:{self.server_port}/callback"
        self.answer: bytes = SendNotification(protocol=None).ok_payload()
        self.heartbeats: Queue[Notification] = Queue()
        self.notifications: Queue[Notification] = Queue()
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()


class _Callback(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        """Read with exchangelib, then answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        for notification in SendNotification(protocol=None).parse(body):
            beats = all(event.ELEMENT_NAME == "StatusEvent" for event in notification.events)
            (self.server.heartbeats if beats else self.server.notifications).put(notification)
        self.send_response(200)
        self.send_header("Content-Type", "text/xml; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Say nothing."""


@dataclass
class Simulator:
    """A running mailsim."""

    profile: str
    urls: dict[str, str]
    listener: Listener = field(default_factory=Listener)

    def control(self, path: str, **given: Any) -> Any:
        """Make a control call: POST where something is given, else GET."""
        data = json.dumps(given).encode() if given else None
        with urllib.request.urlopen(f"{self.urls['control']}/{path}", data, timeout=WAIT_SECONDS) as answer:  # noqa: S310  # our own
            return json.load(answer)

    def subscribe(self, *, inbox: bool = False, watermark: str | None = None) -> tuple[str, str]:
        """Let exchangelib subscribe, to the inbox or to all folders."""
        configuration = Configuration(
            service_endpoint=self.urls["ews"],
            credentials=Credentials(EMAIL, "password"),
            auth_type=BASIC,
            version=Version(build=BUILDS[self.profile]),
        )
        account = Account(EMAIL, config=configuration, autodiscover=False, access_type=DELEGATE)
        folders = [DistinguishedFolderId(id="inbox", mailbox=Mailbox(email_address=EMAIL))] if inbox else None
        called = SubscribeToPush(account=account).call(
            folders=folders, event_types=EVENTS, watermark=watermark, status_frequency=1, url=self.listener.url
        )
        ((subscription_id, first),) = called
        return str(subscription_id), str(first)


@pytest.fixture(params=["workmail", "exchange"])
def simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """Start mailsim with one user; it ends on SIGTERM."""
    command = [sys.executable, "-m", "mailsim", "--port", "0", "--profile", request.param]
    command += ["--minute", str(MINUTE_SECONDS), "--log-level", "WARNING"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=environment) as process:  # noqa: S603  # ours
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready.pop("ready")
        simulator = Simulator(request.param, ready)
        simulator.control("users", email=EMAIL, password="password")
        yield simulator
        simulator.listener.shutdown()
        simulator.listener.server_close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_SECONDS) == 0


@pytest.mark.parametrize("inbox", [True, False])
def test_a_message_is_pushed(simulator: Simulator, inbox: bool) -> None:
    """With its id, in the chain of watermarks."""
    subscription_id, _ = simulator.subscribe(inbox=inbox)
    item_id = simulator.control(f"mailboxes/{EMAIL}/messages", subject="hello")["item_id"]
    pushed = simulator.listener.notifications.get(timeout=WAIT_SECONDS)
    assert pushed.subscription_id == subscription_id
    assert [event.ELEMENT_NAME for event in pushed.events] == ["CreatedEvent", "NewMailEvent", "ModifiedEvent"]
    assert [event.item_id.id for event in pushed.events[:2]] == [item_id, item_id]
    changes = simulator.control(f"changes?mailbox={EMAIL}")
    assert [event.watermark for event in pushed.events] == [change["watermark"] for change in changes]


def test_heartbeats_arrive_until_unsubscribed(simulator: Simulator) -> None:
    """The listener's Unsubscribe is honoured."""
    subscription_id, watermark = simulator.subscribe()
    beats = [simulator.listener.heartbeats.get(timeout=WAIT_SECONDS) for _ in range(3)]
    assert {beat.subscription_id for beat in beats} == {subscription_id}
    assert {beat.previous_watermark for beat in beats} == {watermark}
    simulator.listener.answer = SendNotification(protocol=None).unsubscribe_payload()
    deadline = time.monotonic() + WAIT_SECONDS
    while (state := simulator.control("subscriptions")[0]["state"]) == "live" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert state == "unsubscribed"


def test_errors_are_read(simulator: Simulator) -> None:
    """In the response, and as a fault: exchangelib writes the watermark into the wrong namespace."""
    simulator.control("settings", quota=1)
    _, watermark = simulator.subscribe()
    with pytest.raises(ErrorExceededSubscriptionCount):
        simulator.subscribe()
    with pytest.raises(ErrorSchemaValidation):
        simulator.subscribe(watermark=watermark)
