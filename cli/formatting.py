"""Rows in words that an administrator understands."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from cli.ews_names import ALL_FOLDERS
from cli.plan import ASKED
from ewspush.domain.desired import DesiredSubscription
from ewspush.domain.events import KINDS, GapReason
from ewspush.domain.subscription import State, Subscription
from ewspush.domain.timestamps import iso

_UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_SOON: Final = timedelta(seconds=1)
_MANY: Final = 2
"""Of a unit, before the next larger one is used: 90 minutes say more than 1 hour."""

STATES: Final = {
    State.WANTED: "it is new, and has not come to life on the mail server yet",
    State.ACTIVE: "it lives on the mail server, as far as anybody knows",
    State.LAPSED: "it was lost, or its wishes changed, and is to be made anew",
    State.SUSPENDED: "the mail server refuses it, and somebody has to act",
    State.RETIRED: "it was given up; its callbacks are answered with Unsubscribe",
}

GAP_REASONS: Final = {
    GapReason.CHAIN_MISMATCH: "a notification did not follow from the one before",
    GapReason.SUBSCRIPTION_LOST: "the mail server said that it had lost the subscription",
    GapReason.RESUME_UNPROVEN: "the mail server may have started anew instead of resuming",
    GapReason.WATERMARK_REFUSED: "the mail server no longer knew where to resume",
    GapReason.NOT_RESUMED: "there was no point to resume from",
    GapReason.SUBSCRIBED_LATE: "the first subscription did not come about at once",
    GapReason.NOT_RECOVERED: "not all that earlier gaps swallowed could be told",
}

_LABELS: Final = dict(zip(ASKED, ("folders", "event types", "status frequency"), strict=True))


def span(length: timedelta) -> str:
    """Return a length of time in its largest fitting unit."""
    seconds = int(abs(length).total_seconds())
    unit, size = next((unit for unit in _UNITS if seconds >= _MANY * unit[1]), _UNITS[-1])
    number = seconds // size
    return f"{number} {unit}{'' if number == 1 else 's'}"


def when(moment: datetime, now: datetime) -> str:
    """Return a moment as people say it, and as clocks do."""
    distance = moment - now
    if abs(distance) < _SOON:
        relative = "now"
    else:
        relative = f"in {span(distance)}" if distance > timedelta() else f"{span(distance)} ago"
    return f"{relative} ({iso(moment.replace(microsecond=0)).replace('.000Z', 'Z')})"


def folders(value: Sequence[str]) -> str:
    """Return folders; none means all."""
    return ", ".join(value) if value else ALL_FOLDERS


def event_types(names: Sequence[str]) -> str:
    """Return event types by the names that the file has for them."""
    return ", ".join(KINDS.get(name, name) for name in names)


def asked_for(row: Subscription | DesiredSubscription) -> list[tuple[str, str]]:
    """Return what the mail server is asked for, each with a label."""
    minutes = row.status_frequency_minutes
    values = (folders(row.folders), event_types(row.event_types), "1 minute" if minutes == 1 else f"{minutes} minutes")
    return [(_LABELS[name], value) for name, value in zip(ASKED, values, strict=True)]


def differences(row: Subscription, wish: DesiredSubscription) -> list[str]:
    """Return what the mail server is asked for otherwise than before."""
    pairs = zip(asked_for(row), asked_for(wish), strict=True)
    return [f"{label}: {old} -> {new}" for (label, old), (_, new) in pairs if old != new]


def trouble(row: Subscription) -> str:
    """Return the last error with the number of tries since; empty where there is none."""
    tries = f"{row.attempts} {'try' if row.attempts == 1 else 'tries'}" if row.attempts else ""
    return ": ".join(filter(None, (tries, row.last_error)))
