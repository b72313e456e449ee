"""The keeper, the reconciler of desired and actual subscriptions: one check renews, synchronizes, or leaves."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from ewspush.domain.callback import Callback
from ewspush.domain.check_result import CheckOutcome, CheckResult, Reachability
from ewspush.domain.events import log_entry
from ewspush.domain.gaps import suspicion_cleared
from ewspush.domain.ports import Clock, SubscriptionLedger
from ewspush.domain.reachability import (
    CANARIES,
    is_silent_again,
    last_wait_ends_at,
    on_unreachable,
    waits_for_canaries,
)
from ewspush.domain.recovering.service import Synchronizer
from ewspush.domain.renewing.rules import due_at
from ewspush.domain.renewing.service import Renewer
from ewspush.domain.subscription import State, Subscription, SubscriptionChanges, SubscriptionKey
from ewspush.domain.timing import Timing
from ewspush.domain.updates import ConditionalUpdate, NoActivitySince
from ewspush.errors import LostRaceError

MaySync: TypeAlias = Callable[[Subscription], bool]
"""Whether the mail server may be asked once more on behalf of a subscription."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """Checks one subscription at a time. Without a `synchronizer` gaps stay open."""

    ledger: SubscriptionLedger
    renewer: Renewer
    synchronizer: Synchronizer | None
    clock: Clock
    timing: Timing

    def check(self, key: SubscriptionKey, may_sync: MaySync = lambda _: True) -> CheckResult:
        """Renew a subscription if it is lapsed, synchronize it if that is due, and store when to check it next.

        `may_sync` is asked before each request of a sync; a Subscribe is always sent. Raises what the ports raise but
        for `MailServer`'s `UnavailableError`, which is one of the outcomes.
        """
        subscription = self.ledger.read(key)
        now = self.clock()
        if subscription is None or subscription.next_check_at is None or subscription.next_check_at > now:
            return CheckResult(CheckOutcome.SKIPPED)
        try:
            return self._check(subscription, now, may_sync)
        except LostRaceError:
            return CheckResult(CheckOutcome.SKIPPED)

    def _check(self, subscription: Subscription, now: datetime, may_sync: MaySync) -> CheckResult:
        subscribe_at = due_at(subscription, self.timing)
        if subscribe_at is None:
            return self._leave(subscription, {"next_check_at": None}, CheckOutcome.RETIRED)
        if subscription.state is State.ACTIVE and subscribe_at > now:
            result = self._attend(subscription, subscribe_at, may_sync)
            return replace(result, reachability=_reachability(subscription))
        waits = waits_for_canaries(subscription, self.timing, now) and not self._is_canary(subscription)
        if subscription.unreachable_since is None and (waits or is_silent_again(subscription)):
            subscription = self._store_unreachable(subscription, now)
            reachability = Reachability.BECAME_UNREACHABLE
        else:
            reachability = _reachability(subscription)
        if waits:
            last_wait = last_wait_ends_at(subscription, self.timing, now)
            return replace(self._attend(subscription, last_wait, may_sync), reachability=reachability)
        return replace(self.renewer.renew(subscription), reachability=reachability)

    def _is_canary(self, subscription: Subscription) -> bool:
        return subscription.key in self.ledger.silent(subscription.due_shard or "", CANARIES)

    def _store_unreachable(self, subscription: Subscription, now: datetime) -> Subscription:
        """Return the subscription as one that is unreachable, with its gap in the log."""
        changes, gap = on_unreachable(subscription, self.timing, now)
        callback = Callback(subscription.key, subscription.mailbox, subscription.generation)
        entry = log_entry(callback, now, (gap,)) if gap is not None else None
        update = ConditionalUpdate(subscription.key, NoActivitySince(subscription), changes, entry)
        if not self.ledger.commit(update).stored:
            raise LostRaceError
        return replace(subscription, **changes)

    def _attend(self, subscription: Subscription, subscribe_at: datetime, may_sync: MaySync) -> CheckResult:
        """Synchronize what is due of a live subscription, and check it again for the next sync or Subscribe."""
        changes: SubscriptionChanges
        if self.synchronizer is None:
            changes = {"next_check_at": subscribe_at, "oldest_open_gap_at": None, "reached_at": None}
            return self._leave(subscription, changes | suspicion_cleared(subscription), CheckOutcome.ALIVE)
        sync_at = self.synchronizer.synchronize(subscription, lambda: may_sync(subscription))
        current = self.ledger.read(subscription.key)
        if current is None or current.state is not State.ACTIVE or current.next_check_at != subscription.next_check_at:
            raise LostRaceError
        changes = {"next_check_at": min(subscribe_at, sync_at), "next_sync_at": sync_at}
        return self._leave(current, changes | suspicion_cleared(current), CheckOutcome.ALIVE)

    def _leave(self, subscription: Subscription, changes: SubscriptionChanges, outcome: CheckOutcome) -> CheckResult:
        update = ConditionalUpdate(subscription.key, NoActivitySince(subscription), changes)
        if not self.ledger.commit(update).stored:
            raise LostRaceError
        return CheckResult(outcome)


def _reachability(subscription: Subscription) -> Reachability:
    if subscription.unreachable_since is not None:
        return Reachability.UNREACHABLE
    is_woken = subscription.reached_at is not None and subscription.next_check_at == subscription.reached_at
    return Reachability.REACHED_AGAIN if is_woken else Reachability.REACHABLE
