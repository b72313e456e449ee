"""What tells a change of a mailbox from another one, and how far the log tells it."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ewspush.domain.timestamps import from_iso
from ewspush.protocol.notification import MailboxEvent
from mailsim.mailbox_events import LoggedEvent

TOLERANCE_SECONDS: Final = 1.0
"""At the ends of a gap: what the calls between a POST and its write take."""

_KINDS: Final = {"NewMailEvent": "new_mail", "FreeBusyChangedEvent": "free_busy_changed"}

Key = tuple[str, str | None, str | None, str | None]
"""Type, id, watermark and parent folder: what tells one change of a mailbox from another."""


def kind_of(event_type: str) -> str:
    """Return the type of our event for the server's name of it."""
    return f"ews.mailbox.{_KINDS.get(event_type, event_type.removesuffix('Event').lower())}"


def key_of_change(change: LoggedEvent, watermark: str) -> Key:
    """Return the key of a change as the server knows it."""
    return kind_of(change.event.type), change.event.id, watermark, change.event.parent_id


def key_of_event(event: MailboxEvent) -> Key:
    """Return the key of a change as a POST tells it."""
    return kind_of(event.type), event.id, event.watermark, event.parent_folder_id


def key_of_document(document: Mapping[str, Any]) -> Key:
    """Return the key of a change as the log has it."""
    data = document["data"]
    return document["type"], data.get("id"), data.get("watermark"), data.get("parent_folder_id")


class Gap(NamedTuple):
    """A gap event: its range in the server's time, and whether a sync has closed it."""

    start: float
    end: float
    is_closed: bool

    def holds(self, moment: float) -> bool:
        """Whether a moment lies in it."""
        return self.start - TOLERANCE_SECONDS <= moment <= self.end + TOLERANCE_SECONDS


class Recovered:
    """What syncs told: that an object came or went, and how it is by then, which tells all its changes up to then."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._told: dict[tuple[str, str, str | None], float] = {}

    def add(self, subscription: str, document: Mapping[str, Any]) -> None:
        """Take in a document, if it is of a sync."""
        data = document["data"]
        if data["origin"] == "sync" and data.get("id"):
            self._told[subscription, document["type"], data["id"]] = from_iso(document["time"]).timestamp()

    def tells(self, subscription: str, kind: str, own_id: str | None, at: float) -> bool:
        """Whether a change (of the time `at`, by the server's clock) was told."""
        came = self._told.get((subscription, "ews.mailbox.created", own_id))
        if kind in {"ews.mailbox.created", "ews.mailbox.moved", "ews.mailbox.copied"}:
            return came is not None
        if kind == "ews.mailbox.modified":
            changed = self._told.get((subscription, kind, own_id))
            return any(moment is not None and moment >= int(at) for moment in (came, changed))
        return (subscription, kind, own_id) in self._told
