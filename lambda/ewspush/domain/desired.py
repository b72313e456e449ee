"""What somebody wants: a subscription's row before anything was sent to the server, changed, and given up."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ewspush.domain.gaps import complete_until, max_delivery_window
from ewspush.domain.subscription import State, Subscription

MAX_PER_MAILBOX: Final = 3
"""Amazon WorkMail's limit (its guide's page on notifications); Exchange Server allows more."""

MIN_STATUS_FREQUENCY_MINUTES: Final = 1
MAX_STATUS_FREQUENCY_MINUTES: Final = 1440
"""types.xsd, SubscriptionStatusFrequencyType."""

DEFAULT_STATUS_FREQUENCY_MINUTES: Final = 15
"""Heartbeat, retry window and detection in one dial: detected within half an hour, alive through a short outage."""

DEFAULT_EVENT_TYPES: Final = (
    "CopiedEvent",
    "CreatedEvent",
    "DeletedEvent",
    "ModifiedEvent",
    "MovedEvent",
    "NewMailEvent",
)
"""Those of the guide of Amazon WorkMail; FreeBusyChangedEvent is not known to be taken there."""

EVENT_TYPES: Final = (*DEFAULT_EVENT_TYPES, "FreeBusyChangedEvent")
"""types.xsd, NotificationEventTypeType, without StatusEvent, which comes unasked."""

SHARDS: Final = 8
"""Partitions of the due index. One keeper looks after all of them, or several share them."""


@dataclass(frozen=True, slots=True)
class DesiredSubscription:
    """What a subscription is to be. `name` tells several of one mailbox apart; `folders` empty means all folders."""

    mailbox: str
    name: str = "default"
    folders: tuple[str, ...] = ()
    event_types: tuple[str, ...] = DEFAULT_EVENT_TYPES
    status_frequency_minutes: int = DEFAULT_STATUS_FREQUENCY_MINUTES

    @property
    def subscription(self) -> str:
        """The key: always the same for mailbox and name, and it does not tell the address."""
        return base64.b32encode(_digest(self)[:10]).decode().lower()


def new_subscription(wish: DesiredSubscription, now: datetime) -> Subscription:
    """Return the row of a new subscription, due at once."""
    return Subscription(
        wish.subscription,
        wish.mailbox,
        wish.status_frequency_minutes,
        wish.folders,
        wish.event_types,
        next_check_at=now,
        due_shard=str(_digest(wish)[-1] % SHARDS),
        suspected_gap_since=now,
    )


def changes_toward(row: Subscription, wish: DesiredSubscription, now: datetime) -> Mapping[str, object]:
    """Return what makes `row` follow `wish`; empty where it does.

    What the server was asked for can't be changed, so the keeper makes a new subscription, which supersedes the old one
    once it lives. One that was retired or suspended is tried again at once.
    """
    changes = _differences(row, wish)
    if row.newest_generation and (changes or row.state is State.RETIRED):
        changes |= _succession(row, now)
    if row.state is State.RETIRED:
        changes |= _begun_again(row, now)
    elif row.state is State.SUSPENDED:
        changes |= {"state": State.LAPSED if row.generation else State.WANTED, "attempts": 0}
    return {"next_check_at": now, "revision": row.revision + 1} | changes if changes else changes


def _differences(row: Subscription, wish: DesiredSubscription) -> dict[str, object]:
    """Return the new values, and that a Subscribe on its way with the old ones does not count."""
    asked = {
        "folders": wish.folders,
        "event_types": wish.event_types,
        "status_frequency_minutes": wish.status_frequency_minutes,
    }
    changes: dict[str, object] = {name: value for name, value in asked.items() if getattr(row, name) != value}
    if changes:
        changes["min_generation"] = row.newest_generation + 1
        changes["suspected_gap_since"] = row.suspected_gap_since or complete_until(
            row
        )  # which goes by the old StatusFrequency
    if changes and row.pending_generation is not None:
        changes["pending_generation"] = row.newest_generation + 1
    return changes


def _succession(row: Subscription, now: datetime) -> dict[str, object]:
    """What is superseded lives until its next POST comes through: a third change at once waits for that of the first.

    So at most three live: what is asked for now, what it supersedes, and what that one did.
    """
    *_, first, second = (now, now, *row.superseded_until)
    next_check_at = max(now, first)
    frequency = row.status_frequency_minutes
    until = next_check_at + timedelta(minutes=frequency) + max_delivery_window(frequency)
    return {"next_check_at": next_check_at, "superseded_until": (second, until)}


def _begun_again(row: Subscription, now: datetime) -> dict[str, object]:
    """A generation of its own, so that what is left of the old ones is ended; nothing is known of the mailbox.

    What happened while nobody wanted it is no news: the next baseline is taken from now on.
    """
    forgotten = (
        "pending_generation",
        "watermark",
        "previous_watermark",
        "awaiting_first_push",
        "last_event_at",
        "last_seen_at",
        "oldest_open_gap_at",
        "baseline_valid_from",
        "next_sync_at",
        "lost_code",
        "last_error",
        "suspected_gap_reason",
    )
    return {
        "state": State.WANTED,
        "generation": row.newest_generation + 1,
        "attempts": 0,
        "suspected_gap_since": now,
        "baseline_round": 0,
        "baseline_started_at": now,
        **dict.fromkeys(forgotten),
    }


def retirement(row: Subscription) -> Mapping[str, object]:
    """Return what ends `row` for good: its callbacks get Unsubscribe, and no Subscribe on its way can revive it."""
    return {
        "state": State.RETIRED,
        "generation": row.newest_generation,
        "pending_generation": None,
        "next_check_at": None,
        "revision": row.revision + 1,
    }


def shards_of(keeper: int, keepers: int) -> Sequence[str]:
    """Return the partitions that keeper number `keeper` of `keepers` looks after: each has exactly one keeper."""
    return [str(shard) for shard in range(SHARDS) if shard % keepers == keeper]


def _digest(wish: DesiredSubscription) -> bytes:
    return hashlib.sha256(f"{wish.mailbox.lower()}\0{wish.name}".encode()).digest()
