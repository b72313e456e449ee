"""Whether pushes of a subscription reach us, and what follows where they do not.

A generation that the server made, and from which no push arrives in time, is silent: a firewall, a wrong URL, a server
that never posts, or a POST that is refused for good. After the second one the subscription is unreachable: a gap event
says so, once; the next Subscribe leaves the watermark out, because what can't be delivered must not be asked for again;
and until a push arrives the changes are published by sync (docs/adr/0019).

Where many are silent the door is shut for all, so only a few canaries are renewed at the usual pace. The first push
makes the others due.
"""

from datetime import datetime, timedelta
from typing import Final

from ewspush.domain.callback import Callback
from ewspush.domain.events import GapEvent, gap_event
from ewspush.domain.gaps import complete_until
from ewspush.domain.subscription import GapReason, State, Subscription, SubscriptionChanges
from ewspush.domain.timing import Timing

SILENT_GENERATIONS: Final = 2
"""One can be lost with a restart of the server."""

CANARIES: Final = 3
"""In each partition of the due index."""

MAX_WAIT_MINUTES: Final = 4 * 60
"""The longest wait between two Subscribes of what is no canary, and between two syncs."""

_POLL_SHARE: Final = 4
"""A sync is due after a quarter of the time that the subscription has been unreachable."""


def on_silent_generation(subscription: Subscription) -> SubscriptionChanges:
    """Return what a Subscribe that succeeded changes: its generation is silent until a push arrives."""
    return {
        "silent_generations": (subscription.silent_generations or 0) + 1,
        "silent_shard": subscription.due_shard,
    }


def silence_forgotten() -> SubscriptionChanges:
    """Return what makes a subscription no canary, and due at once."""
    return {"silent_generations": None, "silent_shard": None}


def is_silent_again(subscription: Subscription) -> bool:
    """Whether it has been silent too often for the next Subscribe to be like the last."""
    return (subscription.silent_generations or 0) >= SILENT_GENERATIONS


def on_unreachable(
    subscription: Subscription, timing: Timing, now: datetime
) -> tuple[SubscriptionChanges, GapEvent | None]:
    """Return what to store of a subscription that became unreachable, and its gap, unless that is still open.

    The gap is open until a push has arrived, and a sync that began after it has closed it. So of the next first push
    nothing is suspected; `suspected_gap_since` stays, for its decision needs the row.
    """
    known = subscription.suspected_gap_since or complete_until(subscription, timing) or subscription.desired_since
    since = known or now
    changes: SubscriptionChanges = {
        "unreachable_since": since,
        "reached_at": None,
        "suspected_gap_since": since,
        "suspected_gap_reason": None,
        "oldest_open_gap_at": subscription.oldest_open_gap_at or now,
        "next_sync_at": now,
        "revision": subscription.revision + 1,
    }
    if subscription.reached_at is not None:
        return changes, None
    callback = Callback(subscription.key, subscription.mailbox, subscription.generation)
    return changes, gap_event(callback, GapReason.UNREACHABLE, since, now)


def on_reached(subscription: Subscription, received_at: datetime) -> SubscriptionChanges:
    """Return what a push changes of a subscription that was silent."""
    if subscription.silent_generations is None and subscription.unreachable_since is None:
        return {}
    changes = silence_forgotten()
    if subscription.unreachable_since is not None:
        changes |= {"unreachable_since": None, "reached_at": received_at, "next_sync_at": received_at}
    return changes


def waits_for_canaries(subscription: Subscription, timing: Timing, now: datetime) -> bool:
    """Whether a silent subscription that is no canary leaves its next Subscribe for later."""
    has_desired_settings = subscription.generation >= subscription.min_generation
    is_silent = subscription.state is State.ACTIVE and subscription.silent_generations is not None
    return is_silent and has_desired_settings and now < last_wait_ends_at(subscription, timing, now)


def last_wait_ends_at(subscription: Subscription, timing: Timing, now: datetime) -> datetime:
    """Return when a Subscribe is due also of what is no canary."""
    return (subscription.subscribed_at or now) + timing.minutes(MAX_WAIT_MINUTES)


def can_be_tried_again(subscription: Subscription, timing: Timing, now: datetime) -> bool:
    """Whether the first push of another one makes this one due: the server has removed its last generation by now."""
    subscribed_at = subscription.subscribed_at or now
    is_answered = subscription.state is State.ACTIVE  # a Subscribe without an answer has its own time
    had_its_time = is_answered and subscribed_at + timing.grace(subscription.status_frequency_minutes) <= now
    return subscription.unreachable_since is not None and subscription.silent_shard is not None and had_its_time


def poll_wait(subscription: Subscription, timing: Timing, now: datetime) -> timedelta:
    """Return the wait until the next sync of a subscription that is unreachable: StatusFrequency, later longer."""
    elapsed = now - (subscription.unreachable_since or now)
    frequency = timing.minutes(subscription.status_frequency_minutes)
    return min(max(elapsed / _POLL_SHARE, frequency), timing.minutes(MAX_WAIT_MINUTES))
