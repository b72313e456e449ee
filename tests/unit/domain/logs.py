"""Words that the tests of a recovery share: what was logged, and what a sync tells."""

from datetime import datetime, timedelta
from typing import Any, Final

from ewspush.domain.events import Document, GapReason, gap_document, push_documents
from ewspush.domain.known import LoggedObjects
from ewspush.domain.subscription import LoggedNotification, logged_at
from ewspush.protocol.notification import MailboxEvent, ObjectKind
from ewspush.protocol.synchronization import ChangeKind, FolderChange, ItemChange
from tests.stories import NOON, callback, subscription

KEY: Final = subscription().subscription


def at(minutes: float) -> datetime:
    """Return a time some minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def logged(*documents: Document, minute: float = 0) -> LoggedNotification:
    """Return what was logged some minutes after noon."""
    return logged_at(KEY, 1, at(minute), documents)


def pushed(
    name: str, own_id: str, minute: float = 0, kind: ObjectKind = ObjectKind.ITEM, **more: Any
) -> LoggedNotification:
    """Return the log of an event that push told when it happened."""
    event = MailboxEvent(f"{name}Event", kind, own_id, timestamp=at(minute).isoformat(), **more)
    return logged(*push_documents(callback(), [event], at(minute)), minute=minute)


def item(kind: ChangeKind, own_id: str = "a", minute: float | None = None) -> ItemChange:
    """Return the change of an item that was last modified some minutes after noon."""
    return ItemChange(kind, own_id, "ck", at(minute).isoformat() if minute is not None else None)


def folder(kind: ChangeKind, own_id: str = "f", **more: Any) -> FolderChange:
    """Return the change of a folder."""
    return FolderChange(kind, own_id, **more)


def gap(start: float, end: float) -> Document:
    """Return a gap event between two minutes after noon."""
    return gap_document(callback(), GapReason.RESUME_UNPROVEN, at(start), at(end), None)


def known(*notifications: LoggedNotification) -> LoggedObjects:
    """Return what the log holds."""
    return LoggedObjects.of(notifications)
