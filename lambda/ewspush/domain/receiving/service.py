"""Take a POST in: one optimistic write in the ordinary case; where the row refuses it, read, judge and write again."""

from datetime import timedelta
from typing import Final

from ewspush.domain.gaps import CLOCK_MARGIN, MAX_EVENT_AGE, PROTOCOL_MINUTE
from ewspush.domain.ports import SubscriptionLedger
from ewspush.domain.receiving import rules
from ewspush.domain.receiving.received_push import ReceivedPush
from ewspush.domain.receiving.rules import Decision
from ewspush.domain.recent import RecentEvents
from ewspush.domain.subscription import Subscription
from ewspush.domain.timestamps import from_iso
from ewspush.errors import AnswerableError

MAX_ATTEMPTS: Final = 5
"""Two copies of a POST meet once; five lost races mean that something else is wrong."""

_MIN_LOOK_BACK: Final = timedelta(hours=1)
_LOOK_BACK_FREQUENCIES: Final = 4
"""A server re-sends for StatusFrequency minutes, twice that by Exchange's sum of intervals; the rest is margin."""


class UndecidedError(AnswerableError):
    """Raised where a POST can be neither stored nor refused: the server is to send it again."""


def process_push(delivery: ReceivedPush, ledger: SubscriptionLedger, minute: timedelta = PROTOCOL_MINUTE) -> Decision:
    """Store `delivery` and return what to answer: OK only after the write, once, of its events and watermark.

    The same POST again, or two copies at the same moment, add nothing. `minute` is how long a protocol minute lasts.
    Raises `UndecidedError` (answer 503), and whatever the ledger raises.
    """
    ruling = rules.decide_without_read(delivery)
    if ruling is None or ruling.entry is None:
        row = ledger.read(delivery.callback.subscription)
    else:
        outcome = ledger.write(ruling.entry)
        if outcome.stored:
            return ruling
        row = outcome.row
    return _settled(row, delivery, ledger, minute)


def _settled(
    row: Subscription | None, delivery: ReceivedPush, ledger: SubscriptionLedger, minute: timedelta
) -> Decision:
    """Judge what the row refused until a ruling is stored: each failed write brings the row as it is by then."""
    for _ in range(MAX_ATTEMPTS):
        if row is None:
            message = "the callback is signed by us, yet its subscription is not in the table"
            raise UndecidedError(message)
        ruling = rules.unsubscribe_if_over(row, delivery)
        if ruling is None:
            ruling = rules.decide(row, delivery, _recent(row, delivery, ledger), minute)
        if ruling.entry is None:
            return ruling
        outcome = ledger.write(ruling.entry)
        if outcome.stored:
            return ruling
        row = outcome.row
    message = f"the subscription changed under {MAX_ATTEMPTS} attempts to write"
    raise UndecidedError(message)


def _recent(row: Subscription, delivery: ReceivedPush, ledger: SubscriptionLedger) -> RecentEvents:
    """Return what was logged lately, and since its oldest event: nothing is logged before it happens."""
    frequency = timedelta(minutes=row.status_frequency_minutes)
    since = delivery.received_at - max(_MIN_LOOK_BACK, _LOOK_BACK_FREQUENCIES * frequency)
    happened_at = min((from_iso(document["time"]) for document in delivery.documents), default=since)
    oldest = max(happened_at, delivery.received_at - MAX_EVENT_AGE) - CLOCK_MARGIN
    return RecentEvents.of(ledger.recent(row.subscription, min(since, oldest)))
