"""The keeper: looks at subscriptions that are due, and makes those anew that were lost."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from ewspush.domain import renewal
from ewspush.domain.callback import Callback, signed_path
from ewspush.domain.entry import Awaited, Entry, Unseen
from ewspush.domain.recovering import Recoverer
from ewspush.domain.renewal import Changes, Policy
from ewspush.domain.subscription import State, Subscription
from ewspush.ports import CallbackKeys, Clock, MailServer, SubscriptionLedger, UnavailableError
from ewspush.protocol.response_codes import Remedy, advice
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed, SubscribeRequest


class Look(StrEnum):
    """What a look at a subscription came to; also what the metrics count."""

    ALIVE = "alive"
    RENEWED = "renewed"
    REFUSED = "refused"
    SUSPENDED = "suspended"
    """From now on; a later try that fails as well is refused."""

    UNHEARD = "unheard"
    RETIRED = "retired"
    ELSEWHERE = "elsewhere"
    """It is not due any more, or another keeper or a notification was faster."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A look, and for one that left a subscription lapsed: since when that should be over, and what the server said."""

    look: Look
    overdue: timedelta = timedelta()
    response_code: str | None = None


@dataclass(frozen=True, slots=True)
class Keeper:
    """Looks at one subscription at a time.

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

    def look(self, subscription: str, may_sync: Callable[[], bool] = lambda: True) -> Looked:
        """Renew `subscription` if it is lapsed, synchronize it if that is due, and say when to look again.

        `may_sync` is asked before each request of a sync; a Subscribe is always sent.

        Exactly one of overlapping looks sends a Subscribe. Raises what the ports raise but for `MailServer`'s
        `UnavailableError`, which is one of the outcomes.
        """
        row = self.ledger.read(subscription)
        now = self.clock()
        if row is None or row.check_at is None or row.check_at > now:
            return Looked(Look.ELSEWHERE)
        due_at = renewal.due_at(row, self.policy)
        if due_at is None:
            return self._passed_on(row, {"check_at": None}, Look.RETIRED)
        if row.state is State.ACTIVE and due_at > now:
            return self._attended(row, due_at, may_sync)
        return self._renew(row)

    def _attended(self, row: Subscription, silent_at: datetime, may_sync: Callable[[], bool]) -> Looked:
        """Synchronize what is due of a live subscription, and say when to look again: at its silence, or before."""
        if self.recoverer is None:
            changes = {"check_at": silent_at, "recover_since": None, **renewal.settled(row)}
            return self._passed_on(row, changes, Look.ALIVE)
        sync_at = self.recoverer.attend(row, may_sync)
        fresh = self.ledger.read(row.subscription)
        if fresh is None or fresh.state is not State.ACTIVE or fresh.check_at != row.check_at:
            return Looked(Look.ELSEWHERE)
        changes = {"check_at": min(silent_at, sync_at), "sync_at": sync_at, **renewal.settled(fresh)}
        return self._passed_on(fresh, changes, Look.ALIVE)

    def _passed_on(self, row: Subscription, changes: Changes, look: Look) -> Looked:
        return Looked(look if self._write(Entry(row.subscription, Unseen(row), changes)) else Look.ELSEWHERE)

    def _renew(self, row: Subscription) -> Looked:
        """Write down a generation, send its Subscribe, and write down what became of it.

        A watermark that the server does not know is left out in a second Subscribe.
        """
        locked = self._begun(row)
        if locked is None:
            return Looked(Look.ELSEWHERE)
        answer = self._subscribed(locked)
        if isinstance(answer, Refused) and renewal.forgets(locked, answer):
            locked = self._begun_without_watermark(locked, answer)
            if locked is None:
                return Looked(Look.ELSEWHERE)
            answer = self._subscribed(locked)
        return self._concluded(locked, answer)

    def _begun(self, row: Subscription) -> Subscription | None:
        """Return the row with a new generation pending; None where somebody else was faster."""
        changes = renewal.begun(row, self.policy, self.clock())
        stored = self._write(Entry(row.subscription, Unseen(row), changes))
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
        is_unclear = isinstance(answer, Refused) and advice(answer.response_code).remedy is Remedy.AWAIT_FIRST_POST
        return None if is_unclear else answer

    def _concluded(self, row: Subscription, answer: Subscribed | Refused | None) -> Looked:
        now = self.clock()
        overdue = renewal.overdue(row, self.policy, now)
        if answer is None:
            self._settle(row, renewal.unheard(row, self.policy, now))
            return Looked(Look.UNHEARD, overdue)
        if isinstance(answer, Subscribed):
            self._settle(row, renewal.lived(row, answer, self.policy, now))
            return Looked(Look.RENEWED, overdue)
        changes = self._refused(row, answer)
        self._settle(row, changes)
        gave_up = changes.get("state") is State.SUSPENDED and row.state is not State.SUSPENDED
        return Looked(Look.SUSPENDED if gave_up else Look.REFUSED, overdue, answer.response_code)

    def _refused(self, row: Subscription, answer: Refused) -> Changes:
        return renewal.refused(row, answer, self.policy, self.clock(), self.chance)

    def _settle(self, row: Subscription, changes: Changes) -> bool:
        """Write down what became of a Subscribe, unless its first POST has said so already, or the row was retired.

        Returns whether it was written.
        """
        return self._write(Entry(row.subscription, Awaited(row.pending_generation or 0), changes))

    def _write(self, entry: Entry) -> bool:
        return self.ledger.write(entry).stored
