"""Stores a POST: one optimistic write in the ordinary case; where the row refuses it, read, decide and write again.

What one write does not take becomes two pushes that follow each other in the chain, and each of them again.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from ewspush.domain.gaps import MAX_EVENT_AGE
from ewspush.domain.ports import SubscriptionLedger
from ewspush.domain.published import RecentEvents
from ewspush.domain.received_push import ReceivedPush, cut_before
from ewspush.domain.receiving.rules import Decision, decide, decide_without_read, unsubscribe_if_over
from ewspush.domain.subscription import Subscription
from ewspush.domain.timing import Timing
from ewspush.errors import EntryTooLongError, UndecidedError
from ewspush.protocol.acknowledgement import SubscriptionStatus

MAX_ATTEMPTS: Final = 5
"""Two copies of a POST meet once; five lost races mean that something else is wrong."""

_MIN_LOOK_BACK: Final = timedelta(hours=1)
_LOOK_BACK_FREQUENCIES: Final = 4
"""A server retries for StatusFrequency minutes, twice that by Exchange's sum of intervals; the rest is margin."""


def process_push(push: ReceivedPush, ledger: SubscriptionLedger, timing: Timing) -> Decision:
    """Store `push` and return what to answer: OK only after the write of its events and its watermark.

    The same POST again, or two copies at the same moment, add nothing; after a failure between the writes of a long
    one, the same POST adds what is missing. Raises `UndecidedError` (answer 503), and whatever the ledger raises.
    """
    try:
        return _store(push, ledger, timing)
    except EntryTooLongError as error:
        event_id = error.event_id
    first, second = cut_before(push, event_id)
    begun = process_push(first, ledger, timing)
    if begun.status is not SubscriptionStatus.OK:
        return begun
    ended = process_push(second, ledger, timing)
    return replace(ended, events=begun.events + ended.events, has_gap=begun.has_gap or ended.has_gap)


def _store(push: ReceivedPush, ledger: SubscriptionLedger, timing: Timing) -> Decision:
    decision = decide_without_read(push)
    if decision is None or decision.update is None:
        return _decide_after_read(ledger.read(push.callback.key), push, ledger, timing)
    result = ledger.commit(decision.update)
    return decision if result.stored else _decide_after_read(result.subscription, push, ledger, timing)


def _decide_after_read(
    subscription: Subscription | None, push: ReceivedPush, ledger: SubscriptionLedger, timing: Timing
) -> Decision:
    """Decide until a decision is stored: each write that fails returns the row as it is by then."""
    for _ in range(MAX_ATTEMPTS):
        if subscription is None:
            message = "the callback is signed by us, yet its subscription is not in the table"
            raise UndecidedError(message)
        decision = unsubscribe_if_over(subscription, push)
        if decision is None:
            decision = decide(subscription, push, _recent(subscription, push, ledger, timing), timing)
        if decision.update is None:
            return decision
        result = ledger.commit(decision.update)
        if result.stored:
            return decision
        subscription = result.subscription
    message = f"the subscription changed under {MAX_ATTEMPTS} attempts to write"
    raise UndecidedError(message)


def _recent(subscription: Subscription, push: ReceivedPush, ledger: SubscriptionLedger, timing: Timing) -> RecentEvents:
    """Return what was logged recently, and since its oldest event: nothing is logged before it happens."""
    window = timing.minutes(_LOOK_BACK_FREQUENCIES * subscription.status_frequency_minutes)
    since = push.received_at - max(_MIN_LOOK_BACK, window)
    oldest = min((event.time for event in push.events), default=since)
    oldest = max(oldest, push.received_at - MAX_EVENT_AGE) - timing.clock_margin
    return RecentEvents.of(ledger.recent(subscription.key, min(since, oldest)))
