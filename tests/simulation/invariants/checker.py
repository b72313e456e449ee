"""Observes a system, and calls the hooks of its invariants."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ewspush.domain.subscription import Subscription, SubscriptionKey
from ewspush.domain.updates import ConditionalUpdate
from ewspush.errors import UnavailableError
from ewspush.handlers import responder
from ewspush.protocol.notification import Notification
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed, SubscribeRequest
from mailsim.deliveries import Post
from tests.simulation.invariants import descriptions
from tests.simulation.invariants.base import HOOKS, BrokenError, Invariant, PostRecord, RunRecord
from tests.twins.faults import InjectedError

if TYPE_CHECKING:
    from tests.simulation.system import System


class Checker:
    """Keeps the trace, counts, and calls hooks."""

    def __init__(self, system: "System", invariants: Iterable[type[Invariant]]) -> None:
        """Observe `system`, which is not complete yet."""
        self._system = system
        self._checked = 0
        """Notifications of the log."""
        self._syncs = 0
        checked = [each(system) for each in invariants]
        self._hooks: dict[str, list[Callable[..., None]]] = {
            hook: [getattr(each, hook) for each in checked if getattr(type(each), hook) is not getattr(Invariant, hook)]
            for hook in HOOKS
        }

    def _call(self, hook: str, *seen: Any) -> None:
        for each in self._hooks[hook]:
            each(*seen)

    def on_write(self, before: Subscription, after: Subscription, update: ConditionalUpdate) -> None:
        """See `Invariant.on_write`."""
        if self._system.time.is_traced:
            self._system.time.note(f"  row {descriptions.of_changes(before, after)}")
        self._call("on_write", before, after, update)
        self.check_log()

    def check_log(self) -> None:
        """Call `Invariant.on_log` for what is new in the log."""
        log = self._system.ledger.log
        while self._checked < len(log):
            notification = log[self._checked]
            self._checked += 1
            for event in notification.events if self._system.time.is_traced else ():
                self._system.time.note(f"  log {descriptions.of_event(event)}")
            self._call("on_log", notification)

    def post_begins(self, key: SubscriptionKey, generation: int, post: Post) -> PostRecord:
        """Return the record of a POST that arrives."""
        notification: Notification = getattr(responder, "parse_notification")(post.body)  # noqa: B009  # as the responder reads, once
        if self._system.time.is_traced:
            self._system.time.note(f"POST of generation {generation}: {descriptions.of_notification(notification)}")
        triggered = self._system.failpoints.triggered
        return PostRecord(key, generation, notification, self._system.time.now, triggered)

    def post_ends(self, record: PostRecord, answer: Mapping[str, Any]) -> None:
        """See `Invariant.on_post`. Our failure is a defect where no failpoint was triggered."""
        if answer["statusCode"] == 200:
            record.answer = "OK" if ">OK<" in answer["body"] else "Unsubscribe"
        self._system.time.note(f"  answered {record.answer or answer['statusCode']}")
        if not record.answer and record.triggered_before == self._system.failpoints.triggered:
            raise BrokenError("Responder", f"answered {answer}")
        self.check_log()
        self._call("on_post", record)

    def before_subscribe(self, mailbox: str, request: SubscribeRequest) -> None:
        """See `Invariant.before_subscribe`."""
        self._call("before_subscribe", self._row(mailbox), request)

    def after_subscribe(self, mailbox: str, request: SubscribeRequest, answer: Subscribed | Refused | None) -> None:
        """See `Invariant.after_subscribe`."""
        if self._system.time.is_traced:
            self._system.time.note(descriptions.of_subscribe(request, answer))
        self._call("after_subscribe", self._row(mailbox), request, answer)

    def count_sync_request(self) -> None:
        """Count a request of a sync."""
        self._syncs += 1

    def on_apply(self, key: SubscriptionKey) -> None:
        """See `Invariant.on_apply`."""
        self._call("on_apply", self._system.ledger.rows[key])

    def process_failed(self, error: Exception) -> None:
        """Raise an error that was not injected: that is no broken promise, it is a defect of some part."""
        self._system.time.note(f"  failed: {error!r}")
        if not isinstance(error, InjectedError | UnavailableError):
            raise error

    def run_begins(self, keeper: int) -> RunRecord:
        """Return the record of a keeper run."""
        system, now = self._system, self._system.time.ours()
        rows = system.ledger.rows.values()
        due = sum(1 for row in rows if row.next_check_at is not None and row.next_check_at <= now)
        failpoints = system.failpoints
        return RunRecord(keeper, system.time.now, due, failpoints.calls, failpoints.triggered, self._syncs)

    def run_ends(self, record: RunRecord) -> None:
        """See `Invariant.on_keeper_run`."""
        self.check_log()
        record.is_disturbed |= self._system.failpoints.triggered != record.triggered_before
        self._call("on_keeper_run", record)

    def syncs_since(self, record: RunRecord) -> int:
        """Return how many sync requests a keeper run sent."""
        return self._syncs - record.syncs_before

    def at_end(self) -> None:
        """See `Invariant.at_end`."""
        self.check_log()
        self._call("at_end")

    def _row(self, mailbox: str) -> Subscription:
        return next(row for row in self._system.ledger.rows.values() if row.mailbox == mailbox)
