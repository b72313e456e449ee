"""Both sides on one clock: the mail server with its mailboxes, our functions, and what is between them."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Final

from ewspush.domain.desired import DesiredSubscription, new_subscription
from ewspush.domain.subscription import State, Subscription
from ewspush.domain.timing import Timing
from mailsim.core import Core
from mailsim.profiles import PROFILES
from mailsim.subscription import Subscription as ServerSubscription
from tests.simulation.clock import START, Timeline
from tests.simulation.failpoints import Failpoints
from tests.simulation.forwarding import Forwarding
from tests.simulation.invariants import ALL
from tests.simulation.invariants.checker import Checker
from tests.simulation.keeper_schedule import KeeperSchedule
from tests.simulation.keys import FixedKeys
from tests.simulation.plan import Plan
from tests.simulation.post_delivery import PostDelivery
from tests.simulation.processes import Processes
from tests.simulation.server import ObservedServer
from tests.simulation.stack_operator import Operator
from tests.simulation.steps import Action
from tests.simulation.stores import FifoQueue, ObservedLedger, Stream
from tests.twins.ledger import MemorySyncStates

_MINUTE: Final = timedelta(minutes=1)
PASSWORD: Final = "password"
"""Of every mailbox."""


class System:
    """Everything that a plan is played on."""

    def __init__(self, plan: Plan, trace: Callable[[str], None] | None = None, only: str | None = None) -> None:
        """Set everything up. `only` is the one invariant to check; None is all."""
        setup = plan.setup
        self.plan, self.setup = plan, setup
        self.random = Random(f"run {plan.seed}")  # noqa: S311  # reproducible, no secret
        self.time = Timeline(setup.skew_seconds, trace)
        self.failpoints = Failpoints(self.time)
        self.core = Core(PROFILES[setup.profile].with_settings(dict(setup.server)), START, seed=str(plan.seed))
        self.desired = [
            DesiredSubscription(f"user{number}@example.com", folders=folders, status_frequency_minutes=frequency)
            for number, (frequency, folders) in enumerate(zip(setup.frequencies, setup.folders, strict=True))
        ]
        for each in self.desired:
            self.core.directory.add(each.mailbox, PASSWORD, START)
        self.operator = Operator(self)
        self.checker = Checker(self, [each for each in ALL if only in {None, each.__name__}])
        rows = [new_subscription(each, self.time.ours()) for each in self.desired]
        self.ledger = ObservedLedger(rows, self.checker.on_write, setup.entry_events)
        self.queue = FifoQueue(lambda: self.time.now)
        self.dead_letters = FifoQueue(lambda: self.time.now)
        self.server = ObservedServer(self.core, self.time, self.checker)
        self.stream = Stream(self.ledger.log, setup.batch)
        self.ports = self._twins()
        self.timing = Timing(_MINUTE)
        self.processes = Processes(self.failpoints, self.time, self.ports, self.timing, self.random)
        self.posts = PostDelivery(self)
        self.keeper = KeeperSchedule(self)
        self.forwarding = Forwarding(self)
        self._is_nested = False
        for step in plan.steps:
            self.time.at(START + 60 * step.at, lambda step=step: self.begin(step.action))  # type: ignore[misc]

    def _twins(self) -> dict[str, object]:
        return {
            "ledger": self.ledger,
            "states": MemorySyncStates(self.ledger),
            "queue": self.queue,
            "dead_letters": self.dead_letters,
            "server": self.server,
            "keys": FixedKeys(),
        }

    def row(self, mailbox: int) -> Subscription:
        """Return the subscription of a mailbox."""
        return self.ledger.rows[self.desired[mailbox].key]

    def begin(self, action: Action) -> None:
        """Begin an action of the plan, and note it."""
        self.time.note(f"> {action}")
        action.begin(self)

    def is_at_rest(self) -> bool:
        """Whether nothing is left to do on either side."""
        return self.stream.is_done and all(
            row.state is State.ACTIVE
            and row.suspected_gap_since is None
            and row.oldest_open_gap_at is None
            and row.unreachable_since is None
            and row.generation >= row.min_generation
            and _is_quiet(self.server.live(row.mailbox))
            for row in self.ledger.rows.values()
        )

    def no_keeper_until(self) -> float:
        """Return until when keeper runs are missing, or a port is down for them."""
        return max(self.keeper.missing_until, *self.failpoints.down_until.values(), 0.0)

    def nested(self, action: Callable[[], None]) -> int:
        """Do something in the middle of a call that is not nested itself; return how often to make the call."""
        if not self._is_nested:
            self._is_nested = True
            try:
                action()
            finally:
                self._is_nested = False
        return 1


def _is_quiet(live: Sequence[ServerSubscription]) -> bool:
    """Whether there is one, with nothing to push."""
    return len(live) == 1 and live[0].unacknowledged is None and not live[0].queue
