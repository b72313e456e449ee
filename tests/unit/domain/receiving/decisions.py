"""Builders that the tests of this room share: decisions, the row after them, and the gaps that they log."""

from collections.abc import Iterable
from dataclasses import replace

from ewspush.domain.events import Event, GapEvent, LoggedNotification
from ewspush.domain.published import RecentEvents
from ewspush.domain.received_push import ReceivedPush
from ewspush.domain.receiving.rules import Decision, decide
from ewspush.domain.receiving.service import process_push
from ewspush.domain.subscription import Subscription
from tests.builders import TIMING
from tests.twins.ledger import MemoryLedger


def decided(row: Subscription, push: ReceivedPush, *entries: LoggedNotification) -> Decision:
    """Return the decision on `push` after the row was read; the log holds `entries`."""
    return decide(row, push, RecentEvents.of(entries), TIMING)


def after(row: Subscription, decision: Decision) -> Subscription:
    """Return the row once the decision is stored."""
    assert decision.update is not None
    return replace(row, **decision.update.stored_changes)


def after_push(row: Subscription, push: ReceivedPush, *entries: LoggedNotification) -> Subscription:
    """Return the row once the decision on `push` is stored."""
    return after(row, decided(row, push, *entries))


def entry_of(decision: Decision) -> LoggedNotification:
    """Return what the decision adds to the log."""
    assert decision.update is not None
    assert decision.update.notification is not None
    return decision.update.notification


def received(ledger: MemoryLedger, *pushes: ReceivedPush) -> list[Decision]:
    """Process one POST after the other."""
    return [process_push(push, ledger, TIMING) for push in pushes]


def events_in(ledger: MemoryLedger) -> list[Event]:
    """Return all logged events, in the order in which they were stored."""
    return [event for entry in ledger.log for event in entry.events]


def objects_in(ledger: MemoryLedger) -> list[str | None]:
    """Return the object of each logged change; None for a gap."""
    return [getattr(event, "object_id", None) for event in events_in(ledger)]


def gaps_in(ledger: MemoryLedger) -> list[GapEvent]:
    """Return the logged gap events."""
    return gaps_among(events_in(ledger))


def gaps_among(events: Iterable[Event]) -> list[GapEvent]:
    """Return the gap events among `events`."""
    return [event for event in events if isinstance(event, GapEvent)]
