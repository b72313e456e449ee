"""What is logged, queued and acknowledged."""

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ewspush.domain.events import ChangeEvent, EventKind, LoggedNotification, Origin
from ewspush.domain.subscription import Subscription, SubscriptionKey
from ewspush.domain.updates import ConditionalUpdate
from mailsim.watermarks import decode_watermark
from tests.simulation.event_identity import EventIdentity, identity_of_event, identity_of_logged
from tests.simulation.invariants.base import Invariant, PostRecord

if TYPE_CHECKING:
    from tests.simulation.system import System

_ONCE: Final = frozenset({EventKind.CREATED, EventKind.DELETED})
"""An object comes and goes once."""


class StoredBeforeOk(Invariant):
    """OK is answered only once all events of the POST are in the log, and the row has the time of the POST."""

    def __init__(self, system: "System") -> None:
        super().__init__(system)
        self._logged: set[tuple[SubscriptionKey, EventIdentity]] = set()

    def on_log(self, notification: LoggedNotification) -> None:
        changes = (event for event in notification.events if isinstance(event, ChangeEvent))
        self._logged.update((notification.key, identity_of_logged(change)) for change in changes)

    def on_post(self, post: PostRecord) -> None:
        if post.answer != "OK":
            return
        for message in post.notification.messages:
            for event in message.events:
                if not event.is_heartbeat and (post.key, identity_of_event(event)) not in self._logged:
                    self.fail(f"{event.type} {event.id} at {event.watermark} was acknowledged and is not in the log")
        row = self.system.ledger.rows[post.key]
        if row.last_seen_at is None or self.system.time.theirs(row.last_seen_at) < post.began_at - 0.1:
            self.fail("a POST was acknowledged, and the row does not have its time")
        if post.is_error and row.generation <= post.generation and row.lost_code is None:
            self.fail("an error notification was acknowledged, and the row does not have its code")


class OnceInTheLogInOrder(Invariant):
    """No id, and no pushed change, is in the log twice; pushed events are in the order of the mailbox."""

    def __init__(self, system: "System") -> None:
        super().__init__(system)
        self._ids: set[str] = set()
        self._pushed: set[tuple[SubscriptionKey, EventIdentity]] = set()
        self._counters: dict[SubscriptionKey, int] = {}
        self._arrivals: dict[SubscriptionKey, str] = {}

    def on_log(self, notification: LoggedNotification) -> None:
        key = notification.key
        for event in notification.events:
            if event.id in self._ids:
                self.fail(f"the id of a {event.kind} is there twice")
            self._ids.add(event.id)
        pushed = [e for e in notification.events if isinstance(e, ChangeEvent) and e.origin is Origin.PUSH]
        for event in pushed:
            self._check(key, notification.mailbox, event)
        if pushed and notification.arrival < self._arrivals.get(key, ""):
            self.fail("what was written later has an earlier place in the log")
        if pushed:
            self._arrivals[key] = notification.arrival

    def _check(self, key: SubscriptionKey, mailbox: str, event: ChangeEvent) -> None:
        if (key, identity_of_logged(event)) in self._pushed:
            self.fail(f"a {event.kind} of {event.object_id} at {event.watermark} is there twice")
        self._pushed.add((key, identity_of_logged(event)))
        counter = decode_watermark(self.system.core.profile, mailbox, event.watermark or "") or 0
        if counter < self._counters.get(key, 0):
            self.fail(f"a {event.kind} of {event.object_id} came after what had happened later")
        self._counters[key] = counter


class SyncYieldsToPush(Invariant):
    """A sync publishes nothing that push has published, and no older state of an object than push has published."""

    def __init__(self, system: "System") -> None:
        super().__init__(system)
        self._pushed: set[tuple[SubscriptionKey, EventKind, str | None]] = set()
        self._gone: set[tuple[SubscriptionKey, str | None]] = set()
        """Objects of which push said that they left their place."""
        self._changed_at: dict[tuple[SubscriptionKey, str | None], datetime] = {}

    def on_log(self, notification: LoggedNotification) -> None:
        for event in notification.events:
            if isinstance(event, ChangeEvent) and event.origin is Origin.PUSH:
                self._note(notification.key, event)
            elif isinstance(event, ChangeEvent):
                self._check(notification.key, event)

    def _note(self, key: SubscriptionKey, event: ChangeEvent) -> None:
        self._pushed.add((key, event.kind, event.object_id))
        self._changed_at[key, event.object_id] = event.time
        if event.kind is EventKind.DELETED:
            self._gone.add((key, event.object_id))
        if event.kind is EventKind.MOVED and event.old_id != event.object_id:
            self._gone.add((key, event.old_id))

    def _check(self, key: SubscriptionKey, event: ChangeEvent) -> None:
        if event.kind in _ONCE and (key, event.kind, event.object_id) in self._pushed:
            self.fail(f"a {event.kind} of {event.object_id} was published by push, and then by a sync")
        if event.kind is not EventKind.DELETED and (key, event.object_id) in self._gone:
            self.fail(f"a sync published a {event.kind} of {event.object_id} after push had published that it left")
        is_older = event.time < self._changed_at.get((key, event.object_id), event.time).replace(microsecond=0)
        if event.kind is EventKind.CREATED and is_older:
            self.fail(f"a sync published an older state of {event.object_id} than push")


class OnceOnTheQueueInOrder(Invariant):
    """After deduplication by id the queue holds, for each mailbox, what the log holds, in the same order."""

    def at_end(self) -> None:
        logged: dict[str, list[str]] = defaultdict(list)
        queued: dict[str, dict[str, None]] = defaultdict(dict)
        for notification in self.system.ledger.log:
            logged[notification.key] += [f"{notification.key}-{event.id}" for event in notification.events]
        for message in self.system.queue.messages:
            queued[message.group][message.deduplication_id] = None
        for group, ids in logged.items():
            if ids != list(queued[group]):
                missing = len([each for each in ids if each not in queued[group]])
                self.fail(f"{len(ids)} events are in the log, {missing} of them not on the queue, or in another order")
        if self.system.dead_letters.messages:
            self.fail("a record went to the dead letter queue")


class WatermarkGoesForward(Invariant):
    """The stored watermark never goes back, but to where the Subscribe of a newer generation resumed."""

    def on_write(self, before: Subscription, after: Subscription, update: ConditionalUpdate) -> None:  # noqa: ARG002  # the hook's
        if before.watermark is None or after.watermark is None or before.watermark == after.watermark:
            return
        if before.generation != after.generation:
            return
        profile, mailbox = self.system.core.profile, after.mailbox
        old, new = (
            decode_watermark(profile, mailbox, before.watermark) or 0,
            decode_watermark(profile, mailbox, after.watermark) or 0,
        )
        if new < old:
            self.fail(f"from {old} to {new}")
