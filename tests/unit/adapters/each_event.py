"""An event of every kind, with every shape that the rules give it."""

from typing import Final

from ewspush.domain.events import ChangeEvent, Event, GapClosedEvent, GapEvent, Origin, gap_event, push_events
from ewspush.domain.published import LoggedObjects
from ewspush.domain.recovering.page_events import PageContext, events_of_page
from ewspush.domain.subscription import GapReason
from ewspush.domain.sync_run import HIERARCHY
from ewspush.protocol.changes import ChangeKind, FolderChange, ItemChange
from ewspush.protocol.notification import KNOWN_EVENTS, STATUS_EVENT, MailboxEvent, ObjectKind
from tests.builders import NOON, callback, subscription

PUSHED: Final = (
    *(
        MailboxEvent(name, kind, "id", watermark="w")
        for name in KNOWN_EVENTS
        if name != STATUS_EVENT
        for kind in ObjectKind
    ),
    MailboxEvent("CreatedEvent"),
    MailboxEvent("ModifiedEvent", ObjectKind.FOLDER, "id", unread_count=3, timestamp="2026-03-04T24:00:00"),
    MailboxEvent(
        "MovedEvent", ObjectKind.ITEM, "new", "ck", "parent", "pck", "old", "ock", "old-parent", "w", "no date"
    ),
    MailboxEvent("PinnedEvent", watermark="w", raw_xml="<PinnedEvent/>"),
)
TOO_LONG: Final = MailboxEvent("CreatedEvent", ObjectKind.ITEM, "x" * 300_000)

ITEM_CHANGES: Final = (
    *(ItemChange(kind, "id", "ck", "2026-03-04T12:00:00Z") for kind in ChangeKind),
    ItemChange(ChangeKind.DELETED, "other"),
    ItemChange(ChangeKind.READ_FLAG_CHANGED, "other", "ck", is_read=True),
    ItemChange(ChangeKind.CREATED, "other", None, "no date"),
)
FOLDER_CHANGES: Final = (
    *(FolderChange(kind, "id", "ck", "parent") for kind in ChangeKind),
    FolderChange(ChangeKind.DELETED, "other"),
)


def pushed_events(*events: MailboxEvent) -> tuple[ChangeEvent, ...]:
    """Return the changes of a POST with `events`."""
    return push_events(callback(), events, NOON)


def synced_events() -> tuple[ChangeEvent, ...]:
    """Return an event of everything that a sync finds."""
    context = PageContext(subscription(), LoggedObjects(), frozenset(), NOON)
    items = events_of_page(context, "inbox", "state", ITEM_CHANGES)
    return items + events_of_page(context, HIERARCHY, "state", FOLDER_CHANGES)


def gap_events() -> tuple[GapEvent, ...]:
    """Return a gap event of every reason, as a POST or a sync opens it."""
    opened = (gap_event(callback(), reason, NOON, NOON, "ErrorReadEventsFailed") for reason in GapReason)
    return (*opened, gap_event(callback(), GapReason.CHAIN_MISMATCH, NOON, NOON), not_recovered())


def not_recovered() -> GapEvent:
    """Return what a sync publishes of gaps that it could not close."""
    start, end, gaps = NOON, NOON, ("0" * 32, "1" * 32)
    return GapEvent("2" * 32, start, end, GapReason.NOT_RECOVERED, NOON, Origin.SYNC, gaps=gaps, recovered=0)


def closed() -> GapClosedEvent:
    """Return what a sync publishes of a gap that it closed."""
    return GapClosedEvent("2" * 32, NOON, NOON, NOON, ("0" * 32,), 7, ("folder",))


def each_event() -> tuple[Event, ...]:
    """Return all of them."""
    return (*pushed_events(*PUSHED), *synced_events(), *gap_events(), closed())
