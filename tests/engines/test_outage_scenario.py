"""An outage on engines: many messages, responders that are killed repeatedly, and a queue that does not answer."""

import base64
import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from threading import Event
from typing import Any, Final

import pytest

from ewspush.adapters.clock import utc_now
from ewspush.adapters.ews import EwsServer
from ewspush.domain.desired import DEFAULT_EVENT_TYPES, DEFAULT_STATUS_FREQUENCY_MINUTES
from ewspush.domain.ports import Credentials
from ewspush.protocol.subscribe import Subscribed, SubscribeRequest
from local import mail_server as mail_servers
from local.lambda_process import LambdaProcess
from local.mail_server import PASSWORD, MailServer
from local.mailbox_view import EventIdentity, expected_event
from local.subscriptions import register
from local.waiting import wait_for
from tests.engines.background_task import in_background
from tests.engines.engine_stack import EngineStack, deployed
from tests.engines.fetch import DIRECTORY
from tests.engines.jvm import Engine
from tests.engines.plugin import Engines
from tests.twins.credentials import MemoryCredentials

pytestmark = [pytest.mark.starts_processes, pytest.mark.engines]

MAILBOXES: Final = 10
CHANGES: Final = 1000
CHANGES_PER_MESSAGE: Final = 3
"""A message is created, is new mail, and modifies its folder."""

MINUTE_SECONDS: Final = 10.0
"""The length of a protocol minute, for the server's retries and for the queue's outage alike."""

OUTAGE_BEGINS: Final = 0.3
"""The share of all messages that arrive before the outage."""

KILL_SECONDS: Final = (0.5, 3.0)
TIMEOUT_SECONDS: Final = 300
"""For a busy machine; an idle one needs a quarter of that."""

_FULL_BATCH: Final = 10
_PAUSE_SECONDS: Final = 0.25
"""Between batches that are not full: polling for single messages would slow down what sends them."""


@dataclass
class Consumer:
    """Receives and deletes the queue's messages, and keeps them by group in the order of their arrival."""

    sqs: Any
    queue_url: str
    events: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    count: int = 0
    stopped: Event = field(default_factory=Event)

    def run(self) -> None:
        """Receive until `stop` is called."""
        while not self.stopped.is_set():
            options = {"MaxNumberOfMessages": _FULL_BATCH, "MessageSystemAttributeNames": ["All"]}
            batch = self.sqs.receive_message(QueueUrl=self.queue_url, **options).get("Messages", [])
            if batch:
                self._take(batch)
            if len(batch) < _FULL_BATCH:
                self.stopped.wait(_PAUSE_SECONDS)

    def stop(self) -> None:
        """Stop after the current batch."""
        self.stopped.set()

    def _take(self, batch: list[dict[str, Any]]) -> None:
        for message in batch:
            self.events[message["Attributes"]["MessageGroupId"]].append(json.loads(message["Body"]))
        entries = [{"Id": str(number), "ReceiptHandle": each["ReceiptHandle"]} for number, each in enumerate(batch)]
        self.sqs.delete_message_batch(QueueUrl=self.queue_url, Entries=entries)
        self.count += len(batch)


@dataclass
class Killer:
    """Kills one of the processes every few seconds, by SIGKILL."""

    processes: Sequence[LambdaProcess]
    random: Random
    kills: int = 0
    stopped: Event = field(default_factory=Event)

    def run(self) -> None:
        """Kill until `stop` is called."""
        while not self.stopped.wait(self.random.uniform(*KILL_SECONDS)):
            self.random.choice(self.processes).kill()
            self.kills += 1

    def stop(self) -> None:
        """Kill no more."""
        self.stopped.set()


@dataclass
class Scenario:
    """The stack, the mail server, and the queue's engine."""

    stack: EngineStack
    server: MailServer
    queue: Engine
    addresses: list[str] = field(default_factory=lambda: [f"user{n}@example.com" for n in range(1, MAILBOXES + 1)])

    def subscribe(self) -> None:
        """Create the mailboxes, register their subscriptions and send a Subscribe request for each."""
        for address in self.addresses:
            self.server.add_user(address)
            basic = base64.b64encode(f"{address}:{PASSWORD}".encode()).decode()
            own = MemoryCredentials({address: Credentials(f"Basic {basic}", impersonates=False)})
            url = register(self.stack.deployment, address)
            request = SubscribeRequest(url, DEFAULT_EVENT_TYPES, DEFAULT_STATUS_FREQUENCY_MINUTES)
            answer = EwsServer(self.server.ews, "Exchange2010_SP2", own, utc_now).subscribe(address, request)
            assert isinstance(answer, Subscribed), answer

    def receive(self) -> None:
        """Have messages arrive in all mailboxes in turns; for one (scaled) minute of it the queue does not answer."""
        messages = -(-CHANGES // CHANGES_PER_MESSAGE)
        before = int(messages * OUTAGE_BEGINS)
        self._receive(range(before))
        with self.queue.suspended():
            outage_ends = time.monotonic() + MINUTE_SECONDS
            self._receive(range(before, messages))
            time.sleep(max(outage_ends - time.monotonic(), 0))

    def _receive(self, numbers: range) -> None:
        for number in numbers:
            for address in self.addresses:
                self.server.call(f"mailboxes/{address}/messages", subject=f"message {number}")

    def expected(self) -> dict[str, list[EventIdentity]]:
        """Return the events that the changes should cause, by mailbox, in order."""
        return {
            address: [expected_event(change) for change in self.server.get(f"changes?mailbox={address}")]
            for address in self.addresses
        }

    def published(self, consumer: Consumer) -> dict[str, list[EventIdentity]]:
        """Return the events that the consumer received, by mailbox, in order."""
        published: dict[str, list[EventIdentity]] = {address: [] for address in self.addresses}
        for event in (event for events in consumer.events.values() for event in events):
            data = event["data"]
            published[data["mailbox"]].append((event["type"], data.get("id"), data.get("watermark")))
        return published

    def is_acknowledged(self) -> bool:
        """Whether the last change of every mailbox is acknowledged. Fails where the server lost a subscription."""
        subscriptions = self.server.get("subscriptions")
        assert {each["state"] for each in subscriptions} == {"live"}
        acknowledged = {each["mailbox"]: each["watermark"] for each in subscriptions}
        return all(acknowledged[address] == expected[-1][2] for address, expected in self.expected().items())


@pytest.fixture
def scenario(engines: Engines) -> Iterator[Scenario]:
    """Start the stack on the engines, and a mail server."""
    with (
        (DIRECTORY / "mailsim.log").open("ab") as log,
        mail_servers.running(minute_seconds=MINUTE_SECONDS, log=log) as server,
        deployed(engines) as stack,
    ):
        yield Scenario(stack, server, engines.queue)


def test_every_change_is_published_once_and_in_order(scenario: Scenario, engines: Engines) -> None:
    """Ten mailboxes with a thousand changes each, a responder killed every few seconds, a queue outage of one minute.

    Messages arrive and responders are killed during that minute; the server's retries follow afterwards.
    EWS_PUSH_SEED repeats the kills of a run, as far as the machine's own timing allows.
    """
    seed = int(os.environ.get("EWS_PUSH_SEED", time.time_ns() % 1_000_000))
    consumer = Consumer(engines.client("sqs"), scenario.stack.deployment.queue_url)
    killer = Killer(scenario.stack.responders, Random(seed))  # noqa: S311  # no secret
    scenario.subscribe()
    started = time.monotonic()
    with in_background(consumer):
        with in_background(killer):
            scenario.receive()
        received = time.monotonic() - started
        acknowledged = _time_when(scenario.is_acknowledged, "the last acknowledgements") - started
        expected = scenario.expected()
        count = sum(map(len, expected.values()))
        consumed = _time_when(lambda: consumer.count >= count, f"{count} messages") - started
    print(  # noqa: T201  # for a repetition
        f"EWS_PUSH_SEED={seed}: {killer.kills} kills, {scenario.stack.http_api.crashes} POSTs lost by them; "
        f"{scenario.stack.mapping.redeliveries} batches redelivered; {count} changes: received in {received:.0f} s, "
        f"acknowledged in {acknowledged:.0f} s, consumed in {consumed:.0f} s"
    )
    assert killer.kills > 0
    assert scenario.stack.mapping.redeliveries > 0
    assert min(map(len, expected.values())) >= CHANGES
    assert scenario.published(consumer) == expected


def _time_when(condition: Callable[[], bool], what: str) -> float:
    wait_for(condition, what, TIMEOUT_SECONDS, 0.5)
    return time.monotonic()
