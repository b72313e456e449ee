"""What a POST means for its subscription: the ordinary link without a read, every other case after reading the row.

Only `unsubscribe_if_over` answers Unsubscribe.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from ewspush.domain.events import Event, log_entry
from ewspush.domain.gaps import ends_suspicion, opened_gap
from ewspush.domain.published import RecentEvents
from ewspush.domain.reachability import on_reached
from ewspush.domain.received_push import ReceivedPush
from ewspush.domain.retries import backoff
from ewspush.domain.subscription import State, Subscription, SubscriptionChanges
from ewspush.domain.timing import Timing
from ewspush.domain.updates import AtWatermark, ConditionalUpdate, SameRevision
from ewspush.protocol.acknowledgement import SubscriptionStatus


class PushOutcome(StrEnum):
    """What a POST turned out to be; also what the metrics count."""

    EVENTS = "events"
    HEARTBEAT = "heartbeat"
    DUPLICATE = "duplicate"
    LOST = "lost"
    SUPERSEDED = "superseded"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to answer once `update` (if any) is stored."""

    outcome: PushOutcome
    status: SubscriptionStatus
    update: ConditionalUpdate | None
    events: int = 0
    has_gap: bool = False


def decide_without_read(push: ReceivedPush) -> Decision | None:
    """Return the decision on an ordinary link, whose write succeeds only if the row is at the watermark it follows.

    None where the chain alone does not distinguish a second copy from a first: an end of the link is missing, or the
    events share the watermark that they follow.
    """
    if push.is_heartbeat and push.is_unbroken:
        return _decide_heartbeat(push)
    start, end = push.previous_watermark, push.watermark
    if start is None or end is None or start in push.watermarks or push.lost_code or not push.is_unbroken:
        return None
    changes = _seen(push) | {"watermark": end, "previous_watermark": start}
    return _acknowledge(PushOutcome.EVENTS, push, AtWatermark(push.callback.generation, start), changes, push.events)


def _decide_heartbeat(push: ReceivedPush) -> Decision | None:
    """A heartbeat is one update of the row: no log, no index, so one write unit (docs/adr/0004).

    On Exchange its watermark advances the chain; WorkMail's guide shows the zero watermark, which moves nothing.
    """
    start, end = push.previous_watermark, push.watermark
    if start is None and end is not None:
        return None
    changes = _seen(push)
    if end is not None and start != end:
        changes |= {"watermark": end, "previous_watermark": start}
    return _acknowledge(PushOutcome.HEARTBEAT, push, AtWatermark(push.callback.generation, start), changes, ())


def unsubscribe_if_over(subscription: Subscription, push: ReceivedPush) -> Decision | None:
    """Return the decision on a callback that is retired or superseded; None for any other."""
    if subscription.state is State.RETIRED:
        return Decision(PushOutcome.RETIRED, SubscriptionStatus.UNSUBSCRIBE, None)
    if push.callback.generation < subscription.generation:
        return Decision(PushOutcome.SUPERSEDED, SubscriptionStatus.UNSUBSCRIBE, None)
    return None


def decide(subscription: Subscription, push: ReceivedPush, recent: RecentEvents, timing: Timing) -> Decision:
    """Return the decision on any other POST, given the row and what was logged recently.

    Only exact copies of what is logged are left out: what a sync published never silences a push.
    """
    unpublished = tuple(event for event in push.events if event.id not in recent.ids)
    gap = opened_gap(subscription, push, recent, timing)
    is_copy = bool(push.events) and not unpublished
    changes = _changes(subscription, push, recent, is_copy=is_copy)
    if gap is not None:
        changes = _recovery_due(subscription, push) | changes
    elif _is_awaited(subscription):
        changes = _check_due(subscription, push) | changes
    events: tuple[Event, ...] = unpublished if gap is None else (gap, *unpublished)
    decision = _acknowledge(_outcome(push, is_copy=is_copy), push, SameRevision(subscription), changes, events)
    return replace(decision, has_gap=gap is not None)


def _is_awaited(subscription: Subscription) -> bool:
    """Whether the keeper waits for a push: to recover a gap, or to try others that are unreachable."""
    is_silent = subscription.awaiting_first_push or subscription.silent_shard is not None
    return subscription.unreachable_since is not None or (is_silent and subscription.oldest_open_gap_at is not None)


def _outcome(push: ReceivedPush, *, is_copy: bool) -> PushOutcome:
    if push.lost_code is not None:
        return PushOutcome.LOST
    if is_copy:
        return PushOutcome.DUPLICATE
    return PushOutcome.EVENTS if push.events else PushOutcome.HEARTBEAT


def _acknowledge(
    outcome: PushOutcome,
    push: ReceivedPush,
    precondition: AtWatermark | SameRevision,
    changes: SubscriptionChanges,
    events: tuple[Event, ...],
) -> Decision:
    link = (push.watermark, push.previous_watermark)
    entry = log_entry(push.callback, push.received_at, events, *link) if events else None
    update = ConditionalUpdate(push.callback.key, precondition, changes, entry)
    return Decision(outcome, SubscriptionStatus.OK, update, len(events))


def _seen(push: ReceivedPush) -> SubscriptionChanges:
    changes: SubscriptionChanges = {"last_seen_at": push.received_at, "last_event_at": push.last_event_at}
    if push.previous_watermark is not None:
        changes["last_link_at"] = push.received_at
    if push.has_more_events:
        changes["more_events_at"] = push.received_at
    return changes


def _changes(
    subscription: Subscription, push: ReceivedPush, recent: RecentEvents, *, is_copy: bool
) -> SubscriptionChanges:
    generation = push.callback.generation
    is_newer = generation > subscription.generation
    changes = _seen(push)
    if push.lost_code is not None:
        del changes["last_event_at"]
    lives = push.lost_code is None and (subscription.lost_code is None or is_newer)
    if lives and subscription.state is not State.ACTIVE:
        changes |= _revival(subscription, push)
    changes |= on_reached(subscription, push.received_at)
    if ends_suspicion(subscription, push):
        changes |= {"suspected_gap_since": None, "suspected_gap_reason": None}
        if push.callback.generation >= subscription.newest_generation:
            changes["is_resumed"] = None
    if is_newer:
        changes |= _adoption(subscription, push)
    elif subscription.awaiting_first_push and push.watermark is not None:
        changes["awaiting_first_push"] = None
    if is_copy:
        changes.pop("last_link_at", None)  # it proves nothing of what came after the first copy
    else:
        changes |= _advance(subscription, push, recent)
    return changes | _loss(subscription, push) if push.lost_code is not None else changes


def _advance(subscription: Subscription, push: ReceivedPush, recent: RecentEvents) -> SubscriptionChanges:
    """The chain moves to the end of the link, unless it passed there already.

    It did not where it is still at the begin of the link, also if a part of its events is in the log.
    """
    end = push.watermark
    is_at_begin = subscription.watermark is not None and push.previous_watermark == subscription.watermark
    logged: frozenset[str] = frozenset() if is_at_begin else recent.watermarks
    passed = logged | {subscription.watermark, subscription.previous_watermark}
    if end is None or end in passed:
        return {}
    return {"watermark": end, "previous_watermark": subscription.watermark}


def _recovery_due(subscription: Subscription, push: ReceivedPush) -> SubscriptionChanges:
    """The keeper is to recover what the gap misses."""
    at = push.received_at
    changes: SubscriptionChanges = {"oldest_open_gap_at": subscription.oldest_open_gap_at or at, "next_sync_at": at}
    return changes | _check_due(subscription, push)


def _check_due(subscription: Subscription, push: ReceivedPush) -> SubscriptionChanges:
    """The keeper is to check it now, unless it waits for a Subscribe anyway."""
    is_settled = subscription.state is State.ACTIVE and subscription.generation >= subscription.min_generation
    return {"next_check_at": push.received_at} if is_settled else {}


def _revival(subscription: Subscription, push: ReceivedPush) -> SubscriptionChanges:
    """It lives after all: to be checked now, unless it waits for a Subscribe with the settings that are desired."""
    changes: SubscriptionChanges = {"state": State.ACTIVE}
    if max(subscription.generation, push.callback.generation) >= subscription.min_generation:
        changes |= {"next_check_at": push.received_at, "attempts": 0, "last_error": None}
    return changes


def _loss(subscription: Subscription, push: ReceivedPush) -> SubscriptionChanges:
    """The server ended it: due as soon as the server allows, unless a Subscribe is under way."""
    changes: SubscriptionChanges = {
        "state": State.LAPSED,
        "lost_code": push.lost_code,
        "last_error": push.lost_code,
    }
    waits = subscription.state in {State.WANTED, State.LAPSED} and subscription.pending_generation is not None
    if not waits or push.callback.generation > subscription.generation:
        changes["next_check_at"] = push.received_at + backoff(push.back_off_ms)
    return changes


def _adoption(subscription: Subscription, push: ReceivedPush) -> SubscriptionChanges:
    """A newer generation lives once a push of it arrives, even if the answer to its Subscribe was lost."""
    generation = push.callback.generation
    pending = subscription.pending_generation
    return {
        "generation": generation,
        "pending_generation": pending if pending is not None and pending > generation else None,
        "subscription_id": push.subscription_id,
        "awaiting_first_push": None if push.watermark is not None else True,
        "lost_code": None,
        "last_error": None,
        "attempts": 0,
    }
