"""Writes to a subscription: each expects the row to be in some way, and is refused where it is not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ewspush.domain.subscription import LoggedNotification, State, Subscription


@dataclass(frozen=True, slots=True)
class AtWatermark:
    """Expects the row to be active in `generation`, at `watermark` (None: whatever it is), and without a gap."""

    generation: int
    watermark: str | None

    @property
    def fields(self) -> Mapping[str, object]:
        """What the fields must be; None is absent."""
        expected = {
            "state": State.ACTIVE,
            "generation": self.generation,
            "suspected_gap_since": None,
            "oldest_open_gap_at": None,
        }
        return (
            expected
            if self.watermark is None
            else expected | {"watermark": self.watermark, "awaiting_first_push": None}
        )


@dataclass(frozen=True, slots=True)
class SameRevision:
    """Expects the row to be as it was read, but for `last_seen_at` and the keeper's own attributes."""

    row: Subscription

    @property
    def fields(self) -> Mapping[str, object]:
        """What the fields must be; None is absent."""
        names = ("state", "generation", "pending_generation", "watermark", "awaiting_first_push", "revision")
        return {name: getattr(self.row, name) for name in names}


@dataclass(frozen=True, slots=True)
class NoActivitySince:
    """Expects that since the row was read nothing was heard of the subscription, and no keeper was there."""

    row: Subscription

    @property
    def fields(self) -> Mapping[str, object]:
        """What the fields must be; None is absent."""
        names = ("state", "generation", "pending_generation", "revision", "last_seen_at", "next_check_at")
        return {name: getattr(self.row, name) for name in names}


@dataclass(frozen=True, slots=True)
class GenerationPending:
    """Expects `generation` to be the newest that was sent, and not heard of yet."""

    generation: int

    @property
    def fields(self) -> Mapping[str, object]:
        """What the fields must be; None is absent."""
        return {"pending_generation": self.generation}


Precondition: TypeAlias = AtWatermark | SameRevision | NoActivitySince | GenerationPending


@dataclass(frozen=True, slots=True)
class ConditionalUpdate:
    """One atomic write: `changes` to the row (field -> value, None removes) and what is added to the log."""

    subscription: str
    expects: Precondition
    changes: Mapping[str, object]
    logged: LoggedNotification | None = None


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of an `Entry`: stored, or not, and then the row as it is (None: there is none)."""

    stored: bool
    row: Subscription | None = None
