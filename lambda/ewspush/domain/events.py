"""The events that a consumer gets, and the entries of the log that hold them.

They become CloudEvents only at the edge (adapters.cloud_events).
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from ewspush.domain.callback import Callback
from ewspush.domain.subscription import GapReason, SubscriptionKey
from ewspush.domain.timestamps import from_iso, from_xsd, iso, rfc3339
from ewspush.protocol.notification import MailboxEvent, ObjectKind
from ewspush.protocol.watermark import is_real


class EventKind(StrEnum):
    """What follows `ews.mailbox.` in the type of an event."""

    NEW_MAIL = "new_mail"
    CREATED = "created"
    DELETED = "deleted"
    MODIFIED = "modified"
    MOVED = "moved"
    COPIED = "copied"
    FREE_BUSY_CHANGED = "free_busy_changed"
    UNKNOWN = "unknown"
    """An event of a later schema, with its name and its XML."""

    GAP = "gap"
    GAP_CLOSED = "gap_closed"


KINDS: Final = {
    "CopiedEvent": EventKind.COPIED,
    "CreatedEvent": EventKind.CREATED,
    "DeletedEvent": EventKind.DELETED,
    "ModifiedEvent": EventKind.MODIFIED,
    "MovedEvent": EventKind.MOVED,
    "NewMailEvent": EventKind.NEW_MAIL,
    "FreeBusyChangedEvent": EventKind.FREE_BUSY_CHANGED,
}
"""What the mail server calls an event (types.xsd, NotificationEventTypeType) -> its kind."""


class Origin(StrEnum):
    """How we learned of an event."""

    PUSH = "push"
    SYNC = "sync"


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """One change of an item or a folder. `time` is by the server's clock, where the server says when it happened."""

    id: str
    """The same for the same change, whichever POST or subscription of the mailbox brings it."""
    kind: EventKind
    time: datetime
    received_at: datetime
    origin: Origin
    object: ObjectKind | None = None
    object_id: str | None = None
    change_key: str | None = None
    parent_folder_id: str | None = None
    old_id: str | None = None
    old_parent_folder_id: str | None = None
    unread_count: int | None = None
    watermark: str | None = None
    name: str | None = None
    """Of an unknown event: its name on the wire, and its XML."""
    raw_xml: str | None = None


@dataclass(frozen=True, slots=True)
class GapEvent:
    """Changes between `start` and `end` may be missing, or (`NOT_RECOVERED`) those of earlier `gaps` stay missing."""

    id: str
    start: datetime
    end: datetime
    reason: GapReason
    received_at: datetime
    origin: Origin
    response_code: str | None = None
    gaps: tuple[str, ...] = ()
    recovered: int | None = None

    @property
    def kind(self) -> EventKind:
        """The kind of all gap events."""
        return EventKind.GAP


@dataclass(frozen=True, slots=True)
class GapClosedEvent:
    """All that the gap events with the ids `gaps` miss was recovered, by `recovered` events of origin sync."""

    id: str
    start: datetime
    end: datetime
    received_at: datetime
    gaps: tuple[str, ...]
    recovered: int
    deleted_folders: tuple[str, ...] = ()
    """Folders that were deleted in the gaps: what was known to be in them is gone from there too."""

    @property
    def kind(self) -> EventKind:
        """The kind of all events that close gaps."""
        return EventKind.GAP_CLOSED

    @property
    def origin(self) -> Origin:
        """Only a sync closes gaps."""
        return Origin.SYNC


Event: TypeAlias = ChangeEvent | GapEvent | GapClosedEvent


MAX_ENTRY_EVENTS: Final = 2_000
"""Of one entry of the log: the forwarder sends them one after the other (docs/adr/0006), within the two minutes of a
run, and the stream resumes only between two entries."""


@dataclass(frozen=True, slots=True)
class LoggedNotification:
    """One entry of the event log: the events of one POST, of a part of it, or of one page of a sync, in their order."""

    key: SubscriptionKey
    mailbox: str
    arrival: str
    """Orders the log of a subscription."""
    received_at: datetime
    """The time that `arrival` was made from."""
    generation: int
    events: tuple[Event, ...]
    watermark: str | None = None
    previous_watermark: str | None = None


def arrival(received_at: datetime, digest: str = "") -> str:
    """Return a sort key of the log in order of arrival; `digest` distinguishes two POSTs of one microsecond.

    Without a digest it sorts before every key from `received_at` on.
    """
    moment = f"{received_at:%Y-%m-%dT%H:%M:%S.%f}"
    return f"{moment}Z#{digest}" if digest else moment


def log_entry(
    callback: Callback,
    received_at: datetime,
    events: tuple[Event, ...],
    watermark: str | None = None,
    previous_watermark: str | None = None,
) -> LoggedNotification:
    """Return `events` as one entry of the log, under a sort key that two POSTs of one moment do not share."""
    digest = hashlib.sha256("".join(event.id for event in events).encode()).hexdigest()[:8]
    return LoggedNotification(
        callback.key,
        callback.mailbox,
        arrival(received_at, digest),
        received_at,
        callback.generation,
        events,
        watermark=watermark,
        previous_watermark=previous_watermark,
    )


def push_events(callback: Callback, events: Iterable[MailboxEvent], received_at: datetime) -> tuple[ChangeEvent, ...]:
    """Return the changes among `events` in order, heartbeats left out, each id once."""
    changes = (_push_event(callback, event, received_at) for event in events if not event.is_heartbeat)
    return tuple({change.id: change for change in changes}.values())


def gap_event(  # noqa: PLR0913, PLR0917  # what a gap event says
    callback: Callback,
    reason: GapReason,
    start: datetime,
    received_at: datetime,
    response_code: str | None = None,
    end: datetime | None = None,
) -> GapEvent:
    """Return the event that says that changes between `start` and `end` (`received_at`) may be missing, and why.

    Its id takes `received_at`, the time of the push that opened it: after events of one TimeStamp each gap has the same
    `start`. A copy of that push opens none.
    """
    identity = (callback.mailbox, callback.key, callback.generation, reason, iso(start), iso(received_at))
    return GapEvent(stable_id(identity), start, end or received_at, reason, received_at, Origin.PUSH, response_code)


def stable_id(parts: tuple[object, ...]) -> str:
    """Return the same id for the same parts."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _push_event(callback: Callback, event: MailboxEvent, received_at: datetime) -> ChangeEvent:
    kind = KINDS.get(event.type, EventKind.UNKNOWN)
    return ChangeEvent(
        _push_event_id(callback, event),
        kind,
        from_xsd(event.timestamp) or from_iso(iso(received_at)),
        received_at,
        Origin.PUSH,
        object=event.object,
        object_id=event.id,
        change_key=event.change_key,
        parent_folder_id=event.parent_folder_id,
        old_id=event.old_id,
        old_parent_folder_id=event.old_parent_folder_id,
        unread_count=event.unread_count,
        watermark=event.watermark,
        name=event.type if kind is EventKind.UNKNOWN else None,
        raw_xml=event.raw_xml,
    )


def _push_event_id(callback: Callback, event: MailboxEvent) -> str:
    """Return an id that only an exact copy shares: same watermark, TimeStamp, kind, object and folders.

    Several events can share one watermark, so it takes the object too; the parent folder, because Exchange reports a
    deletion once for each folder that shows the item.
    """
    watermark = event.watermark if is_real(event.watermark) else None
    happened_at = from_xsd(event.timestamp)
    timestamp = rfc3339(happened_at) if happened_at is not None else event.timestamp
    folders = (event.parent_folder_id, event.old_id, event.old_parent_folder_id)
    what = (event.type, event.object, event.id, *folders, event.raw_xml)
    return stable_id((callback.mailbox, watermark, timestamp, *what))
