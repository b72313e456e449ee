"""Both sides on one clock: carries out a plan, then lets everything heal and come to rest."""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from math import ceil
from random import Random
from typing import Any, Final

from ewspush.domain.callback import Callback
from ewspush.domain.desired import DesiredSubscription, new_subscription
from ewspush.domain.renewing.rules import Policy
from ewspush.domain.subscription import State, Subscription
from ewspush.handlers.keeper import KeeperRun
from mailsim.core import Core
from mailsim.deliveries import Post
from mailsim.faults import Faults
from mailsim.profiles import PROFILES
from mailsim.subscription import Subscription as ServersOwn
from tests.simulation import breakage, habits, trouble
from tests.simulation.clock import START, Timeline
from tests.simulation.gates import Gates, Killed
from tests.simulation.invariants import Witness
from tests.simulation.keys import Keys
from tests.simulation.operator import Operator
from tests.simulation.people import People
from tests.simulation.plan import Plan, Step
from tests.simulation.processes import Processes
from tests.simulation.server import WatchedServer
from tests.simulation.stores import FifoQueue, Stream, WatchedLedger
from tests.twins.sync_states import MemorySyncStates

MINUTE: Final = timedelta(minutes=1)
PASSWORD: Final = "password"
_SLOW_TWINS: Final = 0.5
"""So many of the second copies of a POST take their time."""
_OPERATORS_SHARE: Final = 0.8
"""So often somebody sees, once all is well, that a subscription is suspended; else it waits for its turn."""
_REST_HOURS: Final = 30
"""After everything is well again: longer than the longest wait, that of a subscription that was suspended."""


class System:
    """A server, mailboxes, and our functions."""

    def __init__(self, plan: Plan, tell: Callable[[str], None] | None = None, only: str | None = None) -> None:
        """Set everything up; nothing has happened yet. `only` is the one invariant to look at, None is all."""
        setup = plan.setup
        self.plan, self.setup = plan, setup
        self.chance = Random(f"run {plan.seed}")  # noqa: S311  # a story that can be repeated
        self.time = Timeline(setup.skew_seconds, tell)
        self.gates = Gates(self.time)
        self.core = Core(PROFILES[setup.profile].with_settings(dict(setup.server)), START, seed=str(plan.seed))
        self.wishes = [
            DesiredSubscription(f"user{number}@example.com", folders=folders, status_frequency_minutes=frequency)
            for number, (frequency, folders) in enumerate(zip(setup.frequencies, setup.folders, strict=True))
        ]
        for wish in self.wishes:
            self.core.directory.add(wish.mailbox, PASSWORD, START)
        self.people = People(self.core)
        self.operator = Operator(self)
        rows = [new_subscription(wish, self.time.ours()) for wish in self.wishes]
        self.witness = Witness(self, only)
        self.ledger = WatchedLedger(rows, self.witness.wrote)
        self.states = MemorySyncStates(self.ledger)
        self.queue = FifoQueue(lambda: self.time.now)
        self.dead_letters = FifoQueue(lambda: self.time.now)
        self.server = WatchedServer(self.core, self.time, self.witness)
        self.stream = Stream(self.ledger.log, setup.batch)
        ports: dict[str, object] = {
            "ledger": self.ledger,
            "states": self.states,
            "queue": self.queue,
            "dead_letters": self.dead_letters,
            "server": self.server,
            "keys": Keys(),
        }
        self.policy = Policy(MINUTE, setup.resume_is_trusted)
        self.processes = Processes(self.gates, self.time, ports, self.policy, self.chance)
        self.late_posts: list[float] = []
        self.no_ticks_until = 0.0
        self.short_ticks = 0
        self.stream_waits_until = 0.0
        self._responder = self.processes.responder()
        self._keeper = self._fresh_keeper()
        self._forwarder = self.processes.forwarder()
        self._tick_number = 0
        self._forward_at: float | None = None
        self._failed_forwards = 0
        self._depth = 0
        self._outbox: deque[Post] = deque()
        for step in plan.steps:
            self.time.at(START + 60 * step.at, lambda step=step: self._do(step))  # type: ignore[misc]

    def row(self, mailbox: int) -> Subscription:
        """Return the subscription of a mailbox."""
        return self.ledger.rows[self.wishes[mailbox].subscription]

    def play(self) -> None:
        """Carry out the plan, heal, and come to rest. Raises `BrokenError`."""
        self.run(START + 3600 * self.plan.hours)
        self.heal()
        self._rest()
        self.witness.ended()

    def run(self, until: float) -> None:
        """Go on until then."""
        while True:
            moments = (self.time.next_at(), self._next_post(), self._next_tick(), self._next_forward())
            moment = min(moments)
            if moment > until:
                break
            self.time.now = max(moment, self.time.now)
            self.time.happen()
            self.deliver()
            self._tick_if_due()
            self._forward_if_due()
            self.witness.looked()
        self.time.now = max(until, self.time.now)

    def heal(self) -> None:
        """End all trouble; what has begun to wait goes on waiting. An outage that is cut short was one until now."""
        self.time.note("# all is well from here on")
        self.gates.traps.clear()
        self.gates.down_until = {port: min(until, self.time.now) for port, until in self.gates.down_until.items()}
        self.core.faults = Faults()
        self.server.unanswered = 0
        self.queue.refusals = 0
        self.late_posts.clear()
        self.no_ticks_until = min(self.no_ticks_until, self.time.now)
        self.stream_waits_until = min(self.stream_waits_until, self.time.now)
        self.short_ticks = 0
        for number, wish in enumerate(self.wishes):
            self.core.directory.find(wish.mailbox).password = PASSWORD
            self.core.enable(wish.mailbox, self.time.now)
            if self.chance.random() < _OPERATORS_SHARE:
                self.operator.apply(number)
        self.witness.healed()

    def _rest(self) -> None:
        """Come to rest, and once more after a last message; then carry out a tick that has nothing to do."""
        self._come_to_rest()
        for number, wish in enumerate(self.wishes):
            self.people.act(wish.mailbox, Step(0, "mail", number, name="inbox"), self.time.now)
        self._come_to_rest()
        for keeper in range(self.setup.keepers):
            self.tick(keeper)

    def _come_to_rest(self) -> None:
        end = self.time.now + 3600 * _REST_HOURS
        self.run(self.time.now + 600)
        while self.time.now < end and not self.is_at_rest():
            self.run(self.time.now + 600)

    def is_at_rest(self) -> bool:
        """Whether nothing is under way on either side."""
        return self.stream.is_done and all(
            row.state is State.ACTIVE
            and row.suspected_gap_since is None
            and row.oldest_open_gap_at is None
            and row.generation >= row.min_generation
            and self._is_quiet(self.server.living(row.mailbox))
            for row in self.ledger.rows.values()
        )

    @staticmethod
    def _is_quiet(living: Sequence[ServersOwn]) -> bool:
        """Whether one subscription lives, and has nothing to tell."""
        return len(living) == 1 and living[0].unacknowledged is None and not living[0].queue

    def _do(self, step: Step) -> None:
        self.time.note(f"> {step}")
        if step.kind in habits.KINDS:
            self.people.act(self.wishes[step.mailbox].mailbox, step, self.time.now)
        else:
            trouble.begin(self, step)

    # POSTs

    def _next_post(self) -> float:
        moment = self.core.next_due()
        return float("inf") if moment is None else moment

    def deliver(self) -> None:
        """Carry the POSTs over that are due, and those that follow at once."""
        while True:
            for post in self.core.due(self.time.now):
                self._outbox.append(post)
                if len(self._outbox) > 1 and self._outbox[-2].body == post.body and self.chance.random() < _SLOW_TWINS:
                    self._delay(self._outbox.pop(), 60 * breakage.LATEST_MINUTES * self.chance.random())
            if not self._outbox:
                return
            self._send(self._outbox.popleft())

    def _send(self, post: Post) -> None:
        if not self.late_posts:
            self._arrive(post)
            return
        self._delay(post, 60 * self.late_posts.pop())

    def _delay(self, post: Post, seconds: float) -> None:
        """Let a POST arrive later; the server waits for its answer for no longer than it does."""
        self.time.note(f"  POST {post.delivery_id} is under way until {seconds:.0f} s from now")
        self.time.at(self.time.now + seconds, lambda: self._arrive(post))
        limit = self.core.profile.ack_timeout_seconds
        self.time.at(self.time.now + limit, lambda: self._answered(post, None, b""))

    def _answered(self, post: Post, status: int | None, body: bytes) -> None:
        self.core.on_post_response(post.delivery_id, status, "text/xml", body, self.time.now)

    def _arrive(self, post: Post) -> None:
        """Let the responder answer a POST; an answer after the time limit is none."""
        began = self.time.now
        segments = post.url.split("/")[-3:]
        parameters = dict(zip(("subscription", "generation", "signature"), segments, strict=True))
        event = {"body": post.body.decode(), "isBase64Encoded": False, "pathParameters": parameters}
        posted = self.witness.posting(parameters["subscription"], int(parameters["generation"]), post)
        try:
            answer: dict[str, Any] = self._responder.respond(event)
        except Killed:
            self._responder = self.processes.responder()
            answer = {"statusCode": 502, "body": ""}
        is_late = self.time.now - began > self.core.profile.ack_timeout_seconds
        self.witness.posted(posted, answer)
        if is_late:
            self._answered(post, None, b"")
        else:
            self._answered(post, answer["statusCode"], answer["body"].encode())

    # ticks

    def _next_tick(self) -> float:
        """Return when the next tick is that has anything to do; the others would find nothing."""
        due = min(
            (row.next_check_at for row in self.ledger.rows.values() if row.next_check_at is not None), default=None
        )
        if due is None:
            return float("inf")
        moment = max(self.time.theirs(due), self.no_ticks_until)
        number = max(ceil((moment - START) / 60), self._tick_number + 1)
        return START + 60.0 * number

    def _tick_if_due(self) -> None:
        if self._next_tick() > self.time.now:
            return
        self._tick_number = int((self.time.now - START) // 60)
        for keeper in range(self.setup.keepers):
            self.tick(keeper)

    def tick(self, keeper: int) -> None:
        """Carry out a tick of a keeper, in the middle of anything."""
        has_time = self._has_time()
        tick = self.witness.tick_begins(keeper)
        try:
            self._keeper.tick(keeper, has_time)
        except Killed:
            self._keeper = self._fresh_keeper()
            tick.is_disturbed = True
        except Exception as error:  # noqa: BLE001  # Lambda counts it, the next tick comes in a minute
            self.witness.failed(error)
            tick.is_disturbed = True
        self.witness.tick_ended(tick)

    def _fresh_keeper(self) -> KeeperRun:
        return self.processes.ticker(self.setup.keepers, self.witness.failed, recovers=self.setup.recovers)

    def _has_time(self) -> Callable[[], bool]:
        if self.short_ticks <= 0:
            return lambda: True
        self.short_ticks -= 1
        self.gates.sprung += 1
        left = iter([True] * self.chance.randrange(3))
        return lambda: next(left, False)

    def without_keeper_until(self) -> float:
        """Return until when ticks are missing, or find nothing that answers."""
        return max(self.no_ticks_until, *self.gates.down_until.values(), 0.0)

    def nested(self, deed: Callable[[], None]) -> int:
        """Do something in the middle of a call, unless that happens in the middle of another one already."""
        if self._depth == 0:
            self._depth += 1
            try:
                deed()
            finally:
                self._depth -= 1
        return 1

    def overlap_tick(self) -> None:
        """Run another keeper, from its beginning to its end."""
        own, self._keeper = self._keeper, self._fresh_keeper()
        self.time.note("  another keeper begins")
        for keeper in range(self.setup.keepers):
            self.tick(keeper)
        self._keeper = own
        self.time.note("  another keeper is done")

    # the stream

    def _next_forward(self) -> float:
        if self.stream.is_done:
            self._forward_at = None
            return float("inf")
        if self._forward_at is None:
            self._forward_at = self.time.now + 0.3
        return max(self._forward_at, self.stream_waits_until)

    def _forward_if_due(self) -> None:
        if self._next_forward() > self.time.now:
            return
        event = self.stream.told()
        resume_from: str | None = event["Records"][0]["dynamodb"]["SequenceNumber"]
        try:
            resume_from = self._forwarder.forward(event, self._has_time_to_forward()).resume_from
        except Killed:
            self._forwarder = self.processes.forwarder()
        except Exception as error:  # noqa: BLE001  # the stream tells again
            self.witness.failed(error)
        self.stream.go_on(event, resume_from)
        self._failed_forwards = self._failed_forwards + 1 if resume_from is not None else 0
        self._forward_at = self.time.now + (min(2**self._failed_forwards, 300) if self._failed_forwards else 0)

    def _has_time_to_forward(self) -> Callable[[], bool]:
        return lambda: True


def callback_of(url: str) -> Callback:
    """Return what a callback URL says."""
    subscription, generation, _ = url.split("/")[-3:]
    return Callback(subscription, "", int(generation))
