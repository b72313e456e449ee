"""The keeper, the reconciler of desired and actual subscriptions: one check renews, synchronizes, or leaves."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ewspush.domain.check_result import CheckOutcome, CheckResult
from ewspush.domain.gaps import suspicion_cleared
from ewspush.domain.ports import Clock, SubscriptionLedger
from ewspush.domain.recovering.service import Synchronizer
from ewspush.domain.renewing.rules import due_at
from ewspush.domain.renewing.service import Renewer
from ewspush.domain.subscription import State, Subscription, SubscriptionChanges, SubscriptionKey
from ewspush.domain.timing import Timing
from ewspush.domain.updates import ConditionalUpdate, NoActivitySince
from ewspush.errors import LostRaceError


@dataclass(frozen=True, slots=True)
class Keeper:
    """Checks one subscription at a time. Without a `synchronizer` gaps stay open."""

    ledger: SubscriptionLedger
    renewer: Renewer
    synchronizer: Synchronizer | None
    clock: Clock
    timing: Timing

    def check(self, key: SubscriptionKey, may_sync: Callable[[], bool] = lambda: True) -> CheckResult:
        """Renew a subscription if it is lapsed, synchronize it if that is due, and store when to check it next.

        `may_sync` is asked before each request of a sync; a Subscribe is always sent. Raises what the ports raise but
        for `MailServer`'s `UnavailableError`, which is one of the outcomes.
        """
        subscription = self.ledger.read(key)
        now = self.clock()
        if subscription is None or subscription.next_check_at is None or subscription.next_check_at > now:
            return CheckResult(CheckOutcome.SKIPPED)
        subscribe_at = due_at(subscription, self.timing)
        try:
            if subscribe_at is None:
                return self._leave(subscription, {"next_check_at": None}, CheckOutcome.RETIRED)
            if subscription.state is State.ACTIVE and subscribe_at > now:
                return self._attend(subscription, subscribe_at, may_sync)
            return self.renewer.renew(subscription)
        except LostRaceError:
            return CheckResult(CheckOutcome.SKIPPED)

    def _attend(self, subscription: Subscription, silent_at: datetime, may_sync: Callable[[], bool]) -> CheckResult:
        """Synchronize what is due of a live subscription, and check it again when it is silent or due for a sync."""
        changes: SubscriptionChanges
        if self.synchronizer is None:
            changes = {"next_check_at": silent_at, "oldest_open_gap_at": None}
            return self._leave(subscription, changes | suspicion_cleared(subscription), CheckOutcome.ALIVE)
        sync_at = self.synchronizer.synchronize(subscription, may_sync)
        current = self.ledger.read(subscription.key)
        if current is None or current.state is not State.ACTIVE or current.next_check_at != subscription.next_check_at:
            raise LostRaceError
        changes = {"next_check_at": min(silent_at, sync_at), "next_sync_at": sync_at}
        return self._leave(current, changes | suspicion_cleared(current), CheckOutcome.ALIVE)

    def _leave(self, subscription: Subscription, changes: SubscriptionChanges, outcome: CheckOutcome) -> CheckResult:
        update = ConditionalUpdate(subscription.key, NoActivitySince(subscription), changes)
        if not self.ledger.commit(update).stored:
            raise LostRaceError
        return CheckResult(outcome)
