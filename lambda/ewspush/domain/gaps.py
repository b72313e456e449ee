"""Gaps: the rule that opens one, where it begins, and what a renewal leaves in suspicion.

A watermark chain that holds proves that nothing is missing. Where it does not, or where a renewal may not have resumed
it, changes may be missing since `complete_until`: a gap event says so.
"""

from datetime import datetime, timedelta
from typing import Final

from ewspush.domain.events import GapEvent, gap_event
from ewspush.domain.published import RecentEvents
from ewspush.domain.received_push import ReceivedPush
from ewspush.domain.subscription import GapReason, Subscription, SubscriptionChanges
from ewspush.domain.timing import Timing
from ewspush.protocol.watermark import is_real

MAX_EVENT_AGE: Final = timedelta(days=30)
"""Exchange keeps events for so long (page on Watermark): it can send nothing older, whatever a clock says."""

_BROKEN_CHAIN: Final = frozenset({GapReason.CHAIN_MISMATCH, GapReason.RESUME_UNPROVEN})

ON_TIME_MINUTES: Final = 5
"""From desiring a subscription to its first Subscribe: a consumer expects events no sooner."""


def opened_gap(subscription: Subscription, push: ReceivedPush, recent: RecentEvents, timing: Timing) -> GapEvent | None:
    """Return the gap that `push` opens, None where nothing is missing before it."""
    reason = gap_reason(subscription, push, recent)
    if reason is None:
        return None
    start = _start(subscription, push, reason, timing) or push.received_at
    code = push.lost_code if reason is GapReason.SUBSCRIPTION_LOST else None
    return gap_event(push.callback, reason, start, push.received_at, code, _end(push, timing))


def _end(push: ReceivedPush, timing: Timing) -> datetime:
    """Return when the gap ends by the server's clock, never too early.

    What is missing was made before the events that arrived; where there are none, before now on whichever clock.
    """
    if not push.events:
        return push.received_at + timing.clock_margin
    return max(push.received_at, push.events[0].time)


def _start(subscription: Subscription, push: ReceivedPush, reason: GapReason, timing: Timing) -> datetime | None:
    """Return when the gap begins: as suspected, or where everything was published.

    Heartbeats with zero watermarks prove no chain, so behind them a break goes back to the last link.
    """
    if is_first_push(subscription, push) and subscription.suspected_gap_since is not None:
        return subscription.suspected_gap_since
    until, linked_at = complete_until(subscription, timing), subscription.last_link_at
    if reason not in _BROKEN_CHAIN or until is None or linked_at is None:
        return until
    return min(until, linked_at - timing.max_delivery_window(subscription.status_frequency_minutes))


def gap_reason(subscription: Subscription, push: ReceivedPush, recent: RecentEvents) -> GapReason | None:
    """Return why changes before `push` may be missing; None where its PreviousWatermark continues the chain.

    PreviousWatermark is the last watermark of the notification before (page on PreviousWatermark). Any watermark that
    the log passed recently proves continuity as well: the server sends all that follows it. The first push of a
    generation need not follow from what Subscribe returned (the guide of Amazon WorkMail shows one that does not), so
    there the suspicion decides that the renewal left (docs/adr/0014).
    """
    if subscription.unreachable_since is not None:
        return None  # its gap is open until after this push
    is_newer = push.callback.generation > subscription.generation
    if push.lost_code is not None:
        return None if subscription.lost_code is not None and not is_newer else GapReason.SUBSCRIPTION_LOST
    start = push.previous_watermark
    known = recent.watermarks | {subscription.watermark, subscription.previous_watermark}
    continues = start is not None and start in known
    if is_newer and subscription.suspected_gap_since is None and not continues:
        return GapReason.RESUME_UNPROVEN  # the suspicion of its Subscribe was dropped when another one began
    if is_first_push(subscription, push):
        return _reason_of_first_push(subscription, push, continues=continues)
    if start is not None and not continues and subscription.watermark is not None:
        return None if _carries_its_own_start(push) else GapReason.CHAIN_MISMATCH
    is_copy = push.watermark in known and all(event.id in recent.ids for event in push.events)
    return None if push.is_unbroken or is_copy else GapReason.CHAIN_MISMATCH


def _carries_its_own_start(push: ReceivedPush) -> bool:
    """Whether events carry the watermark that their POST begins with: then each POST looks like a break of the chain.

    Some servers write it so, or write the watermark before each event. Such a chain shows no loss within a generation.
    """
    return push.previous_watermark in {event.watermark for event in push.events}


def _reason_of_first_push(subscription: Subscription, push: ReceivedPush, *, continues: bool) -> GapReason | None:
    """A resume is checked also where it is trusted: the first push has to follow from a watermark that we know."""
    reason = subscription.suspected_gap_reason
    if continues:
        return None if reason is GapReason.RESUME_UNPROVEN else reason
    is_trusted = bool(subscription.is_resumed) and reason is None
    return GapReason.RESUME_UNPROVEN if is_trusted and _says_where_it_is(subscription, push) else reason


def ends_suspicion(subscription: Subscription, push: ReceivedPush) -> bool:
    """Whether `push` confirms or clears the suspected gap.

    The first of its generation does, but for a zero heartbeat after a trusted resume: it says nothing of it, and leaves
    that to the next push.
    """
    is_trusted = bool(subscription.is_resumed) and subscription.suspected_gap_reason is None
    return is_first_push(subscription, push) and (not is_trusted or _says_where_it_is(subscription, push))


def _says_where_it_is(subscription: Subscription, push: ReceivedPush) -> bool:
    known = {subscription.watermark, subscription.previous_watermark}
    return push.previous_watermark is not None or (push.watermark is not None and push.watermark not in known)


def is_first_push(subscription: Subscription, push: ReceivedPush) -> bool:
    """Whether `push` may be the first of its generation, which confirms or clears a suspected gap."""
    return push.callback.generation > subscription.generation or bool(subscription.awaiting_first_push)


def complete_until(subscription: Subscription, timing: Timing) -> datetime | None:
    """Return a time before which everything was published, never too late; None before the first push.

    Events arrive in their order, so nothing is missing before the last one. A heartbeat says that no event waited when
    it was first sent: it does not differ from its copies, and what happens while the server retries a POST arrives only
    after that POST (docs/adr/0018).
    """
    seen_at, event_at = subscription.last_seen_at, subscription.last_event_at
    if seen_at is None:
        return None
    if event_at is not None and seen_at - MAX_EVENT_AGE <= event_at <= seen_at + timing.clock_margin:
        return event_at - timing.clock_margin
    return seen_at - timing.max_delivery_window(subscription.status_frequency_minutes)


def suspicion_on_attempt(
    subscription: Subscription, timing: Timing, now: datetime, *, resume_is_trusted: bool
) -> SubscriptionChanges:
    """Return the gap that a Subscribe about to be sent puts under suspicion.

    Its start is stored in any case: a watermark that is trusted now may be refused later.
    """
    if subscription.suspected_gap_reason is not None or subscription.unreachable_since is not None:
        return {}
    reason = _suspected_reason(subscription, timing, now, resume_is_trusted=resume_is_trusted)
    if subscription.suspected_gap_since is not None:
        return {} if reason is None else {"suspected_gap_reason": reason}
    since = complete_until(subscription, timing) or subscription.next_check_at or now
    return {"suspected_gap_since": since, "suspected_gap_reason": reason}


def suspicion_on_success(subscription: Subscription, watermark: str | None) -> SubscriptionChanges:
    """Return what the first push is to confirm or clear, also if the old generation sent more meanwhile.

    A server that answers a Subscribe from a watermark with none, or with one that is not known, may not have resumed,
    whatever it is trusted with.
    """
    reason = subscription.suspected_gap_reason
    known = {subscription.watermark, subscription.previous_watermark}
    is_disproved = watermark is None or (is_real(watermark) and watermark not in known)
    if subscription.is_resumed and reason is None and is_disproved and subscription.suspected_gap_since is not None:
        reason = GapReason.RESUME_UNPROVEN
    return {"suspected_gap_since": subscription.suspected_gap_since, "suspected_gap_reason": reason}


def suspicion_on_refused_watermark(subscription: Subscription, timing: Timing, now: datetime) -> SubscriptionChanges:
    """Return the certain gap of a Subscribe that has to leave the watermark out."""
    since = subscription.suspected_gap_since or complete_until(subscription, timing) or now
    return {"suspected_gap_since": since, "suspected_gap_reason": GapReason.WATERMARK_REFUSED}


def suspicion_cleared(subscription: Subscription) -> SubscriptionChanges:
    """Return what clears a suspicion where the old generation went on after all, and missed nothing."""
    if subscription.suspected_gap_since is None or subscription.awaiting_first_push:
        return {}
    return {"suspected_gap_since": None, "suspected_gap_reason": None}


def _suspected_reason(
    subscription: Subscription, timing: Timing, now: datetime, *, resume_is_trusted: bool
) -> GapReason | None:
    if subscription.watermark is not None:
        return None if resume_is_trusted else GapReason.RESUME_UNPROVEN
    if subscription.last_seen_at is not None or subscription.suspected_gap_since is None:
        return GapReason.NOT_RESUMED
    is_late = subscription.attempts > 0 or now - subscription.suspected_gap_since > timing.minutes(ON_TIME_MINUTES)
    return GapReason.SUBSCRIBED_LATE if is_late else None
