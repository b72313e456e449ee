"""What identifies a change of a mailbox, at the server, in a POST and in the log; and what the log says of it."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ewspush.domain.timestamps import from_iso
from ewspush.protocol.notification import MailboxEvent
from mailsim.mailbox_events import LoggedEvent

TOLERANCE_SECONDS: Final = 1.0
"""At the ends of a gap: the duration of the calls between a POST and its write."""

_TYPES: Final = {"NewMailEvent": "new_mail", "FreeBusyChangedEvent": "free_busy_changed"}

EventIdentity = tuple[str, str | None, str | None, str | None]
"""Type, id, watermark and parent folder; no two changes of a mailbox share them."""


def published_type(event_type: str) -> str:
    """Return the type of our event for the server's name of it."""
    return f"ews.mailbox.{_TYPES.get(event_type, event_type.removesuffix('Event').lower())}"


def identity_of_change(change: LoggedEvent, watermark: str) -> EventIdentity:
    """Return the identity of a change as the server knows it."""
    return published_type(change.event.type), change.event.id, watermark, change.event.parent_id


def identity_of_event(event: MailboxEvent) -> EventIdentity:
    """Return the identity of an event of a POST."""
    return published_type(event.type), event.id, event.watermark, event.parent_folder_id


def identity_of_document(document: Mapping[str, Any]) -> EventIdentity:
    """Return the identity of an event of the log."""
    data = document["data"]
    return document["type"], data.get("id"), data.get("watermark"), data.get("parent_folder_id")


class Gap(NamedTuple):
    """A gap event: its range in the server's time, and whether a sync has closed it."""

    start: float
    end: float
    is_closed: bool

    def contains(self, moment: float) -> bool:
        """Whether a moment lies in it."""
        return self.start - TOLERANCE_SECONDS <= moment <= self.end + TOLERANCE_SECONDS


class SyncedEvents:
    """What syncs published. An event of an object covers all changes of the object before it."""

    def __init__(self) -> None:
        self._times: dict[tuple[str, str, str | None], float] = {}

    def add(self, subscription: str, document: Mapping[str, Any]) -> None:
        """Add an event of the log, if a sync published it."""
        data = document["data"]
        if data["origin"] == "sync" and data.get("id"):
            self._times[subscription, document["type"], data["id"]] = from_iso(document["time"]).timestamp()

    def covers(self, subscription: str, event_type: str, own_id: str | None, at: float) -> bool:
        """Whether a change (of the time `at`, by the server's clock) was published."""
        created = self._times.get((subscription, "ews.mailbox.created", own_id))
        if event_type in {"ews.mailbox.created", "ews.mailbox.moved", "ews.mailbox.copied"}:
            return created is not None
        if event_type == "ews.mailbox.modified":
            modified = self._times.get((subscription, event_type, own_id))
            return any(moment is not None and moment >= int(at) for moment in (created, modified))
        return (subscription, event_type, own_id) in self._times
