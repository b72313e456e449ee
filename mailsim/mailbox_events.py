"""The events of a mailbox, and their form in its event log."""

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
"""The subscriptions that receive an event: Exchange 2013+ shows deletions differently to those of all folders."""


@dataclass(frozen=True, slots=True)
class MailboxEvent:
    """One event before it has a watermark. Subscriptions to any of `folders` receive it."""

    type: EventType
    object: Literal["item", "folder"]
    id: str
    parent_id: str
    folders: frozenset[str]
    old_id: str | None = None
    old_parent_id: str | None = None
    unread_count: int | None = None
    audience: Audience = "everyone"


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One event of the log. `counter` is its watermark, `at` the time of the change in seconds since the epoch."""

    event: MailboxEvent
    counter: int
    at: float
    clock_offset: float = 0
    """Seconds by which the server's clock differed."""

    @property
    def time_stamp(self) -> float:
        """The time of the change by the server's clock."""
        return self.at + self.clock_offset
