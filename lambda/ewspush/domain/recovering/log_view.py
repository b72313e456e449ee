"""The log of a subscription during a sync run: read once, and then only what was added."""

from datetime import datetime, timedelta

from ewspush.domain.events import ChangeEvent, LoggedNotification, Origin
from ewspush.domain.ports import SubscriptionLedger
from ewspush.domain.published import LoggedObjects
from ewspush.domain.subscription import Subscription


class LogView:
    """What the log holds since `since`; `overlap` is by how much the clocks of two hosts of ours may differ."""

    def __init__(self, ledger: SubscriptionLedger, since: datetime, overlap: timedelta) -> None:
        self.objects = LoggedObjects()
        self._ledger = ledger
        self._since = since
        self._overlap = overlap
        self._seen: set[str] = set()
        self._read_at: tuple[object, ...] | None = None

    @property
    def is_unread(self) -> bool:
        """Whether nothing was read yet."""
        return self._read_at is None

    def refresh(self, subscription: Subscription) -> frozenset[str]:
        """Read what was added, if the subscription shows that something was; return the objects that push changed.

        Every write to the log moves the watermark, or raises the revision.
        """
        state = (subscription.revision, subscription.watermark, subscription.generation)
        if state == self._read_at:
            return frozenset()
        added = [
            entry for entry in self._ledger.recent(subscription.key, self._since) if entry.arrival not in self._seen
        ]
        for entry in sorted(added, key=lambda one: one.arrival):
            self.objects.add(entry)
            self._seen.add(entry.arrival)
            self._since = max(self._since, entry.received_at - self._overlap)
        self._read_at = state
        return frozenset(_pushed(added))


def _pushed(entries: list[LoggedNotification]) -> set[str]:
    changes = [event for entry in entries for event in entry.events if isinstance(event, ChangeEvent)]
    pushed = [change for change in changes if change.origin is Origin.PUSH]
    return {each for change in pushed for each in (change.object_id, change.old_id) if each is not None}
