"""Subscriptions before, during and after a Subscribe: what the tests of renewals build on."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from ewspush.domain.desired import DesiredSubscription, new_subscription
from ewspush.domain.renewing import rules
from ewspush.domain.subscription import State, Subscription, SubscriptionChanges
from ewspush.protocol.response_codes import ADVICE, Remedy
from ewspush.protocol.soap import Refused
from tests.builders import MAILBOX, NOON, TIMING, subscription

MINUTE: Final = timedelta(minutes=1)
ALMOST_ONE: Final = 1 - 2**-53
"""The most that `random.random` returns."""

NEW: Final = new_subscription(DesiredSubscription(MAILBOX), NOON)
ACTIVE: Final = subscription()
"""StatusFrequency 15, last push at noon."""


def attempted(before: Subscription, *, resume_is_trusted: bool = True, minute: float = 30) -> Subscription:
    """Return the subscription as it is while a Subscribe is under way, `minute` minutes after noon."""
    now = NOON + minute * MINUTE
    return replace(before, **rules.on_attempt(before, TIMING, now, resume_is_trusted=resume_is_trusted))


def at_attempt(number: int, before: Subscription = ACTIVE) -> Subscription:
    """Return the subscription while Subscribe `number` since the last that succeeded is under way."""
    return replace(before, state=State.LAPSED, pending_generation=number + 1, attempts=number)


def refused(before: Subscription, answer: str | Refused, jitter: float = ALMOST_ONE) -> SubscriptionChanges:
    """Return what a refusal at noon changes."""
    refusal = Refused(answer) if isinstance(answer, str) else answer
    return rules.on_refusal(before, refusal, TIMING, NOON, lambda: jitter)


def wait_range(before: Subscription, answer: str | Refused) -> tuple[float, float]:
    """Return the shortest and the longest wait after a refusal, in minutes (rounded to the second)."""
    shortest, longest = (wait_minutes(refused(before, answer, jitter)) for jitter in (0, ALMOST_ONE))
    return round(shortest, 2), round(longest, 2)


def wait_minutes(changes: SubscriptionChanges) -> float:
    """Return how many minutes after noon the next check is."""
    next_check_at = changes["next_check_at"]
    assert next_check_at is not None
    return (next_check_at - NOON) / MINUTE


def codes_with(remedy: Remedy) -> list[str]:
    """Return the response codes of the table with this remedy."""
    return [code for code, its_advice in ADVICE.items() if its_advice.remedy is remedy]
