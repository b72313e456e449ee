"""The keeper: looks at subscriptions that are due, and makes those anew that were lost."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from ewspush.domain.callback import Callback, signed_path
from ewspush.domain.ports import CallbackKeys, Clock, MailServer, SubscriptionLedger, UnavailableError
from ewspush.domain.recovering.service import Recoverer
from ewspush.domain.renewing import rules
from ewspush.domain.renewing.rules import Changes, Policy
from ewspush.domain.subscription import State, Subscription
from ewspush.domain.updates import ConditionalUpdate, GenerationPending, NoActivitySince
from ewspush.protocol.response_codes import Remedy, advice
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed, SubscribeRequest


class CheckOutcome(StrEnum):
    """What a look at a subscription came to; also what the metrics count."""

    ALIVE = "alive"
    RENEWED = "renewed"
    REFUSED = "refused"
    SUSPENDED = "suspended"
    """From now on; a later try that fails as well is refused."""

    UNCONFIRMED = "unheard"
    RETIRED = "retired"
    SKIPPED = "elsewhere"
    """It is not due any more, or another keeper or a notification was faster."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A look, and for one that left a subscription lapsed: since when that should be over, and what the server said."""

    look: CheckOutcome
    overdue: timedelta = timedelta()
    response_code: str | None = None


@dataclass(frozen=True, slots=True)
class Keeper:
    """Checks at one subscription at a time.

    `base_url` is what the callback paths are put behind. Without a `recoverer` gaps stay open.
    """

    ledger: SubscriptionLedger
    server: MailServer
    keys: CallbackKeys
    clock: Clock
    chance: Callable[[], float]
    policy: Policy
    base_url: str
    recoverer: Recoverer | None = None

    def look(self, subscription: str, may_sync: Callable[[], bool] = lambda: True) -> CheckResult:
        """Renew `subscription` if it is lapsed, synchronize it if that is due, and say when to look again.

        `may_sync` is asked before each request of a sync; a Subscribe is always sent.

        Exactly one of overlapping looks sends a Subscribe. Raises what the ports raise but for `MailServer`'s
        `UnavailableError`, which is one of the outcomes.
        """
        row = self.ledger.read(subscription)
        now = self.clock()
        if row is None or row.next_check_at is None or row.next_check_at > now:
            return CheckResult(CheckOutcome.SKIPPED)
        due_at = rules.due_at(row, self.policy)
        if due_at is None:
            return self._passed_on(row, {"next_check_at": None}, CheckOutcome.RETIRED)
        if row.state is State.ACTIVE and due_at > now:
            return self._attended(row, due_at, may_sync)
        return self._renew(row)

    def _attended(self, row: Subscription, silent_at: datetime, may_sync: Callable[[], bool]) -> CheckResult:
        """Synchronize what is due of a live subscription, and say when to look again: at its silence, or before."""
        if self.recoverer is None:
            changes = {"next_check_at": silent_at, "oldest_open_gap_at": None, **rules.suspicion_cleared(row)}
            return self._passed_on(row, changes, CheckOutcome.ALIVE)
        next_sync_at = self.recoverer.attend(row, may_sync)
        fresh = self.ledger.read(row.subscription)
        if fresh is None or fresh.state is not State.ACTIVE or fresh.next_check_at != row.next_check_at:
            return CheckResult(CheckOutcome.SKIPPED)
        changes = {
            "next_check_at": min(silent_at, next_sync_at),
            "next_sync_at": next_sync_at,
            **rules.suspicion_cleared(fresh),
        }
        return self._passed_on(fresh, changes, CheckOutcome.ALIVE)

    def _passed_on(self, row: Subscription, changes: Changes, look: CheckOutcome) -> CheckResult:
        return CheckResult(
            look
            if self._write(ConditionalUpdate(row.subscription, NoActivitySince(row), changes))
            else CheckOutcome.SKIPPED
        )

    def _renew(self, row: Subscription) -> CheckResult:
        """Write down a generation, send its Subscribe, and write down what became of it.

        A watermark that the server does not know is left out in a second Subscribe.
        """
        locked = self._begun(row)
        if locked is None:
            return CheckResult(CheckOutcome.SKIPPED)
        answer = self._subscribed(locked)
        if isinstance(answer, Refused) and rules.can_retry_without_watermark(locked, answer):
            locked = self._begun_without_watermark(locked, answer)
            if locked is None:
                return CheckResult(CheckOutcome.SKIPPED)
            answer = self._subscribed(locked)
        return self._concluded(locked, answer)

    def _begun(self, row: Subscription) -> Subscription | None:
        """Return the row with a new generation pending; None where somebody else was faster."""
        changes = rules.on_attempt(row, self.policy, self.clock())
        stored = self._write(ConditionalUpdate(row.subscription, NoActivitySince(row), changes))
        return replace(row, **changes) if stored else None  # type: ignore[arg-type]  # fields of the row by name

    def _begun_without_watermark(self, row: Subscription, answer: Refused) -> Subscription | None:
        changes = self._refused(row, answer)
        if not self._settle(row, changes):
            return None
        return self._begun(replace(row, **changes))  # type: ignore[arg-type]  # fields of the row by name

    def _subscribed(self, row: Subscription) -> Subscribed | Refused | None:
        """Return what the server says to the Subscribe of the pending generation; None where that is not known."""
        callback = Callback(row.subscription, row.mailbox, row.pending_generation or 0)
        request = SubscribeRequest(
            url=self.base_url + signed_path(callback, self.keys.signing()),
            event_types=row.event_types,
            status_frequency_minutes=row.status_frequency_minutes,
            folders=row.folders,
            watermark=row.watermark,
        )
        try:
            answer = self.server.subscribe(row.mailbox, request)
        except UnavailableError:
            return None
        is_unclear = isinstance(answer, Refused) and advice(answer.response_code).remedy is Remedy.WAIT_FOR_PUSH
        return None if is_unclear else answer

    def _concluded(self, row: Subscription, answer: Subscribed | Refused | None) -> CheckResult:
        now = self.clock()
        overdue = rules.overdue(row, self.policy, now)
        if answer is None:
            self._settle(row, rules.on_no_response(row, self.policy, now))
            return CheckResult(CheckOutcome.UNCONFIRMED, overdue)
        if isinstance(answer, Subscribed):
            self._settle(row, rules.on_success(row, answer, self.policy, now))
            return CheckResult(CheckOutcome.RENEWED, overdue)
        changes = self._refused(row, answer)
        self._settle(row, changes)
        gave_up = changes.get("state") is State.SUSPENDED and row.state is not State.SUSPENDED
        return CheckResult(CheckOutcome.SUSPENDED if gave_up else CheckOutcome.REFUSED, overdue, answer.response_code)

    def _refused(self, row: Subscription, answer: Refused) -> Changes:
        return rules.on_refusal(row, answer, self.policy, self.clock(), self.chance)

    def _settle(self, row: Subscription, changes: Changes) -> bool:
        """Write down what became of a Subscribe, unless its first POST has said so already, or the row was retired.

        Returns whether it was written.
        """
        return self._write(ConditionalUpdate(row.subscription, GenerationPending(row.pending_generation or 0), changes))

    def _write(self, entry: ConditionalUpdate) -> bool:
        return self.ledger.write(entry).stored
