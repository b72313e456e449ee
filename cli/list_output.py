"""What `list` prints: a table, or JSON for scripts."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final

from cli import console, formatting
from ewspush.domain.subscription import Subscription
from ewspush.domain.timestamps import iso

_HEADINGS: Final = ("mailbox", "key", "folders", "state", "last push", "frequency", "last error")


def print_json(subscriptions: Iterable[Subscription]) -> None:
    """Print an array with every field of each subscription; times as RFC 3339, null for a field without a value."""
    text = json.dumps([asdict(one) for one in subscriptions], indent=2, default=_plain)
    console.stdout().print(text, soft_wrap=True)


def print_table(subscriptions: Sequence[Subscription], now: datetime) -> None:
    """Print a line for each subscription, and to stderr the number of each state."""
    if subscriptions:
        console.print_columns([_cells(one, now) for one in subscriptions], _HEADINGS, unwrapped=2)
    console.print_message(_total(subscriptions))


def _cells(subscription: Subscription, now: datetime) -> tuple[str, ...]:
    return (
        subscription.mailbox,
        subscription.key,
        formatting.folders(subscription.folders),
        formatting.shown_state(subscription),
        formatting.last_push(subscription, now),
        f"{subscription.status_frequency_minutes} min",
        formatting.last_error(subscription),
    )


def _total(subscriptions: Sequence[Subscription]) -> str:
    states = Counter(map(formatting.shown_state, subscriptions))
    counts = ", ".join(f"{number} {state}" for state, number in states.most_common())
    return f"{formatting.counted(len(subscriptions), 'subscription')}: {counts}" if counts else "no subscriptions"


def _plain(value: object) -> str:
    return iso(value) if isinstance(value, datetime) else str(value)
