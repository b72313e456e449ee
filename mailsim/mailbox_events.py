"""What happens in a mailbox, as its log keeps it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class EventType(StrEnum):
    """The events that can be subscribed to (types.xsd, NotificationEventTypeType)."""

    COPIED = "CopiedEvent"
    CREATED = "CreatedEvent"
    DELETED = "DeletedEvent"
    MODIFIED = "ModifiedEvent"
    MOVED = "MovedEvent"
    NEW_MAIL = "NewMailEvent"
    FREE_BUSY_CHANGED = "FreeBusyChangedEvent"


Audience = Literal["everyone", "all_folders", "named_folders"]
"""Which subscriptions are told: since 2013, Exchange shows deletions differently to those of all folders."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event before it has a place in the log. `folders` are those whose subscribers hear of it."""

    type: EventType
    object: Literal["item", "folder"]
    id: str
    parent_id: str
    folders: frozenset[str]
    old_id: str | None = None
    old_parent_id: str | None = None
    unread: int | None = None
    audience: Audience = "everyone"


@dataclass(frozen=True, slots=True)
class Change:
    """One event of the log: its watermark as a counter, and when it happened (seconds since the epoch)."""

    told: Told
    counter: int
    at: float
