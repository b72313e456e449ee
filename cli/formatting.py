"""Fields of a subscription as text for an operator."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from cli.ews_names import ALL_FOLDERS
from ewspush.domain.desired import DesiredSubscription
from ewspush.domain.events import KINDS
from ewspush.domain.subscription import GapReason, State, Subscription
from ewspush.domain.timestamps import iso

_UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_MIN_OF_UNIT: Final = 2
"""A duration is shown in the largest unit of which it has as many: 90 minutes are clearer than 1 hour."""
_NOW: Final = timedelta(seconds=1)

STATES: Final = {
    State.WANTED: "new; the keeper has not subscribed on the mail server yet",
    State.ACTIVE: "subscribed on the mail server, as far as the keeper knows",
    State.LAPSED: "it was lost, or its settings changed; the keeper renews it",
    State.SUSPENDED: "the mail server refuses it; an operator must correct the cause",
    State.RETIRED: "ended; its callbacks are answered with Unsubscribe",
}

UNREACHABLE: Final = "unreachable"
"""Shown in place of the state while the subscription lives on the mail server and no push of it arrives."""

GAP_REASONS: Final = {
    GapReason.CHAIN_MISMATCH: "a notification did not continue the stored watermark",
    GapReason.SUBSCRIPTION_LOST: "the mail server reported that it lost the subscription",
    GapReason.RESUME_UNPROVEN: "the mail server may have started from now instead of resuming",
    GapReason.WATERMARK_REFUSED: "the mail server no longer knew the stored watermark",
    GapReason.NOT_RESUMED: "there was no watermark to resume from",
    GapReason.UNREACHABLE: "the mail server made the subscription, and no push arrived",
    GapReason.SUBSCRIBED_LATE: "the first Subscribe did not succeed at once",
    GapReason.NOT_RECOVERED: "a sync did not recover all changes in earlier gaps",
}


def shown_state(subscription: Subscription) -> str:
    """Return the state; of a live subscription whether it is unreachable."""
    is_unreachable = subscription.state is State.ACTIVE and subscription.unreachable_since is not None
    return UNREACHABLE if is_unreachable else subscription.state.value


def duration(length: timedelta) -> str:
    """Return a duration as a whole number of its largest fitting unit."""
    seconds = int(abs(length).total_seconds())
    unit, size = next((unit for unit in _UNITS if seconds >= _MIN_OF_UNIT * unit[1]), _UNITS[-1])
    return counted(seconds // size, unit)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun in the singular or plural."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def time_with_distance(time: datetime, now: datetime) -> str:
    """Return how long ago or ahead a time is, and the time itself."""
    distance = time - now
    if abs(distance) < _NOW:
        relative = "now"
    else:
        relative = f"in {duration(distance)}" if distance > timedelta() else f"{duration(distance)} ago"
    return f"{relative} ({iso(time.replace(microsecond=0)).replace('.000Z', 'Z')})"


def last_push(subscription: Subscription, now: datetime) -> str:
    """Return when the last push arrived."""
    return time_with_distance(subscription.last_seen_at, now) if subscription.last_seen_at else "never"


def last_error(subscription: Subscription) -> str:
    """Return the last error after the number of attempts since the last success; empty if there is neither."""
    attempts = counted(subscription.attempts, "attempt") if subscription.attempts else ""
    return ": ".join(filter(None, (attempts, subscription.last_error)))


def folders(names: Sequence[str]) -> str:
    """Return folders; none means all."""
    return ", ".join(names) if names else ALL_FOLDERS


def settings(subscription: Subscription | DesiredSubscription) -> list[tuple[str, str]]:
    """Return label and value of each setting that a Subscribe holds."""
    return [
        ("folders", folders(subscription.folders)),
        ("event types", ", ".join(KINDS.get(name, name) for name in subscription.event_types)),
        ("status frequency", counted(subscription.status_frequency_minutes, "minute")),
    ]


def settings_line(subscription: Subscription | DesiredSubscription) -> str:
    """Return the settings in one line."""
    return "; ".join(f"{label}: {value}" for label, value in settings(subscription))


def differences(current: Subscription, desired: DesiredSubscription) -> list[str]:
    """Return the settings that differ, each with its old and new value."""
    pairs = zip(settings(current), settings(desired), strict=True)
    return [f"{label}: {old} -> {new}" for (label, old), (_, new) in pairs if old != new]
