"""Renews subscriptions: stores a generation, sends its Subscribe, and stores what became of it."""

from dataclasses import dataclass, replace
from typing import Final

from ewspush.domain.callback import Callback, signed_path
from ewspush.domain.check_result import CheckOutcome, CheckResult
from ewspush.domain.ports import CallbackKeys, Clock, Jitter, MailServer, SubscriptionLedger
from ewspush.domain.reachability import can_be_tried_again, silence_forgotten
from ewspush.domain.renewing import rules
from ewspush.domain.subscription import State, Subscription, SubscriptionChanges, SubscriptionKey
from ewspush.domain.timing import Timing
from ewspush.domain.updates import ConditionalUpdate, GenerationPending, NoActivitySince
from ewspush.errors import LostRaceError, UnavailableError
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed, SubscribeRequest

_SPREAD_MINUTES: Final = 5
"""Over so long the renewals of many subscriptions are spread that can be reached again."""


@dataclass(frozen=True, slots=True)
class Renewer:
    """Renews one subscription at a time."""

    ledger: SubscriptionLedger
    server: MailServer
    keys: CallbackKeys
    clock: Clock
    jitter: Jitter
    timing: Timing
    base_url: str
    """Callback paths are put behind it."""
    resume_is_trusted: bool
    """Whether a server that accepts a watermark is known to resume from it."""

    def renew(self, subscription: Subscription) -> CheckResult:
        """Send a Subscribe; where the server does not know the watermark, a second one without it.

        Exactly one of overlapping calls sends it: raises `LostRaceError` in the others.
        """
        pending = self._begin(subscription)
        answer = self._subscribe(pending)
        if isinstance(answer, Refused) and rules.can_retry_without_watermark(pending, answer):
            pending = self._begin_without_watermark(pending, answer)
            answer = self._subscribe(pending)
        return self._conclude(pending, answer)

    def try_again(self, key: SubscriptionKey) -> None:
        """Make a subscription that is unreachable due soon, because a push of another one arrived again."""
        subscription, now = self.ledger.read(key), self.clock()
        if subscription is not None and can_be_tried_again(subscription, self.timing, now):
            soon = now + self.timing.minutes(_SPREAD_MINUTES * self.jitter())
            changes = silence_forgotten() | {"next_check_at": min(soon, subscription.next_check_at or soon)}
            self.ledger.commit(ConditionalUpdate(key, NoActivitySince(subscription), changes))

    def _begin(self, subscription: Subscription) -> Subscription:
        """Return the subscription with a new generation pending."""
        changes = rules.on_attempt(subscription, self.timing, self.clock(), resume_is_trusted=self.resume_is_trusted)
        update = ConditionalUpdate(subscription.key, NoActivitySince(subscription), changes)
        if not self.ledger.commit(update).stored:
            raise LostRaceError
        return replace(subscription, **changes)

    def _begin_without_watermark(self, pending: Subscription, answer: Refused) -> Subscription:
        changes = rules.on_refusal(pending, answer, self.timing, self.clock(), self.jitter)
        if not self._settle(pending, changes):
            raise LostRaceError
        return self._begin(replace(pending, **changes))

    def _subscribe(self, pending: Subscription) -> Subscribed | Refused | None:
        """Return what the server answers to the Subscribe of the pending generation; None where that is not known."""
        callback = Callback(pending.key, pending.mailbox, pending.pending_generation or 0)
        request = SubscribeRequest(
            url=self.base_url + signed_path(callback, self.keys.signing()),
            event_types=pending.event_types,
            status_frequency_minutes=pending.status_frequency_minutes,
            folders=pending.folders,
            watermark=rules.watermark_of(pending),
        )
        try:
            return self.server.subscribe(pending.mailbox, request)
        except UnavailableError:
            return None

    def _conclude(self, pending: Subscription, answer: Subscribed | Refused | None) -> CheckResult:
        now = self.clock()
        overdue = rules.overdue(pending, self.timing, now)
        if answer is None or (isinstance(answer, Refused) and rules.is_unclear(answer)):
            self._settle(pending, rules.on_no_response(pending, self.timing, now, answer))
            return CheckResult(CheckOutcome.UNCONFIRMED, overdue, answer.response_code if answer is not None else None)
        if isinstance(answer, Subscribed):
            self._settle(pending, rules.on_success(pending, answer, self.timing, now))
            return CheckResult(CheckOutcome.RENEWED, overdue)
        changes = rules.on_refusal(pending, answer, self.timing, now, self.jitter)
        self._settle(pending, changes)
        is_news = changes.get("state") is State.SUSPENDED and pending.state is not State.SUSPENDED
        outcome = CheckOutcome.SUSPENDED if is_news else CheckOutcome.REFUSED
        return CheckResult(outcome, overdue, answer.response_code)

    def _settle(self, pending: Subscription, changes: SubscriptionChanges) -> bool:
        """Store what became of a Subscribe, unless its first push has done so already, or the row was retired.

        Returns whether it was stored.
        """
        precondition = GenerationPending(pending.pending_generation or 0)
        return self.ledger.commit(ConditionalUpdate(pending.key, precondition, changes)).stored
