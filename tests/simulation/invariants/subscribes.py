"""Which Subscribes are sent: one at a time, and none while the last may still be confirmed by a push."""

from typing import TYPE_CHECKING

from ewspush.domain.subscription import Subscription
from ewspush.domain.timing import MIN_GRACE
from ewspush.domain.updates import ConditionalUpdate
from ewspush.protocol.subscribe import SubscribeRequest
from tests.simulation.invariants.base import Invariant
from tests.simulation.invariants.descriptions import generation_of

if TYPE_CHECKING:
    from tests.simulation.system import System


class OneSubscribeAtATime(Invariant):
    """Of overlapping checks one sends a Subscribe: none begins while another may be under way."""

    def __init__(self, system: "System") -> None:
        super().__init__(system)
        self._begun: dict[str, tuple[int, float]] = {}
        """By subscription: the generation of a Subscribe that is under way, and when it began."""
        self._sent: dict[str, int] = {}

    def on_write(self, before: Subscription, after: Subscription, update: ConditionalUpdate) -> None:  # noqa: ARG002  # the hook's
        if after.attempts <= before.attempts or after.pending_generation is None:
            return
        generation, began_at = self._begun.get(after.key, (0, 0.0))
        if generation > after.generation and self.system.time.now - began_at < MIN_GRACE.total_seconds():
            self.fail(f"generation {after.pending_generation} begins while {generation} is under way")
        self._begun[after.key] = (after.pending_generation, self.system.time.now)

    def before_subscribe(self, row: Subscription, request: SubscribeRequest) -> None:
        generation = generation_of(request)
        if self._begun.get(row.key, (0, 0.0))[0] < generation:
            self.fail(f"generation {generation} was sent before it was stored")
        if self._sent.get(row.key, 0) >= generation:
            self.fail(f"generation {generation} was sent twice")
        self._sent[row.key] = generation

    def after_subscribe(self, row: Subscription, request: SubscribeRequest, answer: object) -> None:  # noqa: ARG002  # the hook's
        if self._begun.get(row.key, (0, 0.0))[0] == generation_of(request):
            self._begun[row.key] = (0, 0.0)


class UnconfirmedSubscribeIsGivenTime(Invariant):
    """A Subscribe without an answer is not repeated within StatusFrequency: it may live, and a push confirms it."""

    def __init__(self, system: "System") -> None:
        super().__init__(system)
        self._unconfirmed: dict[str, float] = {}

    def before_subscribe(self, row: Subscription, request: SubscribeRequest) -> None:
        waited = self.system.time.now - self._unconfirmed.pop(row.key, 0.0)
        if waited < 60 * row.status_frequency_minutes:
            self.fail(f"generation {generation_of(request)} after {waited:.0f} s")

    def after_subscribe(self, row: Subscription, request: SubscribeRequest, answer: object) -> None:  # noqa: ARG002  # the hook's
        if answer is None:
            self._unconfirmed[row.key] = self.system.time.now

    def on_write(self, before: Subscription, after: Subscription, update: ConditionalUpdate) -> None:  # noqa: ARG002  # the hook's
        if after.last_seen_at != before.last_seen_at:
            self._unconfirmed.pop(after.key, None)

    def on_apply(self, row: Subscription) -> None:
        self._unconfirmed.pop(row.key, None)  # an operator does not wait
