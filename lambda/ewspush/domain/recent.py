"""What the log of a subscription held lately: whether a POST tells anything new."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ewspush.domain.events import Document
from ewspush.domain.subscription import LoggedNotification
from ewspush.domain.timestamps import from_iso

_MODIFIED: Final = "ews.mailbox.modified"
_CREATED: Final = "ews.mailbox.created"
_ONCE: Final = frozenset({_CREATED, "ews.mailbox.deleted"})
_COMES: Final = frozenset({"ews.mailbox.moved", "ews.mailbox.copied"})
_SEEN: Final = (_MODIFIED, _CREATED)


@dataclass(frozen=True, slots=True)
class RecentEvents:
    """What the log of a subscription held lately: the ids of its events, and every watermark it passed."""

    ids: frozenset[str]
    marks: frozenset[str]
    recovered: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    """Type and object of what a sync told, and the newest change of the object that it saw."""

    def has_told(self, document: Document) -> bool:
        """Whether the log has this event, or the same change as a sync found it: an object comes and goes once."""
        kind, own_id = document["type"], document["data"].get("id")
        as_sync = _CREATED if kind in _COMES else kind
        if document["id"] in self.ids or (as_sync in _ONCE and (as_sync, own_id) in self.recovered):
            return True
        seen = [self.recovered[each, own_id] for each in _SEEN if (each, own_id) in self.recovered]
        return kind == _MODIFIED and any(from_iso(document["time"]) <= moment for moment in seen)

    @classmethod
    def of(cls, logged: Iterable[LoggedNotification]) -> "RecentEvents":
        """Collect the ids and watermarks of `logged`."""
        ids: set[str] = set()
        marks: set[str] = set()
        recovered: dict[tuple[str, str], datetime] = {}
        for notification in logged:
            ids.update(document["id"] for document in notification.events)
            marks.update(document["data"].get("watermark") or "" for document in notification.events)
            marks.update((notification.watermark or "", notification.previous_watermark or ""))
            recovered.update(
                ((document["type"], document["data"]["id"]), from_iso(document["time"]))
                for document in notification.events
                if document["data"].get("origin") == "sync" and document["data"].get("id")
            )
        return cls(frozenset(ids), frozenset(marks - {""}), recovered)
