"""What a sync adds to the log: the changes that a gap swallowed, and the word that it is closed."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from ewspush.domain.callback import Callback
from ewspush.domain.events import Document, GapReason, fitted, new_document, stable_id
from ewspush.domain.subscription import Subscription
from ewspush.domain.timestamps import iso, rfc3339
from ewspush.protocol.soap import DISTINGUISHED_FOLDERS
from ewspush.protocol.synchronization import ChangeKind, FolderChange, ItemChange

CLOSED: Final = "ews.mailbox.gap_closed"
"""Type of the event that says that all of some gaps was recovered."""

_SYNC_TYPES: Final = {
    ChangeKind.CREATED: ("created", "CreatedEvent"),
    ChangeKind.UPDATED: ("modified", "ModifiedEvent"),
    ChangeKind.READ_FLAG_CHANGED: ("modified", "ModifiedEvent"),
    ChangeKind.DELETED: ("deleted", "DeletedEvent"),
}
"""A sync knows no moves: an item that was moved goes in one folder, and comes in the other under a new id."""


def sync_document(
    row: Subscription, change: ItemChange | FolderChange, place: str, state: str | None, found_at: datetime
) -> Document | None:
    """Return the event of a change that a sync of `place` from `state` found; None where nobody asked for its type."""
    kind, name = _SYNC_TYPES[change.kind]
    if name not in row.event_types:
        return None
    is_item = isinstance(change, ItemChange)
    modified_at = rfc3339(change.last_modified_at) if isinstance(change, ItemChange) else None
    callback = Callback(row.subscription, row.mailbox, row.generation)
    data = {
        "mailbox": row.mailbox,
        "subscription": row.subscription,
        "object": "item" if is_item else "folder",
        "id": change.id,
        "change_key": change.change_key,
        "parent_folder_id": change.parent_id
        or (place if is_item and place not in DISTINGUISHED_FOLDERS else None)
        or None,
        "old_id": None,
        "old_parent_folder_id": None,
        "unread_count": None,
        "watermark": None,
        "received_at": iso(found_at),
        "origin": "sync",
    }
    time = modified_at or iso(found_at)
    origin = hashlib.sha256((state or "").encode()).hexdigest()
    identity = stable_id((row.mailbox, "sync", place, origin, change.kind, change.id))
    return fitted(new_document(kind, identity, callback, time, data, subject=change.id))


def closing_document(  # noqa: PLR0913  # what there is to say of a gap
    callback: Callback,
    gaps: Sequence[str],
    span: tuple[datetime, datetime],
    recovered: int,
    at: datetime,
    *,
    is_whole: bool,
) -> Document:
    """Return the document that closes `gaps` (ids of gap events), or says that they stay open.

    `recovered` is how many events of origin sync tell what was missed between the ends of `span`.
    """
    data = {
        "mailbox": callback.mailbox,
        "subscription": callback.subscription,
        "from": iso(span[0]),
        "to": iso(span[1]),
        "gaps": list(gaps),
        "recovered": recovered,
        "received_at": iso(at),
        "origin": "sync",
    }
    if not is_whole:
        data |= {"reason": GapReason.NOT_RECOVERED.value, "response_code": None}
    identity = stable_id((callback.mailbox, callback.subscription, "closing", tuple(gaps)))
    kind = CLOSED.removeprefix("ews.mailbox.") if is_whole else "gap"
    return new_document(kind, identity, callback, iso(at), data)
