"""What is logged, queued and acknowledged."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ewspush.domain.subscription import LoggedNotification, Subscription
from ewspush.domain.updates import ConditionalUpdate
from mailsim.watermarks import decode_watermark
from tests.simulation.event_identity import (
    EventIdentity,
    SyncedEvents,
    identity_of_document,
    identity_of_event,
    published_type,
)
from tests.simulation.invariants.base import Invariant, PostRecord

if TYPE_CHECKING:
    from tests.simulation.system import System


class StoredBeforeOk(Invariant):
    """OK is answered only once all events of the POST are in the log, and the row has the time of the POST."""

    def __init__(self, system: "System") -> None:
        super().__init__(system)
        self._logged: set[tuple[str, EventIdentity]] = set()
        self._synced = SyncedEvents()

    def on_log(self, notification: LoggedNotification) -> None:
        for document in notification.events:
            self._logged.add((notification.subscription, identity_of_document(document)))
            self._synced.add(notification.subscription, document)

    def on_post(self, post: PostRecord) -> None:
        if post.answer != "OK":
            return
        for message in post.notification.messages:
            for event in message.events:
                if event.is_heartbeat or (post.subscription, identity_of_event(event)) in self._logged:
                    continue
                at = datetime.fromisoformat(event.timestamp or "").timestamp()
                if not self._synced.covers(post.subscription, published_type(event.type), event.id, at):
                    self.fail(f"{event.type} {event.id} at {event.watermark} was acknowledged and is not in the log")
        row = self.system.ledger.rows[post.subscription]
        if row.last_seen_at is None or self.system.time.theirs(row.last_seen_at) < post.began_at - 0.1:
            self.fail("a POST was acknowledged, and the row does not have its time")
        if post.is_error and row.generation <= post.generation and row.lost_code is None:
            self.fail("an error notification was acknowledged, and the row does not have its code")


class OnceInTheLogInOrder(Invariant):
    """No id, and no change, is in the log twice, by push or sync; pushed events are in the order of the mailbox."""

    def __init__(self, system: "System") -> None:
        super().__init__(system)
        self._ids: set[str] = set()
        self._logged: set[tuple[str, EventIdentity]] = set()
        self._origins: dict[tuple[str, str, str | None], str] = {}
        self._counters: dict[str, int] = {}
        self._arrivals: dict[str, str] = {}

    def on_log(self, notification: LoggedNotification) -> None:
        subscription = notification.subscription
        for document in notification.events:
            if document["id"] in self._ids:
                self.fail(f"the id of a {document['type']} is there twice")
            self._ids.add(document["id"])
            if not document["type"].startswith("ews.mailbox.gap"):
                self._check(subscription, document)
        has_push = any(document["data"].get("watermark") for document in notification.events)
        if has_push and notification.arrival < self._arrivals.get(subscription, ""):
            self.fail("what was written later has an earlier place in the log")
        if has_push:
            self._arrivals[subscription] = notification.arrival

    def _check(self, subscription: str, document: Mapping[str, Any]) -> None:
        identity, data = (subscription, identity_of_document(document)), document["data"]
        if data["origin"] == "push" and identity in self._logged:
            self.fail(f"a {document['type']} of {data['id']} at {data['watermark']} is there twice")
        self._logged.add(identity)
        if document["type"] in {"ews.mailbox.created", "ews.mailbox.deleted"}:
            former = self._origins.setdefault((subscription, document["type"], data["id"]), data["origin"])
            if "sync" in {former, data["origin"]} and (former != data["origin"]):
                self.fail(f"a {document['type']} of {data['id']} was published by push and by sync")
        if data["origin"] == "push":
            counter = decode_watermark(self.system.core.profile, data["mailbox"], data["watermark"]) or 0
            if counter < self._counters.get(subscription, 0):
                self.fail(f"a {document['type']} of {data['id']} came after what had happened later")
            self._counters[subscription] = counter


class OnceOnTheQueueInOrder(Invariant):
    """After deduplication by id the queue holds, for each mailbox, what the log holds, in the same order."""

    def at_end(self) -> None:
        logged: dict[str, list[str]] = defaultdict(list)
        queued: dict[str, dict[str, None]] = defaultdict(dict)
        for notification in self.system.ledger.log:
            logged[notification.subscription] += [document["id"] for document in notification.events]
        for message in self.system.queue.messages:
            queued[message.group][message.deduplication_id] = None
        for group, ids in logged.items():
            if ids != list(queued[group]):
                missing = len([each for each in ids if each not in queued[group]])
                self.fail(f"{len(ids)} events are in the log, {missing} of them not on the queue, or in another order")
        if self.system.dead_letters.messages:
            self.fail("a record went to the failure destination")


class WatermarkGoesForward(Invariant):
    """The stored watermark never goes back."""

    def on_write(self, before: Subscription, after: Subscription, update: ConditionalUpdate) -> None:  # noqa: ARG002  # the hook's
        if before.watermark is None or after.watermark is None or before.watermark == after.watermark:
            return
        profile, mailbox = self.system.core.profile, after.mailbox
        old, new = (
            decode_watermark(profile, mailbox, before.watermark) or 0,
            decode_watermark(profile, mailbox, after.watermark) or 0,
        )
        if new < old:
            self.fail(f"from {old} to {new}")
