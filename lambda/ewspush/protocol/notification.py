"""A SendNotification as immutable records: what the server said, nothing interpreted.

Named tuples, not frozen dataclasses: they are made in a quarter of the time, once for every event (docs/adr/0011).

Shapes follow messages.xsd (SendNotificationResponseMessageType) and types.xsd (NotificationType and the event types).
Ids and watermarks are opaque strings of any content.
"""

from enum import StrEnum
from typing import Final, NamedTuple


class ObjectKind(StrEnum):
    """What an event is about."""

    ITEM = "item"
    FOLDER = "folder"


class ResponseClass(StrEnum):
    """`@ResponseClass` of a response message."""

    SUCCESS = "Success"
    WARNING = "Warning"
    ERROR = "Error"


STATUS_EVENT: Final = "StatusEvent"
"""The heartbeat: sent when StatusFrequency minutes pass without an event."""

KNOWN_EVENTS: Final = (
    "CopiedEvent",
    "CreatedEvent",
    "DeletedEvent",
    "ModifiedEvent",
    "MovedEvent",
    "NewMailEvent",
    "FreeBusyChangedEvent",
    STATUS_EVENT,
)


class MailboxEvent(NamedTuple):
    """One event element. `type` is its local name; `raw_xml` is set only where that name is not known."""

    type: str
    object: ObjectKind | None = None
    id: str | None = None
    change_key: str | None = None
    parent_folder_id: str | None = None
    parent_change_key: str | None = None
    old_id: str | None = None
    old_change_key: str | None = None
    old_parent_folder_id: str | None = None
    watermark: str | None = None
    timestamp: str | None = None
    unread_count: int | None = None
    raw_xml: str | None = None

    @property
    def is_heartbeat(self) -> bool:
        """Whether this is a StatusEvent."""
        return self.type == STATUS_EVENT


class ResponseMessage(NamedTuple):
    """One SendNotificationResponseMessage.

    `subscription_id` may be None on an error-class message, which the URL alone can then place. `back_off_ms` is the
    BackOffMilliseconds of a busy server.
    """

    response_class: ResponseClass
    response_code: str | None = None
    message_text: str | None = None
    back_off_ms: int | None = None
    subscription_id: str | None = None
    previous_watermark: str | None = None
    more_events: bool | None = None
    events: tuple[MailboxEvent, ...] = ()

    @property
    def is_error(self) -> bool:
        """Whether the server ended the subscription with this message."""
        return self.response_class is ResponseClass.ERROR


class Notification(NamedTuple):
    """One POST: its response messages in document order, at least one."""

    messages: tuple[ResponseMessage, ...]
