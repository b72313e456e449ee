"""When a Subscribe is sent, when it is not, and what lives."""

from typing import Any, Final

from ewspush.domain.desired import MAX_PER_MAILBOX, shards_of
from ewspush.domain.renewing.rules import MIN_GRACE, SUSPENDED_WAIT_MINUTES
from ewspush.domain.subscription import State, Subscription
from ewspush.domain.updates import ConditionalUpdate
from ewspush.handlers.keeper import MAX_SYNC_CALLS
from ewspush.protocol.response_codes import Remedy, advice
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed, SubscribeRequest
from tests.simulation.clock import START
from tests.simulation.invariants import Invariant, Posted, Tick

_SLACK_SECONDS: Final = 5.0
_TIME_OUTS_SECONDS: Final = 45.0
"""Of the mailboxes before it: one thread carries a tick out here."""
_TICK_SECONDS: Final = 60.0
_CALLS_PER_LOOK: Final = 12
_CALLS_PER_SYNC: Final = 8


def generation_of(request: SubscribeRequest) -> int:
    """Return the generation that a Subscribe names."""
    return int(request.url.split("/")[-2])


class UnsubscribeOnlyWhatIsOver(Invariant):
    """Unsubscribe answers what was retired, or superseded by a generation that the server has made."""

    def __init__(self, system: Any) -> None:
        """Start with nothing given up."""
        super().__init__(system)
        self._retired: dict[str, int] = {}

    def applied(self, row: Subscription) -> None:
        """Take note of what was given up: it is over for good."""
        if row.state is State.RETIRED:
            self._retired[row.subscription] = row.generation

    def posted(self, posted: Posted) -> None:
        """Look at what was answered."""
        row = self.system.ledger.rows[posted.subscription]
        if posted.answer != "Unsubscribe" or posted.generation <= self._retired.get(row.subscription, 0):
            return
        if posted.generation >= row.generation:
            self.fail(f"to generation {posted.generation} while the row has {row.generation}")
        urls = (each.request.url for each in self.system.core.subscriptions.values())
        if not any(f"/{row.subscription}/{row.generation}/" in url for url in urls):
            self.fail(f"generation {row.generation} superseded {posted.generation} and was never made")


class AtMostThreeLive(Invariant):
    """A mailbox never has more than three live subscriptions, whatever its server would allow."""

    def subscribed(self, row: Subscription, request: SubscribeRequest, answer: object) -> None:  # noqa: ARG002  # the hook's
        """Count them."""
        living = len(self.system.server.living(row.mailbox))
        if living > MAX_PER_MAILBOX:
            self.fail(f"{living} of {row.mailbox}")


class OneSubscribeAtATime(Invariant):
    """Of overlapping looks one sends a Subscribe: none begins while another may be under way."""

    def __init__(self, system: Any) -> None:
        """Start with none under way."""
        super().__init__(system)
        self._begun: dict[str, tuple[int, float]] = {}
        self._sent: dict[str, int] = {}

    def wrote(self, before: Subscription, after: Subscription, entry: ConditionalUpdate) -> None:  # noqa: ARG002  # the hook's
        """Take note of a generation that begins."""
        if after.attempts <= before.attempts or after.pending_generation is None:
            return
        generation, began_at = self._begun.get(after.subscription, (0, 0.0))
        if generation > after.generation and self.system.time.now - began_at < MIN_GRACE.total_seconds():
            self.fail(f"generation {after.pending_generation} begins while {generation} is under way")
        self._begun[after.subscription] = (after.pending_generation, self.system.time.now)

    def subscribing(self, row: Subscription, request: SubscribeRequest) -> None:
        """No generation is sent twice, or without having begun."""
        generation = generation_of(request)
        if self._begun.get(row.subscription, (0, 0.0))[0] < generation:
            self.fail(f"generation {generation} was sent before it was written down")
        if self._sent.get(row.subscription, 0) >= generation:
            self.fail(f"generation {generation} was sent twice")
        self._sent[row.subscription] = generation

    def subscribed(self, row: Subscription, request: SubscribeRequest, answer: object) -> None:  # noqa: ARG002  # the hook's
        """Take note that it is over."""
        if self._begun.get(row.subscription, (0, 0.0))[0] == generation_of(request):
            self._begun[row.subscription] = (0, 0.0)


class NoRenewalWhileAlive(Invariant):
    """No Subscribe is sent for what was heard of within twice StatusFrequency, before the Subscribe was begun."""

    def __init__(self, system: Any) -> None:
        """Start with nothing heard."""
        super().__init__(system)
        self._heard: dict[str, tuple[int, float]] = {}
        self._begun: dict[str, float] = {}
        self._answered_at: dict[str, float] = {}

    def wrote(self, before: Subscription, after: Subscription, entry: ConditionalUpdate) -> None:  # noqa: ARG002  # the hook's
        """Take note of a generation that begins, of one that lives, and of last words."""
        if after.lost_code is not None:
            self._heard.pop(after.subscription, None)
        if after.attempts > before.attempts:
            self._begun[after.subscription] = self.system.time.now
        if after.generation > before.generation and after.state is State.ACTIVE:
            self._heard[after.subscription] = (after.generation, self._answered_at.get(after.subscription, 0.0))

    def applied(self, row: Subscription) -> None:
        """What was given up and is wanted again is asked for at once."""
        if row.state is State.WANTED:
            self._heard.pop(row.subscription, None)

    def subscribed(self, row: Subscription, request: SubscribeRequest, answer: object) -> None:  # noqa: ARG002  # the hook's
        """Take note of when."""
        self._answered_at[row.subscription] = self.system.time.now

    def posted(self, posted: Posted) -> None:
        """Take note of what is heard."""
        if (
            posted.answer == "OK"
            and not posted.is_error
            and self.system.ledger.rows[posted.subscription].lost_code is None
        ):
            self._heard[posted.subscription] = (posted.generation, posted.began_at)

    def subscribing(self, row: Subscription, request: SubscribeRequest) -> None:
        """Look whether it was heard of."""
        generation, heard_at = self._heard.get(row.subscription, (0, 0.0))
        begun_at = self._begun[row.subscription]
        silence = 120 * row.status_frequency_minutes
        if row.min_generation <= generation and begun_at - silence + 1 < heard_at < begun_at - 0.1:
            seconds = begun_at - heard_at
            self.fail(f"generation {generation_of(request)}, {seconds:.0f} s after {generation} was heard of")


class UnheardIsGivenTime(Invariant):
    """A Subscribe that nobody answered is not repeated within StatusFrequency: it may live, and be heard of by then."""

    def __init__(self, system: Any) -> None:
        """Start with none."""
        super().__init__(system)
        self._unheard: dict[str, float] = {}

    def subscribing(self, row: Subscription, request: SubscribeRequest) -> None:
        """Look when the last one was sent."""
        waited = self.system.time.now - self._unheard.pop(row.subscription, 0.0)
        if waited < 60 * row.status_frequency_minutes:
            self.fail(f"generation {generation_of(request)} after {waited:.0f} s")

    def subscribed(self, row: Subscription, request: SubscribeRequest, answer: object) -> None:  # noqa: ARG002  # the hook's
        """Take note of one."""
        if answer is None:
            self._unheard[row.subscription] = self.system.time.now

    def wrote(self, before: Subscription, after: Subscription, entry: ConditionalUpdate) -> None:  # noqa: ARG002  # the hook's
        """Something was heard, so nothing is in doubt."""
        if after.last_seen_at != before.last_seen_at:
            self._unheard.pop(after.subscription, None)

    def applied(self, row: Subscription) -> None:
        """A person wants it now."""
        self._unheard.pop(row.subscription, None)


class RenewedInTime(Invariant):
    """What is silent for twice StatusFrequency is subscribed anew in the next tick, and tries follow in bounded time.

    Time counts from the last sign of life, or try, or trouble that a keeper or the stores had.
    """

    def __init__(self, system: Any) -> None:
        """Everything is due at once."""
        super().__init__(system)
        self._due_at: dict[str, float] = {}
        self._tried_at: dict[str, float] = {}
        self._sprung = 0
        waits = any(step.kind == "no-answer" for step in system.plan.steps)
        self._slack_seconds = _SLACK_SECONDS + (_TIME_OUTS_SECONDS * (len(system.wishes) - 1) if waits else 0)

    def wrote(self, before: Subscription, after: Subscription, entry: ConditionalUpdate) -> None:  # noqa: ARG002  # the hook's
        """Look at the time whenever anything happens."""
        self._look()

    def posted(self, posted: Posted) -> None:
        """Something was heard."""
        row = self.system.ledger.rows[posted.subscription]
        self._look()
        if posted.answer == "OK" and posted.is_error and self._tried_at.get(posted.subscription, 0) >= posted.began_at:
            return  # a keeper was faster, and what became of its try counts
        if posted.answer == "OK" and posted.is_error:
            waits_until = self._due_at[posted.subscription]
            self._due_at[posted.subscription] = self.system.time.now
            if row.pending_generation is not None or row.generation > posted.generation:
                self._wait(row, 120 * row.status_frequency_minutes)
                # last words that are said again shorten no wait that the server asked for
                self._due_at[posted.subscription] = max(self._due_at[posted.subscription], waits_until)
        elif posted.answer == "OK" and row.min_generation <= posted.generation:
            self._wait(row, 120 * row.status_frequency_minutes)

    def subscribing(self, row: Subscription, request: SubscribeRequest) -> None:  # noqa: ARG002  # the hook's
        """It is tried."""
        self._look()
        self._wait(row, MIN_GRACE.total_seconds())

    def subscribed(self, row: Subscription, request: SubscribeRequest, answer: Subscribed | Refused | None) -> None:  # noqa: ARG002
        """It was tried."""
        self._tried_at[row.subscription] = self.system.time.now
        frequency = 60 * row.status_frequency_minutes
        if isinstance(answer, Refused):
            is_over = advice(answer.response_code).remedy is Remedy.SUSPEND
            self._wait(row, 60 * (SUSPENDED_WAIT_MINUTES if is_over else 60))
        else:
            self._wait(row, 2 * frequency if answer is not None else max(frequency + 60, MIN_GRACE.total_seconds()))

    def applied(self, row: Subscription) -> None:
        """What was changed is tried at once, unless too many of its former selves may live."""
        next_check_at = self.system.time.theirs(row.next_check_at) if row.next_check_at is not None else 0
        self._due_at[row.subscription] = max(self.system.time.now, next_check_at)

    def ended(self) -> None:
        """Look at the time."""
        self._look()

    def _wait(self, row: Subscription, seconds: float) -> None:
        self._due_at[row.subscription] = self.system.time.now + seconds

    def _look(self) -> None:
        system, now = self.system, self.system.time.now
        is_disturbed = system.gates.sprung != self._sprung
        self._sprung = system.gates.sprung
        for row in system.ledger.rows.values():
            grace = max(120 * row.status_frequency_minutes, 120)
            due_at = max(self._due_at.get(row.subscription, START), system.without_keeper_until() + grace)
            if is_disturbed:
                due_at = max(due_at, now + grace)
            elif now > due_at + _TICK_SECONDS + self._slack_seconds and row.state is not State.RETIRED:
                self.fail(f"{row.mailbox} is overdue by {now - due_at:.0f} s")
            self._due_at[row.subscription] = due_at


class BoundedTicks(Invariant):
    """What a tick asks depends on what is due, and not at all on what there is."""

    def ticked(self, tick: Tick) -> None:
        """Count."""
        syncs = self.system.witness.syncs_since(tick)
        if tick.is_disturbed:
            return
        shards = len(shards_of(tick.keeper, self.system.setup.keepers))
        calls = self.system.gates.calls - tick.calls_before
        if calls > shards + _CALLS_PER_LOOK * tick.due + _CALLS_PER_SYNC * syncs or syncs > MAX_SYNC_CALLS:
            self.fail(f"{calls} calls, {syncs} of them syncs, for {tick.due} that were due")


class OneLiveInTheEnd(Invariant):
    """In the end each subscription that is wanted is active, in doubt of nothing, and the only one of its mailbox."""

    def ended(self) -> None:
        """Look at what there is."""
        for row in self.system.ledger.rows.values():
            living = self.system.server.living(row.mailbox)
            if not self.system.is_at_rest() or len(living) != 1:
                self.fail(
                    f"{len(living)} live, {row}, {self.system.stream.position} of {len(self.system.ledger.log)} told"
                )
            if f"/{row.generation}/" not in living[0].request.url:
                self.fail(f"the one that lives is not generation {row.generation}")
