"""Writes to a subscription: each expects the row to be in some way, and is refused where it is not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ewspush.domain.subscription import LoggedNotification, State, Subscription


@dataclass(frozen=True, slots=True)
class InChain:
    """Expects the row to be active in `generation`, at `watermark` (None: whatever it is), and without a gap."""

    generation: int
    watermark: str | None

    @property
    def fields(self) -> Mapping[str, object]:
        """What the fields must be; None is absent."""
        expected = {"state": State.ACTIVE, "generation": self.generation, "gap_since": None, "recover_since": None}
        return expected if self.watermark is None else expected | {"watermark": self.watermark, "first_post_due": None}


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Expects the row to be as it was read, but for `last_seen_at` and the keeper's own attributes."""

    row: Subscription

    @property
    def fields(self) -> Mapping[str, object]:
        """What the fields must be; None is absent."""
        names = ("state", "generation", "pending_generation", "watermark", "first_post_due", "revision")
        return {name: getattr(self.row, name) for name in names}


@dataclass(frozen=True, slots=True)
class Unseen:
    """Expects that since the row was read nothing was heard of the subscription, and no keeper was there."""

    row: Subscription

    @property
    def fields(self) -> Mapping[str, object]:
        """What the fields must be; None is absent."""
        names = ("state", "generation", "pending_generation", "revision", "last_seen_at", "check_at")
        return {name: getattr(self.row, name) for name in names}


@dataclass(frozen=True, slots=True)
class Awaited:
    """Expects `generation` to be the newest that was sent, and not heard of yet."""

    generation: int

    @property
    def fields(self) -> Mapping[str, object]:
        """What the fields must be; None is absent."""
        return {"pending_generation": self.generation}


Expectation: TypeAlias = InChain | Unchanged | Unseen | Awaited


@dataclass(frozen=True, slots=True)
class Entry:
    """One atomic write: `changes` to the row (field -> value, None removes) and what is added to the log."""

    subscription: str
    expects: Expectation
    changes: Mapping[str, object]
    logged: LoggedNotification | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an `Entry`: stored, or not, and then the row as it is (None: there is none)."""

    stored: bool
    row: Subscription | None = None
