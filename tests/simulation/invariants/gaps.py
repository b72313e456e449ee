"""What is missed is in a gap, and what is in a closed gap is published."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ewspush.domain.events import KINDS, ChangeEvent, Event, GapClosedEvent, GapEvent
from ewspush.domain.subscription import GapReason, State, Subscription, SubscriptionKey
from mailsim.mailbox_events import LoggedEvent
from tests.simulation.clock import START
from tests.simulation.event_identity import (
    TOLERANCE_SECONDS,
    Gap,
    SyncedEvents,
    identity_of_change,
    identity_of_logged,
)
from tests.simulation.invariants.base import Invariant, PostRecord
from tests.simulation.invariants.descriptions import of_mailbox_change
from tests.simulation.stack_operator import FIRST_SUBSCRIBE_SECONDS

if TYPE_CHECKING:
    from tests.simulation.system import System

_TYPES_THAT_BRING: Final = frozenset({"CreatedEvent", "CopiedEvent", "MovedEvent"})


class _OfTheLog(Invariant):
    """Reads the log when everything is over."""

    def __init__(self, system: "System") -> None:
        super().__init__(system)
        self._acknowledged_at: dict[SubscriptionKey, list[float]] = defaultdict(list)

    def on_post(self, post: PostRecord) -> None:
        if post.answer == "OK":
            self._acknowledged_at[post.key].append(post.began_at)

    def gaps(self, key: SubscriptionKey) -> list[Gap]:
        """Return the gaps of a subscription."""
        events = list(self.events(key))
        closed = {each for event in events if isinstance(event, GapClosedEvent) for each in event.gaps}
        theirs = self.system.time.theirs
        ends = {
            each: event.end for event in events if isinstance(event, GapEvent | GapClosedEvent) for each in event.gaps
        }
        return [
            Gap(theirs(event.start), self._end(key, event, ends.get(event.id, event.end)), event.id in closed)
            for event in events
            if isinstance(event, GapEvent)
        ]

    def _end(self, key: SubscriptionKey, gap: GapEvent, known: datetime) -> float:
        """Return the end of a gap: that of a subscription that is unreachable comes with its next push.

        Where it is unreachable again before a sync closed the gap, the end that the closing event says is later.
        """
        end = self.system.time.theirs(gap.end)
        if gap.reason is not GapReason.UNREACHABLE:
            return end
        next_push_at = next((at for at in self._acknowledged_at[key] if at > end), float("inf"))
        return max(next_push_at, self.system.time.theirs(known))

    def events(self, key: SubscriptionKey) -> Iterator[Event]:
        """Return the events of a subscription, in the order they were written."""
        for notification in self.system.ledger.log:
            if notification.key == key:
                yield from notification.events

    def not_pushed(self, row: Subscription) -> list[LoggedEvent]:
        """Return the changes while the subscription was desired that are not published by push."""
        logged = {identity_of_logged(event) for event in self.events(row.key) if isinstance(event, ChangeEvent)}
        since = self.expected_since(row.mailbox)
        changes = self.system.core.changes(row.mailbox, row.folders)
        return [
            change
            for change, watermark in changes
            if change.at >= since
            and identity_of_change(change, watermark) not in logged
            and not self.system.operator.was_retired(row.mailbox, change.at)
        ]

    def expected_since(self, mailbox: str) -> float:
        """Return the time of the first change that is expected to be published."""
        created_at = next(iter(self.system.server.created_at[mailbox]), float("inf"))
        return created_at if created_at <= START + FIRST_SUBSCRIBE_SECONDS else START


class NothingLostInSilence(_OfTheLog):
    """Every change of a desired mailbox is published by push, or by a sync, or lies in the range of a gap.

    Or in that of a suspected gap: after a trusted resume, zero heartbeats leave it to the next event to decide. What is
    retired before that is not decided any more.
    """

    def __init__(self, system: "System") -> None:
        super().__init__(system)
        self._undecided: dict[SubscriptionKey, list[Gap]] = defaultdict(list)

    def on_apply(self, row: Subscription) -> None:
        if row.state is State.RETIRED and row.is_resumed:
            self._undecided[row.key] += self._suspected(row)

    def at_end(self) -> None:
        for row in self.system.ledger.rows.values():
            gaps = [*self.gaps(row.key), *self._undecided[row.key], *self._suspected(row)]
            synced = SyncedEvents()
            for event in self.events(row.key):
                synced.add(event)
            for change in self.not_pushed(row):
                is_covered = synced.covers(KINDS[change.event.type], change.event.id, change.at)
                if not is_covered and not any(gap.contains(change.at) for gap in gaps):
                    self.fail(f"{of_mailbox_change(change)} of {row.mailbox} is nowhere", change.at)

    def _suspected(self, row: Subscription) -> list[Gap]:
        since = row.suspected_gap_since
        return [Gap(self.system.time.theirs(since), self.system.time.now, is_closed=False)] if since is not None else []


class ClosedGapsArePublished(_OfTheLog):
    """Of each item that changed in closed gaps an event was published later, unless the item came and went in them."""

    def at_end(self) -> None:
        for row in self.system.ledger.rows.values():
            gaps = self.gaps(row.key)
            if any(gap.is_closed for gap in gaps):
                self._check(row, gaps)

    def _check(self, row: Subscription, gaps: list[Gap]) -> None:
        published_at, missed = self._published_at(row.key), self.not_pushed(row)
        mailbox = self.system.core.directory.find(row.mailbox).mailbox
        entries, named = mailbox.entries, set(map(mailbox.folder_id, row.folders))
        brought = {change.event.id for change in missed if change.event.type in _TYPES_THAT_BRING}
        for change in missed:
            if change.event.object != "item" or not all(gap.is_closed for gap in gaps if gap.contains(change.at)):
                continue
            places = {change.event.id: change.event.parent_id}
            if change.event.type == "MovedEvent":
                places[change.event.old_id or ""] = change.event.old_parent_id or ""
            for each, place in places.items():
                came_and_went = each in brought and each not in entries
                if named and place not in named:
                    continue
                if published_at.get(each, 0) < change.at - TOLERANCE_SECONDS and not came_and_went:
                    self.fail(f"{of_mailbox_change(change)} of {row.mailbox}: no event of {each[:8]}", change.at)

    def _published_at(self, key: SubscriptionKey) -> dict[str, float]:
        """Return the time of the last event of each object."""
        published_at: dict[str, float] = {}
        for notification in self.system.ledger.log:
            if notification.key == key:
                at = self.system.time.theirs(notification.received_at)
                changes = [event for event in notification.events if isinstance(event, ChangeEvent)]
                published_at |= {each or "": at for change in changes for each in (change.object_id, change.old_id)}
        return published_at


class CalmWhenNothingBreaks(_OfTheLog):
    """Where nothing breaks there is one subscription, no gap, and every change is published by push."""

    def at_end(self) -> None:
        if not self.system.plan.is_calm:
            return
        for row in self.system.ledger.rows.values():
            if row.generation != 1 or self.gaps(row.key) or self.not_pushed(row):
                self.fail(f"generation {row.generation}, {len(self.gaps(row.key))} gaps: {row.mailbox}")
