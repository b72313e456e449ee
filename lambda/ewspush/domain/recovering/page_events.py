"""What a page of a sync run publishes: its changes, less what push published, as events of origin sync."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ewspush.domain.events import ChangeEvent, EventKind, Origin, stable_id
from ewspush.domain.published import Change, LoggedObjects
from ewspush.domain.subscription import Subscription
from ewspush.domain.sync_run import HIERARCHY
from ewspush.domain.timestamps import from_iso, from_xsd, iso
from ewspush.protocol.changes import ChangeKind, ItemChange
from ewspush.protocol.notification import ObjectKind
from ewspush.protocol.soap import DISTINGUISHED_FOLDERS

_SYNC_EVENTS: Final = {
    ChangeKind.CREATED: (EventKind.CREATED, "CreatedEvent"),
    ChangeKind.UPDATED: (EventKind.MODIFIED, "ModifiedEvent"),
    ChangeKind.READ_FLAG_CHANGED: (EventKind.MODIFIED, "ModifiedEvent"),
    ChangeKind.DELETED: (EventKind.DELETED, "DeletedEvent"),
}
"""A sync knows no moves: an item leaves one folder, and comes into the other, mostly under a new id. Where the id stays
and the log knows the first folder, it is a move.
"""


@dataclass(frozen=True, slots=True)
class PageContext:
    """What the events of a page depend on besides its changes."""

    subscription: Subscription
    logged: LoggedObjects
    """What the log held after the answer came."""
    pushed_meanwhile: frozenset[str]
    """Objects that push logged after the page was asked for. The page may show them as they were before, so it yields
    to push (docs/adr/0004)."""
    now: datetime

    def is_outdated(self, changes: Iterable[Change]) -> bool:
        """Whether push logged an object of `changes` meanwhile, and the log does not say what became of it.

        Push need not bring the rest: it can end before that. So the page is to be asked for again.
        """
        pushed = (change for change in changes if change.id in self.pushed_meanwhile)
        return any(
            self.logged.unpublished_part(change) is not None for change in pushed if not self.logged.is_gone(change.id)
        )


def events_of_page(
    context: PageContext, folder: str, sync_state: str | None, changes: Iterable[Change]
) -> tuple[ChangeEvent, ...]:
    """Return the events of `changes`, which a sync of `folder` from `sync_state` found."""
    unpublished = (
        context.logged.unpublished_part(change) for change in changes if change.id not in context.pushed_meanwhile
    )
    return _events(context, folder, sync_state, [change for change in unpublished if change is not None])


def events_of_missing_items(context: PageContext, number: int, missing: Iterable[str]) -> tuple[ChangeEvent, ...]:
    """Return the deletions of items that are no longer there; `number` is the round."""
    changes = [ItemChange(ChangeKind.DELETED, each) for each in missing]
    return _events(context, HIERARCHY, str(number), changes)


def _events(
    context: PageContext, folder: str, sync_state: str | None, changes: Sequence[Change]
) -> tuple[ChangeEvent, ...]:
    events = (_event(context, folder, sync_state, change) for change in changes)
    return tuple(event for event in events if event is not None and not context.logged.holds(event))


def _event(context: PageContext, folder: str, sync_state: str | None, change: Change) -> ChangeEvent | None:
    """Return the event of a change; None where its type is not subscribed to."""
    old_parent = context.logged.old_parent_of(change)
    kind, event_type = _SYNC_EVENTS[change.kind] if old_parent is None else (EventKind.MOVED, "MovedEvent")
    if event_type not in context.subscription.event_types:
        return None
    is_item = isinstance(change, ItemChange)
    named_folder = folder if is_item and folder not in {*DISTINGUISHED_FOLDERS, HIERARCHY} else None
    modified_at = from_xsd(change.last_modified_at) if isinstance(change, ItemChange) else None
    digest = hashlib.sha256((sync_state or "").encode()).hexdigest()
    return ChangeEvent(
        stable_id((context.subscription.mailbox, "sync", folder, digest, change.kind, change.id)),
        kind,
        modified_at or from_iso(iso(context.now)),
        context.now,
        Origin.SYNC,
        object=ObjectKind.ITEM if is_item else ObjectKind.FOLDER,
        object_id=change.id,
        change_key=change.change_key,
        parent_folder_id=change.parent_id or named_folder,
        old_id=change.id if old_parent is not None else None,
        old_parent_folder_id=old_parent,
    )
