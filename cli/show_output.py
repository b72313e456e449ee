"""One subscription: all that is known of it, what will happen next, and what to do."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from cli import console, formatting
from ewspush.domain.ports import SubscriptionLedger
from ewspush.domain.subscription import State, Subscription

RECENT: Final = timedelta(days=1)
MAX_NOTIFICATIONS: Final = 1_000
"""That are looked through for what happened lately: a busy mailbox has more, and they are read to be counted."""

_LATE: Final = timedelta(minutes=5)
"""Ticks come every minute, and after a herd of losses one takes longer."""


def show(row: Subscription, ledger: SubscriptionLedger, now: datetime) -> None:
    """Print everything about `row`, and how many events were logged lately."""
    out = console.output()
    out.print(console.clean(row.mailbox), style="bold", soft_wrap=True)
    told = [*facts(row, now), ("events", _recent(row, ledger, now))]
    console.print_columns([(f"  {label}", value) for label, value in told])


def facts(row: Subscription, now: datetime) -> Iterator[tuple[str, str]]:
    """Return what the row tells, each with a label."""
    yield "key", row.subscription
    yield from formatting.asked_for(row)
    yield "state", f"{row.state}: {formatting.STATES[row.state]}"
    yield "last heard of", formatting.when(row.last_seen_at, now) if row.last_seen_at else "never"
    if row.last_error or row.attempts:
        yield "trouble", formatting.trouble(row)
    if row.lost_code:
        yield "lost", f"the mail server ended it with {row.lost_code}"
    yield "next", _next(row, now)
    if row.suspected_gap_since and row.suspected_gap_reason:
        reason = f"{formatting.GAP_REASONS[row.suspected_gap_reason]} ({row.suspected_gap_reason})"
        since = formatting.when(row.suspected_gap_since, now)
        yield "in doubt", f"changes since {since}: {reason}; the next notifications settle it, or a gap event is logged"
    yield "generation", _generation(row)
    yield "subscription id", row.subscription_id or "none yet"
    yield "watermark", row.watermark or "none"


def _next(row: Subscription, now: datetime) -> str:
    if row.state is State.RETIRED:
        return "nothing: whatever the mail server still sends is answered with Unsubscribe, and then it stops"
    if row.next_check_at is None:
        return "nothing by itself: `ews-push apply` tries again"
    silence = 2 * row.status_frequency_minutes
    is_as_wanted = row.generation >= row.min_generation
    looks = f"the keeper looks; if nothing was heard for {silence} minutes by then, it subscribes anew"
    then = {
        State.ACTIVE: looks if is_as_wanted else "the keeper sends a Subscribe, for what is wanted was changed",
        State.SUSPENDED: "the keeper tries once more; when it is put right, `ews-push apply` tries at once",
    }.get(row.state, "the keeper sends a Subscribe")
    if now - row.next_check_at > _LATE:
        then += "; it is late: is the keeper running? (see the dashboard)"
    return f"{formatting.when(row.next_check_at, now)}: {then}"


def _generation(row: Subscription) -> str:
    pending = row.pending_generation
    text = str(row.generation) if row.generation else "none yet"
    return f"{text}; {pending} was sent, and is waited for" if pending is not None else text


def _recent(row: Subscription, ledger: SubscriptionLedger, now: datetime) -> str:
    """Count events by type, never what is in them."""
    logged = list(islice(ledger.recent(row.subscription, now - RECENT), MAX_NOTIFICATIONS))
    counts = Counter(document["type"].removeprefix("ews.mailbox.") for one in logged for document in one.events)
    types = ", ".join(f"{number} {kind}" for kind, number in counts.most_common())
    more = "at least " if len(logged) == MAX_NOTIFICATIONS else ""
    return f"{more}{counts.total()} in the last {formatting.span(RECENT)}" + (f": {types}" if types else "")
