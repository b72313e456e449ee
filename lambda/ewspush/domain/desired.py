"""Desired subscriptions: the row of a new one, what makes a row follow what is desired, and what retires it."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ewspush.domain.events import KINDS
from ewspush.domain.gaps import complete_until
from ewspush.domain.subscription import State, Subscription, SubscriptionChanges, SubscriptionKey
from ewspush.domain.timing import Timing

MAX_PER_MAILBOX: Final = 3
"""Amazon WorkMail's limit (its guide's page on notifications); Exchange Server allows more."""

MIN_STATUS_FREQUENCY_MINUTES: Final = 1
MAX_STATUS_FREQUENCY_MINUTES: Final = 1440
"""types.xsd, SubscriptionStatusFrequencyType."""

DEFAULT_STATUS_FREQUENCY_MINUTES: Final = 15
"""Heartbeat, retry window and detection in one dial: detected within half an hour, alive through a short outage."""

EVENT_TYPES: Final = tuple(KINDS)
"""types.xsd, NotificationEventTypeType, without StatusEvent, which cannot be subscribed to."""

DEFAULT_EVENT_TYPES: Final = tuple(name for name in EVENT_TYPES if name != "FreeBusyChangedEvent")
"""Those of the guide of Amazon WorkMail; FreeBusyChangedEvent is not known to be accepted there."""

SHARDS: Final = 8
"""Partitions of the due index: one keeper checks all of them, or several share them (docs/adr/0016)."""


@dataclass(frozen=True, slots=True)
class DesiredSubscription:
    """What a subscription is to be."""

    mailbox: str
    name: str = "default"
    """Tells several subscriptions of one mailbox apart."""
    folders: tuple[str, ...] = ()
    """Empty means all folders."""
    event_types: tuple[str, ...] = DEFAULT_EVENT_TYPES
    status_frequency_minutes: int = DEFAULT_STATUS_FREQUENCY_MINUTES

    @property
    def key(self) -> SubscriptionKey:
        """Always the same for mailbox and name, and without the address in it."""
        return SubscriptionKey(base64.b32encode(_digest(self)[:10]).decode().lower())


def new_subscription(desired: DesiredSubscription, now: datetime) -> Subscription:
    """Return the row of a new subscription, due at once."""
    return Subscription(
        desired.key,
        desired.mailbox,
        desired.status_frequency_minutes,
        desired.folders,
        desired.event_types,
        desired_since=now,
        next_check_at=now,
        due_shard=str(_digest(desired)[-1] % SHARDS),
        suspected_gap_since=now,
    )


def changes_toward(
    subscription: Subscription, desired: DesiredSubscription, timing: Timing, now: datetime
) -> SubscriptionChanges:
    """Return what makes `subscription` follow `desired`; empty where it does.

    The settings of a server subscription cannot be changed, so the keeper makes a new one, which supersedes the old one
    once it lives. A subscription that was retired or suspended is tried again at once.
    """
    changes = _differences(subscription, desired, timing)
    if subscription.newest_generation and (changes or subscription.state is State.RETIRED):
        changes |= _succession(subscription, timing, now)
    if subscription.state is State.RETIRED:
        changes |= _desired_again(subscription, now)
    elif subscription.state is State.SUSPENDED:
        changes |= {"state": State.LAPSED if subscription.generation else State.WANTED, "attempts": 0}
    due_now: SubscriptionChanges = {"next_check_at": now}
    return due_now | changes if changes else changes


def retirement(subscription: Subscription) -> SubscriptionChanges:
    """Return what ends `subscription` for good: its callbacks get Unsubscribe, and no pending Subscribe revives it."""
    return {
        "state": State.RETIRED,
        "generation": subscription.newest_generation,
        "pending_generation": None,
        "silent_shard": None,
        "next_check_at": None,
    }


def shards_of(keeper: int, keepers: int) -> Sequence[str]:
    """Return the partitions that keeper number `keeper` of `keepers` checks: each has exactly one keeper."""
    return [str(shard) for shard in range(SHARDS) if shard % keepers == keeper]


def _differences(subscription: Subscription, desired: DesiredSubscription, timing: Timing) -> SubscriptionChanges:
    """Return the new settings, and that a pending Subscribe with the old ones does not count."""
    changes: SubscriptionChanges = {}
    if subscription.folders != desired.folders:
        changes["folders"] = desired.folders
    if subscription.event_types != desired.event_types:
        changes["event_types"] = desired.event_types
    if subscription.status_frequency_minutes != desired.status_frequency_minutes:
        changes["status_frequency_minutes"] = desired.status_frequency_minutes
    if not changes:
        return changes
    changes["min_generation"] = subscription.newest_generation + 1
    # Where the gap would begin depends on the StatusFrequency that was subscribed with.
    changes["suspected_gap_since"] = subscription.suspected_gap_since or complete_until(subscription, timing)
    if subscription.pending_generation is not None:
        changes["pending_generation"] = subscription.newest_generation + 1
    return changes


def _succession(subscription: Subscription, timing: Timing, now: datetime) -> SubscriptionChanges:
    """A superseded generation lives until its next POST, so a third change at once waits for that of the first.

    At most three live: the one asked for now, the one it supersedes, and the one before that.
    """
    *_, first, second = (now, now, *subscription.superseded_until)
    check_at = max(now, first)
    frequency = subscription.status_frequency_minutes
    until = check_at + timing.minutes(frequency) + timing.max_delivery_window(frequency)
    return {"next_check_at": check_at, "superseded_until": (second, until)}


def _desired_again(subscription: Subscription, now: datetime) -> SubscriptionChanges:
    """A generation of its own, so that the old ones are ended; what happened while it was retired is not published."""
    return {
        "state": State.WANTED,
        "generation": subscription.newest_generation + 1,
        "pending_generation": None,
        "attempts": 0,
        "desired_since": now,
        "subscription_id": None,
        "lost_code": None,
        "last_error": None,
        "watermark": None,
        "previous_watermark": None,
        "is_resumed": None,
        "subscribed_at": None,
        "last_seen_at": None,
        "last_link_at": None,
        "last_event_at": None,
        "more_events_at": None,
        "awaiting_first_push": None,
        "suspected_gap_since": now,
        "suspected_gap_reason": None,
        "silent_generations": None,
        "silent_shard": None,
        "unreachable_since": None,
        "reached_at": None,
        "next_sync_at": None,
        "oldest_open_gap_at": None,
    }


def _digest(desired: DesiredSubscription) -> bytes:
    return hashlib.sha256(f"{desired.mailbox.lower()}\0{desired.name}".encode()).digest()
