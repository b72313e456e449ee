"""mailsim with exchangelib as an independent client: it subscribes, reads the notifications, and synchronizes."""

import http.client
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
from urllib.parse import urlsplit

import pytest
from exchangelib import BASIC, DELEGATE, IMPERSONATION, Account, Configuration, Credentials, Mailbox
from exchangelib.errors import (
    ErrorExceededSubscriptionCount,
    ErrorImpersonateUserDenied,
    ErrorInvalidOperation,
    ErrorInvalidSubscription,
    ErrorInvalidSyncStateData,
    ErrorSchemaValidation,
)
from exchangelib.folders import DistinguishedFolderId
from exchangelib.properties import Notification
from exchangelib.services import GetEvents, SendNotification, SubscribeToPush, Unsubscribe
from exchangelib.version import EXCHANGE_2010_SP2, EXCHANGE_2016, Version

from tests.unit.mailsim.world import basic, subscribe

pytestmark = pytest.mark.starts_processes

ROOT = Path(__file__).parent.parent.parent
EMAIL = "anna@example.com"
MINUTE_SECONDS = 0.2
WAIT_SECONDS = 20
EVENTS = ("NewMailEvent", "CreatedEvent", "DeletedEvent", "ModifiedEvent", "MovedEvent", "CopiedEvent")
BUILDS = {"workmail": EXCHANGE_2010_SP2, "exchange": EXCHANGE_2016}


class Listener(ThreadingHTTPServer):
    """A receiver of notifications; its response is built by exchangelib.

    Heartbeats and events go to queues of their own.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Callback)
        self.url = f"http://127.0.0.1:{self.server_port}/callback"
        self.answer: bytes = SendNotification(protocol=None).ok_payload()
        self.heartbeats: Queue[Notification] = Queue()
        self.notifications: Queue[Notification] = Queue()
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()


class _Callback(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        """Parse the notification with exchangelib, then answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        for notification in SendNotification(protocol=None).parse(body):
            is_heartbeat = all(event.ELEMENT_NAME == "StatusEvent" for event in notification.events)
            (self.server.heartbeats if is_heartbeat else self.server.notifications).put(notification)
        self.send_response(200)
        self.send_header("Content-Type", "text/xml; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Log nothing."""


@dataclass
class Simulator:
    """A running mailsim."""

    profile: str
    urls: dict[str, str]
    listener: Listener = field(default_factory=Listener)

    def control(self, path: str, **given: Any) -> Any:
        """Make a control call: POST with a body, GET without."""
        data = json.dumps(given).encode() if given else None
        with urllib.request.urlopen(f"{self.urls['control']}/{path}", data, timeout=WAIT_SECONDS) as answer:  # noqa: S310  # the local server
            return json.load(answer)

    def account(self, login: str = EMAIL, access_type: Any = DELEGATE) -> Account:
        """Return exchangelib's account of the mailbox, with the credentials of its user or of another."""
        configuration = Configuration(
            service_endpoint=self.urls["ews"],
            credentials=Credentials(login, "password"),
            auth_type=BASIC,
            version=Version(build=BUILDS[self.profile]),
        )
        return Account(EMAIL, config=configuration, autodiscover=False, access_type=access_type)

    def subscribe(self, *, inbox: bool = False, watermark: str | None = None) -> tuple[str, str]:
        """Subscribe to the inbox or to all folders with exchangelib."""
        account = self.account()
        folders = [DistinguishedFolderId(id="inbox", mailbox=Mailbox(email_address=EMAIL))] if inbox else None
        responses = SubscribeToPush(account=account).call(
            folders=folders, event_types=EVENTS, watermark=watermark, status_frequency=1, url=self.listener.url
        )
        ((subscription_id, first),) = responses
        return str(subscription_id), str(first)


@pytest.fixture(params=["workmail", "exchange"])
def simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """Start mailsim with one user; end it with SIGTERM."""
    command = [sys.executable, "-m", "mailsim", "--port", "0", "--profile", request.param]
    command += ["--minute", str(MINUTE_SECONDS), "--log-level", "WARNING"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=environment) as process:  # noqa: S603  # fixed arguments
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
    """With the item's id, and with the watermarks that `changes` lists."""
    subscription_id, _ = simulator.subscribe(inbox=inbox)
    item_id = simulator.control(f"mailboxes/{EMAIL}/messages", subject="hello")["item_id"]
    pushed = simulator.listener.notifications.get(timeout=WAIT_SECONDS)
    assert pushed.subscription_id == subscription_id
    assert [event.ELEMENT_NAME for event in pushed.events] == ["CreatedEvent", "NewMailEvent", "ModifiedEvent"]
    assert [event.item_id.id for event in pushed.events[:2]] == [item_id, item_id]
    changes = simulator.control(f"changes?mailbox={EMAIL}")
    assert [event.watermark for event in pushed.events] == [change["watermark"] for change in changes]


def test_heartbeats_arrive_until_unsubscribed(simulator: Simulator) -> None:
    """Unsubscribe ends the subscription."""
    subscription_id, watermark = simulator.subscribe()
    beats = [simulator.listener.heartbeats.get(timeout=WAIT_SECONDS) for _ in range(3)]
    assert {beat.subscription_id for beat in beats} == {subscription_id}
    assert {beat.previous_watermark for beat in beats} == {watermark}
    simulator.listener.answer = SendNotification(protocol=None).unsubscribe_payload()
    deadline = time.monotonic() + WAIT_SECONDS
    while (state := simulator.control("subscriptions")[0]["state"]) == "live" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert state == "unsubscribed"


def test_errors_are_raised(simulator: Simulator) -> None:
    """From an error response, and from a fault: exchangelib writes the watermark into the wrong namespace."""
    simulator.control("settings", quota=1)
    _, watermark = simulator.subscribe()
    with pytest.raises(ErrorExceededSubscriptionCount):
        simulator.subscribe()
    with pytest.raises(ErrorSchemaValidation, match=r"invalid child element 'Watermark' in namespace .*/messages'"):
        simulator.subscribe(watermark=watermark)


def test_an_operation_that_is_not_there_is_refused_once(simulator: Simulator) -> None:
    """With the words of the server; exchangelib would take ErrorInvalidRequest for a wrong version."""
    protocol = simulator.account().protocol
    with pytest.raises(ErrorInvalidOperation, match="The operation ResolveNames is not supported"):
        protocol.resolve_names(["anna"])
    assert [each["answer"] for each in simulator.control("requests")] == ["ErrorInvalidOperation"]


def test_the_id_of_a_push_subscription_is_invalid_elsewhere(simulator: Simulator) -> None:
    """Only an acknowledgement ends the subscription."""
    subscription_id, watermark = simulator.subscribe()
    account = simulator.account()
    with pytest.raises(ErrorInvalidSubscription):
        Unsubscribe(account=account).get(subscription_id=subscription_id)
    with pytest.raises(ErrorInvalidSubscription):
        list(GetEvents(account=account).call(subscription_id=subscription_id, watermark=watermark))
    assert [each["state"] for each in simulator.control("subscriptions")] == ["live"]


def test_items_are_fetched(simulator: Simulator) -> None:
    """With the properties of a message."""
    item_id = simulator.control(f"mailboxes/{EMAIL}/messages", subject="hello")["item_id"]
    (item,) = simulator.account().fetch([(item_id, None)])
    assert (item.subject, item.body, item.item_class, item.size) == ("hello", "Body of hello", "IPM.Note", 18)
    assert (item.author or item.sender).email_address == "sender@example.com"


def test_a_lost_subscribe_response_closes_the_connection(simulator: Simulator) -> None:
    """Without a byte; the subscription exists."""
    simulator.control("faults", lose_subscribe_answers=1)
    ews = urlsplit(simulator.urls["ews"])
    connection = http.client.HTTPConnection(ews.netloc, timeout=WAIT_SECONDS)
    connection.request("POST", ews.path, subscribe(), {"Authorization": basic(email=EMAIL)})
    with pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()
    assert [each["state"] for each in simulator.control("subscriptions")] == ["live"]
    assert [each["answer"] for each in simulator.control("requests")] == ["lost"]


def test_a_service_account_impersonates(simulator: Simulator) -> None:
    """In exchangelib's form, which serves WorkMail's impersonation roles, too."""
    simulator.control("users", email="service@example.com", password="password", impersonates=True)
    simulator.control("users", email="other@example.com", password="password")
    service = SubscribeToPush(account=simulator.account("service@example.com", IMPERSONATION))
    parameters = {"folders": None, "event_types": EVENTS, "status_frequency": 1, "url": simulator.listener.url}
    assert list(service.call(**parameters, watermark=None))
    assert simulator.control("subscriptions")[0]["mailbox"] == EMAIL
    with pytest.raises(ErrorImpersonateUserDenied):
        list(
            SubscribeToPush(account=simulator.account("other@example.com", IMPERSONATION)).call(
                **parameters, watermark=None
            )
        )


@pytest.mark.parametrize(("login", "access_type"), [(EMAIL, DELEGATE), ("service@example.com", IMPERSONATION)])
def test_a_folder_is_synchronized(simulator: Simulator, login: str, access_type: Any) -> None:
    """All items first, then the changes: created, updated, deleted, read."""
    simulator.control("users", email="service@example.com", password="password", impersonates=True)
    box = f"mailboxes/{EMAIL}"
    changed, read, deleted, kept = (
        simulator.control(f"{box}/messages", subject=f"message {number}")["item_id"] for number in range(4)
    )
    inbox = simulator.account(login, access_type).inbox
    everything = [(kind, item.id, item.subject) for kind, item in inbox.sync_items(max_changes_returned=3)]
    newest_first = zip((kept, deleted, read, changed), range(3, -1, -1), strict=True)
    assert everything == [("create", item_id, f"message {number}") for item_id, number in newest_first]
    for item_id, action in ((changed, "modify"), (read, "read"), (deleted, "delete")):
        simulator.control(f"{box}/items/{item_id}/{action}", really=True)
    made = simulator.control(f"{box}/messages", subject="new")["item_id"]
    delta = dict(inbox.sync_items(only_fields=["subject"]))
    assert (delta["create"].id, delta["create"].subject, delta["update"].id) == (made, "new", changed)
    assert delta["delete"].id == deleted
    assert (delta["read_flag_change"][0].id, delta["read_flag_change"][1]) == (read, True)
    assert list(inbox.sync_items()) == []


def test_folders_are_listed_and_synchronized(simulator: Simulator) -> None:
    """From the root, with the classes of the distinguished folders."""
    account = simulator.account()
    assert {"Inbox", "Calendar", "Deleted Items"} <= {folder.name for folder in account.root.walk()}
    top = account.msg_folder_root
    assert {kind for kind, _ in top.sync_hierarchy()} == {"create"}
    simulator.control(f"mailboxes/{EMAIL}/folders", name="plans")
    ((kind, made),) = top.sync_hierarchy()
    assert (kind, made.name) == ("create", "plans")


def test_a_forgotten_state_is_an_error(simulator: Simulator) -> None:
    """ErrorInvalidSyncStateData."""
    inbox = simulator.account().inbox
    assert list(inbox.sync_items()) == []
    simulator.control("faults", forget_sync_states=True)
    with pytest.raises(ErrorInvalidSyncStateData):
        list(inbox.sync_items())
