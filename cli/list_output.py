"""All subscriptions: a table for people, JSON for scripts."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final

from cli import console, formatting
from ewspush.domain.subscription import Subscription
from ewspush.domain.timestamps import iso

_HEADINGS: Final = ("mailbox", "key", "folders", "state", "last heard of", "every", "trouble")


def as_json(rows: Iterable[Subscription]) -> None:
    """Print one array of objects with the fields of the rows; times as RFC 3339, null for what there is none of."""
    objects = [asdict(row) for row in rows]
    text = json.dumps(objects, indent=2, default=_plain)
    console.output().print(text, soft_wrap=True)


def as_table(rows: Sequence[Subscription], now: datetime) -> None:
    """Print a line for each row, and to stderr how many there are."""
    if rows:
        console.print_columns([_cells(row, now) for row in rows], _HEADINGS, whole=2)
    console.say(_counted(rows))


def _cells(row: Subscription, now: datetime) -> tuple[str, ...]:
    heard = formatting.when(row.last_seen_at, now) if row.last_seen_at else "never"
    frequency = f"{row.status_frequency_minutes} min"
    trouble = formatting.trouble(row)
    return (row.mailbox, row.subscription, formatting.folders(row.folders), row.state, heard, frequency, trouble)


def _counted(rows: Sequence[Subscription]) -> str:
    states = Counter(row.state for row in rows)
    counts = ", ".join(f"{number} {state}" for state, number in states.most_common())
    subscriptions = "1 subscription" if len(rows) == 1 else f"{len(rows)} subscriptions"
    return f"{subscriptions}: {counts}" if rows else "no subscriptions"


def _plain(value: object) -> str:
    return iso(value) if isinstance(value, datetime) else str(value)
