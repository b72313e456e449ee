"""Builders for the tests of a recovery: what was logged, and what a sync returns."""

from datetime import datetime, timedelta
from typing import Any, Final

from ewspush.domain.events import Event, GapClosedEvent, GapEvent, LoggedNotification, gap_event, log_entry, push_events
from ewspush.domain.published import LoggedObjects
from ewspush.domain.subscription import GapReason
from ewspush.protocol.changes import ChangeKind, FolderChange, ItemChange
from ewspush.protocol.notification import MailboxEvent, ObjectKind
from tests.builders import NOON, callback, subscription

KEY: Final = subscription().key


def at(minutes: float) -> datetime:
    """Return a time some minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def logged(*events: Event, minute: float = 0) -> LoggedNotification:
    """Return the entry of events that were logged some minutes after noon."""
    return log_entry(callback(), at(minute), events)


def pushed(
    name: str, object_id: str, minute: float = 0, kind: ObjectKind = ObjectKind.ITEM, **more: Any
) -> LoggedNotification:
    """Return the entry of an event that push brought when it happened."""
    event = MailboxEvent(f"{name}Event", kind, object_id, timestamp=at(minute).isoformat(), **more)
    return logged(*push_events(callback(), [event], at(minute)), minute=minute)


def gap(start: float, end: float) -> GapEvent:
    """Return a gap event between two minutes after noon."""
    return gap_event(callback(), GapReason.RESUME_UNPROVEN, at(start), at(end))


def closed(*gaps: GapEvent, minute: float) -> GapClosedEvent:
    """Return the event that closes `gaps`."""
    return GapClosedEvent(f"closed-{minute}", at(0), at(minute), at(minute), tuple(each.id for each in gaps), 1)


def log_of(*entries: LoggedNotification) -> LoggedObjects:
    """Return what the log holds."""
    return LoggedObjects.of(entries)


def item(kind: ChangeKind, object_id: str = "a", minute: float | None = None) -> ItemChange:
    """Return the change of an item that was last modified some minutes after noon."""
    return ItemChange(kind, object_id, "ck", at(minute).isoformat() if minute is not None else None)


def folder(kind: ChangeKind, object_id: str = "f", **more: Any) -> FolderChange:
    """Return the change of a folder."""
    return FolderChange(kind, object_id, **more)
