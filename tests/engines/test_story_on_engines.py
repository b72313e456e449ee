"""The story of a bad day on engines: much mail, a responder that is killed again and again, a queue out of reach."""

import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from random import Random
from threading import Event
from typing import Any, Final

import pytest

from local.lambda_runtime import LambdaProcess
from local.mailbox import register
from tests.engines import mailsim
from tests.engines.background import beside
from tests.engines.deployed import Deployed, deployed
from tests.engines.jvm import Engine
from tests.engines.mailsim import Mailsim
from tests.engines.plugin import Engines

pytestmark = [pytest.mark.slow, pytest.mark.engines]

MAILBOXES: Final = 10
CHANGES: Final = 1000
CHANGES_PER_MESSAGE: Final = 3
"""A message is created, is new mail, and modifies its folder."""

MINUTE_SECONDS: Final = 10.0
"""How long a protocol minute lasts: a sixth, for the server's retries and for the queue's outage alike."""

OUTAGE_BEGINS: Final = 0.3
"""After this part of all messages."""

KILL_SECONDS: Final = (0.5, 3.0)
DEADLINE_SECONDS: Final = 300
"""For a machine that is busy with other things; on a quiet one the story takes a quarter of that."""


_FULL: Final = 10
_PAUSE_SECONDS: Final = 0.25
"""Where a consumer asks again at once, it takes messages one by one, and the machine has less left for sending them."""


@dataclass
class Consumer:
    """Takes the queue's messages off in the background, and keeps them by group in the order they came."""

    sqs: Any
    queue_url: str
    events: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    count: int = 0
    stopped: Event = field(default_factory=Event)

    def run(self) -> None:
        """Receive until `stop`."""
        while not self.stopped.is_set():
            asked = {"MaxNumberOfMessages": 10, "MessageSystemAttributeNames": ["All"]}
            batch = self.sqs.receive_message(QueueUrl=self.queue_url, **asked).get("Messages", [])
            if batch:
                self._take(batch)
            if len(batch) < _FULL:
                self.stopped.wait(_PAUSE_SECONDS)

    def stop(self) -> None:
        """Stop after the batch that is being taken."""
        self.stopped.set()

    def _take(self, batch: list[dict[str, Any]]) -> None:
        for message in batch:
            self.events[message["Attributes"]["MessageGroupId"]].append(json.loads(message["Body"]))
        entries = [{"Id": str(number), "ReceiptHandle": each["ReceiptHandle"]} for number, each in enumerate(batch)]
        self.sqs.delete_message_batch(QueueUrl=self.queue_url, Entries=entries)
        self.count += len(batch)


@dataclass
class Killer:
    """Ends a function by SIGKILL, any of them at any time."""

    functions: Sequence[LambdaProcess]
    random: Random
    kills: int = 0
    stopped: Event = field(default_factory=Event)

    def run(self) -> None:
        """Kill one every few seconds until `stop`."""
        while not self.stopped.wait(self.random.uniform(*KILL_SECONDS)):
            self.random.choice(self.functions).kill()
            self.kills += 1

    def stop(self) -> None:
        """Let them live from now on."""
        self.stopped.set()


@dataclass
class Day:
    """All that takes part in the story."""

    stack: Deployed
    server: Mailsim
    queue: Engine
    addresses: list[str] = field(default_factory=lambda: [f"user{n}@example.com" for n in range(1, MAILBOXES + 1)])

    def subscribe(self) -> None:
        """Register all mailboxes and subscribe to them."""
        for address in self.addresses:
            self.server.subscribe(address, register(self.stack.deployment, address))

    def mail(self) -> None:
        """Let mail arrive in all mailboxes in turns; for a (scaled) minute of it the queue gives no answer."""
        messages = -(-CHANGES // CHANGES_PER_MESSAGE)
        before = int(messages * OUTAGE_BEGINS)
        self._mail(range(before))
        with self.queue.silent():
            outage_ends = time.monotonic() + MINUTE_SECONDS
            self._mail(range(before, messages))
            time.sleep(max(outage_ends - time.monotonic(), 0))

    def _mail(self, numbers: range) -> None:
        for number in numbers:
            for address in self.addresses:
                self.server.control(f"mailboxes/{address}/messages", subject=f"message {number}")

    def told(self, consumer: Consumer) -> dict[str, list[tuple[str, str, str]]]:
        """Return what the consumer was told, by mailbox."""
        told: dict[str, list[tuple[str, str, str]]] = {address: [] for address in self.addresses}
        for event in (event for events in consumer.events.values() for event in events):
            data = event["data"]
            told[data["mailbox"]].append((event["type"], data.get("id"), data.get("watermark")))
        return told


@pytest.fixture
def day(engines: Engines) -> Iterator[Day]:
    """Put the stack on the engines, and a mail server on the other side."""
    with ExitStack() as stack:
        server = stack.enter_context(mailsim.running("workmail", MINUTE_SECONDS))
        yield Day(stack.enter_context(deployed(engines)), server, engines.queue)


def test_every_change_is_on_the_queue_once_and_in_order(day: Day, engines: Engines) -> None:
    """Ten mailboxes, a thousand changes each, a responder killed every few seconds, the queue unreachable for a minute.

    Mail arrives and responders die throughout that minute; what the server still has to send again comes after it. A
    minute lasts ten seconds here, in the server's retries as in the outage of the queue. EWS_PUSH_SEED repeats the
    kills of a run, as far as the machine's own timing allows.
    """
    seed = int(os.environ.get("EWS_PUSH_SEED", time.time_ns() % 1_000_000))
    consumer = Consumer(engines.client("sqs"), day.stack.deployment.queue_url)
    killer = Killer(day.stack.responders, Random(seed))  # noqa: S311  # chance, no secret
    day.subscribe()
    started = time.monotonic()
    with beside(consumer):
        with beside(killer):
            day.mail()
        mailed = time.monotonic() - started
        acknowledged = _until(lambda: _all_acknowledged(day)) - started
        happened = {address: day.server.happened(address) for address in day.addresses}
        count = sum(map(len, happened.values()))
        done = _until(lambda: consumer.count >= count) - started
    print(  # noqa: T201  # for whoever wants to repeat it
        f"EWS_PUSH_SEED={seed}: {killer.kills} kills, {day.stack.front.crashes} POSTs lost by them; "
        f"{day.stack.pump.failures} batches told again; {count} changes: mailed in {mailed:.0f} s, "
        f"acknowledged in {acknowledged:.0f} s, consumed in {done:.0f} s"
    )
    assert killer.kills > 0
    assert day.stack.pump.failures > 0
    assert min(map(len, happened.values())) >= CHANGES
    assert day.told(consumer) == happened


def _all_acknowledged(day: Day) -> bool:
    """Whether the server has had an ack for the last change of every mailbox. Fails where it has given one up."""
    assert {each["state"] for each in day.server.control("subscriptions")} == {"live"}
    acknowledged = {each["mailbox"]: each["watermark"] for each in day.server.control("subscriptions")}
    return all(acknowledged[address] == day.server.happened(address)[-1][2] for address in day.addresses)


def _until(is_so: Callable[[], bool]) -> float:
    """Return the time at which it is so. Fails where it takes too long."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "the story does not come to its end"
        time.sleep(0.5)
    return time.monotonic()
