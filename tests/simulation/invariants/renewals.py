"""When a subscription is renewed: not while it is alive, and in bounded time once it is silent."""

from typing import TYPE_CHECKING, Final

from ewspush.domain.renewing.rules import SUSPENDED_WAIT_MINUTES
from ewspush.domain.subscription import State, Subscription
from ewspush.domain.timing import MIN_GRACE
from ewspush.domain.updates import ConditionalUpdate
from ewspush.protocol.response_codes import Remedy, advice
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed, SubscribeRequest
from tests.simulation.clock import START
from tests.simulation.fault_injection.network import SubscribeTimeouts
from tests.simulation.invariants.base import Invariant, PostRecord
from tests.simulation.invariants.descriptions import generation_of

if TYPE_CHECKING:
    from tests.simulation.system import System

_SLACK_SECONDS: Final = 5.0
_TIMEOUT_SLACK_SECONDS: Final = 45.0
"""For each mailbox before it: a keeper run has only one thread here, and waits for Subscribes that time out."""
_RUN_INTERVAL_SECONDS: Final = 60.0
_TRIES_OF_A_DAY: Final = 29
"""Five in a quarter of an hour, then one an hour for a day."""


class NoRenewalWhileAlive(Invariant):
    """No Subscribe is sent where a push arrived within twice StatusFrequency before the attempt began."""

    def __init__(self, system: "System") -> None:
        super().__init__(system)
        self._alive: dict[str, tuple[int, float]] = {}
        """By subscription: the generation that lives, and the time of its last push or of its Subscribe."""
        self._began_at: dict[str, float] = {}
        self._answered_at: dict[str, float] = {}

    def on_write(self, before: Subscription, after: Subscription, update: ConditionalUpdate) -> None:  # noqa: ARG002  # the hook's
        if after.lost_code is not None:
            self._alive.pop(after.key, None)
        if after.attempts > before.attempts:
            self._began_at[after.key] = self.system.time.now
        if after.generation > before.generation and after.state is State.ACTIVE:
            self._alive[after.key] = (after.generation, self._answered_at.get(after.key, 0.0))

    def on_apply(self, row: Subscription) -> None:
        if row.state is State.WANTED:  # desired again after it was retired
            self._alive.pop(row.key, None)

    def after_subscribe(self, row: Subscription, request: SubscribeRequest, answer: object) -> None:  # noqa: ARG002  # the hook's
        self._answered_at[row.key] = self.system.time.now

    def on_post(self, post: PostRecord) -> None:
        row = self.system.ledger.rows[post.key]
        if post.answer == "OK" and not post.is_error and row.lost_code is None:
            self._alive[post.key] = (post.generation, post.began_at)

    def before_subscribe(self, row: Subscription, request: SubscribeRequest) -> None:
        generation, seen_at = self._alive.get(row.key, (0, 0.0))
        began_at = self._began_at[row.key]
        silence = 120 * row.status_frequency_minutes
        if row.min_generation <= generation and began_at - silence + 1 < seen_at < began_at - 0.1:
            seconds = began_at - seen_at
            self.fail(f"generation {generation_of(request)}, {seconds:.0f} s after a push of {generation}")


class RenewedInTime(Invariant):
    """What is silent for twice StatusFrequency is renewed in the next keeper run, and retried in bounded time.

    Time counts from the last push, or attempt, or fault of a keeper or the stores.
    """

    def __init__(self, system: "System") -> None:
        """Everything is due at once."""
        super().__init__(system)
        self._due_at: dict[str, float] = {}
        self._tried_at: dict[str, float] = {}
        self._triggered = 0
        has_timeouts = any(isinstance(step.action, SubscribeTimeouts) for step in system.plan.steps)
        others = len(system.desired) - 1
        self._slack_seconds = _SLACK_SECONDS + (_TIMEOUT_SLACK_SECONDS * others if has_timeouts else 0)

    def on_write(self, before: Subscription, after: Subscription, update: ConditionalUpdate) -> None:  # noqa: ARG002  # the hook's
        self._check()

    def on_post(self, post: PostRecord) -> None:
        row = self.system.ledger.rows[post.key]
        self._check()
        if post.answer == "OK" and post.is_error and self._tried_at.get(post.key, 0) >= post.began_at:
            return  # a keeper was faster, and the result of its attempt counts
        if post.answer == "OK" and post.is_error:
            waits_until = self._due_at[post.key]
            self._due_at[post.key] = self.system.time.now
            if row.pending_generation is not None or row.generation > post.generation:
                self._wait(row, 120 * row.status_frequency_minutes)
                # a repeated error notification shortens no wait that the server asked for
                self._due_at[post.key] = max(self._due_at[post.key], waits_until)
        elif post.answer == "OK" and row.min_generation <= post.generation:
            self._wait(row, 120 * row.status_frequency_minutes)

    def before_subscribe(self, row: Subscription, request: SubscribeRequest) -> None:  # noqa: ARG002  # the hook's
        self._check()
        self._wait(row, MIN_GRACE.total_seconds())

    def after_subscribe(
        self,
        row: Subscription,
        request: SubscribeRequest,  # noqa: ARG002  # the hook's
        answer: Subscribed | Refused | None,
    ) -> None:
        self._tried_at[row.key] = self.system.time.now
        frequency = 60 * row.status_frequency_minutes
        if isinstance(answer, Refused):
            is_over = advice(answer.response_code).remedy is Remedy.SUSPEND and not _lived_recently(row)
            self._wait(row, 60 * (SUSPENDED_WAIT_MINUTES if is_over else 60))
        else:
            self._wait(row, 2 * frequency if answer is not None else max(frequency + 60, MIN_GRACE.total_seconds()))

    def on_apply(self, row: Subscription) -> None:
        """What was changed is tried at once, unless too many earlier generations may be live."""
        next_check_at = self.system.time.theirs(row.next_check_at) if row.next_check_at is not None else 0
        self._due_at[row.key] = max(self.system.time.now, next_check_at)

    def at_end(self) -> None:
        self._check()

    def _wait(self, row: Subscription, seconds: float) -> None:
        self._due_at[row.key] = self.system.time.now + seconds

    def _check(self) -> None:
        system, now = self.system, self.system.time.now
        is_disturbed = system.failpoints.triggered != self._triggered
        self._triggered = system.failpoints.triggered
        for row in system.ledger.rows.values():
            grace = max(120 * row.status_frequency_minutes, 120)
            due_at = max(self._due_at.get(row.key, START), system.no_keeper_until() + grace)
            if is_disturbed:
                due_at = max(due_at, now + grace)
            elif now > due_at + _RUN_INTERVAL_SECONDS + self._slack_seconds and row.state is not State.RETIRED:
                self.fail(f"{row.mailbox} is overdue by {now - due_at:.0f} s")
            self._due_at[row.key] = due_at


def _lived_recently(row: Subscription) -> bool:
    """Whether a push arrived with the settings that are desired now, and few attempts failed since (ADR 0015)."""
    return row.last_seen_at is not None and row.generation >= row.min_generation and row.attempts < _TRIES_OF_A_DAY
