"""Writes to a subscription: each has a precondition, and changes nothing where the row does not meet it."""

from dataclasses import dataclass
from typing import TypeAlias

from ewspush.domain.events import LoggedNotification
from ewspush.domain.subscription import State, Subscription, SubscriptionChanges, SubscriptionKey


@dataclass(frozen=True, slots=True)
class AtWatermark:
    """Active in `generation`, at `watermark` (None: whatever it is), without a suspected gap, and not silent."""

    generation: int
    watermark: str | None

    @property
    def required(self) -> SubscriptionChanges:
        """What the fields must be; None is absent."""
        required: SubscriptionChanges = {
            "state": State.ACTIVE,
            "generation": self.generation,
            "suspected_gap_since": None,
            "silent_shard": None,
        }
        if self.watermark is not None:
            required |= {"watermark": self.watermark, "awaiting_first_push": None}
        return required


@dataclass(frozen=True, slots=True)
class SameRevision:
    """As it was read, but for what a heartbeat and a check of the keeper change. Meeting it raises the revision."""

    subscription: Subscription

    @property
    def required(self) -> SubscriptionChanges:
        """What the fields must be; None is absent."""
        return {
            "state": self.subscription.state,
            "generation": self.subscription.generation,
            "pending_generation": self.subscription.pending_generation,
            "watermark": self.subscription.watermark,
            "awaiting_first_push": self.subscription.awaiting_first_push,
            "revision": self.subscription.revision,
        }


@dataclass(frozen=True, slots=True)
class NoActivitySince:
    """Since it was read, no push was received and no other keeper checked it."""

    subscription: Subscription

    @property
    def required(self) -> SubscriptionChanges:
        """What the fields must be; None is absent."""
        return {
            "state": self.subscription.state,
            "generation": self.subscription.generation,
            "pending_generation": self.subscription.pending_generation,
            "revision": self.subscription.revision,
            "last_seen_at": self.subscription.last_seen_at,
            "next_check_at": self.subscription.next_check_at,
        }


@dataclass(frozen=True, slots=True)
class GenerationPending:
    """`generation` is the newest Subscribe that was sent, and no push of it was received yet."""

    generation: int

    @property
    def required(self) -> SubscriptionChanges:
        """What the fields must be; None is absent."""
        return {"pending_generation": self.generation}


Precondition: TypeAlias = AtWatermark | SameRevision | NoActivitySince | GenerationPending


@dataclass(frozen=True, slots=True)
class ConditionalUpdate:
    """One atomic write: changes to a subscription, and what is added to the log."""

    key: SubscriptionKey
    precondition: Precondition
    changes: SubscriptionChanges
    notification: LoggedNotification | None = None

    @property
    def stored_changes(self) -> SubscriptionChanges:
        """The changes, with the revision raised where the write was decided after reading the row."""
        if not isinstance(self.precondition, SameRevision):
            return self.changes
        return self.changes | {"revision": self.precondition.subscription.revision + 1}


@dataclass(frozen=True, slots=True)
class WriteResult:
    """Whether a write was stored; if not, `subscription` is the row as it is (None: there is none)."""

    stored: bool
    subscription: Subscription | None = None
