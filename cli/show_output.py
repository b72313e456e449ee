"""What `show` prints: everything about one subscription."""

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
"""Upper bound on notifications read for the count of recent events; a busy mailbox has more."""

_OVERDUE: Final = timedelta(minutes=5)
"""The keeper runs every minute; after the loss of many subscriptions at once, a run takes longer."""


def print_subscription(subscription: Subscription, ledger: SubscriptionLedger, now: datetime) -> None:
    """Print everything about `subscription`, and the number of events logged in the last day."""
    console.stdout().print(console.printable(subscription.mailbox), style="bold", soft_wrap=True)
    lines = [*facts(subscription, now), ("events", _recent_events(subscription, ledger, now))]
    console.print_columns([(f"  {label}", value) for label, value in lines])


def facts(subscription: Subscription, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield label and value of each line."""
    yield "key", subscription.key
    yield from formatting.settings(subscription)
    yield "state", _state(subscription, now)
    yield "last push", formatting.last_push(subscription, now)
    if error := formatting.last_error(subscription):
        yield "last error", error
    if subscription.lost_code:
        yield "lost", f"the mail server ended this generation with {subscription.lost_code}"
    yield "next check", _next_check(subscription, now)
    if subscription.suspected_gap_since and subscription.suspected_gap_reason:
        since = formatting.time_with_distance(subscription.suspected_gap_since, now)
        reason = subscription.suspected_gap_reason
        outcome = "the first push of the next generation confirms or clears it"
        yield "suspected gap", f"since {since}: {formatting.GAP_REASONS[reason]} ({reason}); {outcome}"
    yield "generation", _generation(subscription)
    yield "subscription id", subscription.subscription_id or "none yet"
    yield "watermark", subscription.watermark or "none"


def _state(subscription: Subscription, now: datetime) -> str:
    state = formatting.shown_state(subscription)
    if state != formatting.UNREACHABLE or subscription.unreachable_since is None:
        return f"{state}: {formatting.STATES[subscription.state]}"
    since = formatting.time_with_distance(subscription.unreachable_since, now)
    return f"{state}: since {since} no push has arrived, though Subscribe succeeds; see docs/runbook/unreachable.md"


def _next_check(subscription: Subscription, now: datetime) -> str:
    if subscription.state is State.RETIRED:
        return "none; the next push is answered with Unsubscribe, and the mail server stops"
    if subscription.next_check_at is None:
        return "none; run `ews-push apply` to try again"
    text = f"{formatting.time_with_distance(subscription.next_check_at, now)}: {_expected(subscription)}"
    if now - subscription.next_check_at > _OVERDUE:
        text += "; the check is overdue: the dashboard shows whether the keeper runs"
    return text


def _expected(subscription: Subscription) -> str:
    """Return what the keeper does at the next check."""
    if subscription.state is State.SUSPENDED:
        return "the keeper tries again; after a correction, `ews-push apply` tries at once"
    if subscription.state is not State.ACTIVE:
        return "the keeper sends a Subscribe"
    if subscription.generation < subscription.min_generation:
        return "the keeper sends a Subscribe, because the settings changed"
    silence = 2 * subscription.status_frequency_minutes
    return f"the keeper renews it if no push has arrived for {formatting.counted(silence, 'minute')}"


def _generation(subscription: Subscription) -> str:
    pending = subscription.pending_generation
    text = str(subscription.generation) if subscription.generation else "none yet"
    return f"{text}; generation {pending} was sent and is not confirmed yet" if pending is not None else text


def _recent_events(subscription: Subscription, ledger: SubscriptionLedger, now: datetime) -> str:
    """Count events by type; their content is not shown."""
    logged = list(islice(ledger.recent(subscription.key, now - RECENT), MAX_NOTIFICATIONS))
    counts = Counter(event.kind.value for one in logged for event in one.events)
    types = ", ".join(f"{number} {kind}" for kind, number in counts.most_common())
    at_least = "at least " if len(logged) == MAX_NOTIFICATIONS else ""
    return f"{at_least}{counts.total()} in the last {formatting.duration(RECENT)}" + (f": {types}" if types else "")
