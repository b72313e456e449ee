"""What a POST means for its subscription: one pure function for the ordinary link, one for every other case.

No rule here answers Unsubscribe but the one for a retired or superseded callback.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from ewspush.domain.events import Document, GapReason, gap_document
from ewspush.domain.gaps import complete_until
from ewspush.domain.receiving.received_push import ReceivedPush
from ewspush.domain.recent import RecentEvents
from ewspush.domain.subscription import State, Subscription, logged_at
from ewspush.domain.timestamps import backoff
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
    """What to answer once `entry` (if any) is stored."""

    meaning: PushOutcome
    status: SubscriptionStatus
    entry: ConditionalUpdate | None
    events: int = 0
    has_gap: bool = False


def decide_without_read(delivery: ReceivedPush) -> Decision | None:
    """Return the ruling that needs no look at the row, because the row itself will confirm or refuse it.

    None where the chain alone could not tell a second copy from a first: an end of the link is missing, or the events
    share the watermark they follow.
    """
    changes: dict[str, object] = {"last_seen_at": delivery.received_at, "last_event_at": delivery.last_event_at}
    start, end = delivery.previous_watermark, delivery.watermark
    if delivery.is_heartbeat and delivery.unbroken:
        if start is None and end is not None:
            return None
        if start is not None and end is not None and start != end:
            changes |= {"watermark": end, "previous_watermark": start}
        return _acknowledge(
            PushOutcome.HEARTBEAT, delivery, AtWatermark(delivery.callback.generation, start), changes, ()
        )
    if start is None or end is None or start in delivery.marks or delivery.lost_code or not delivery.unbroken:
        return None
    changes |= {"watermark": end, "previous_watermark": start}
    expects = AtWatermark(delivery.callback.generation, start)
    return _acknowledge(PushOutcome.EVENTS, delivery, expects, changes, delivery.documents)


def unsubscribe_if_over(row: Subscription, delivery: ReceivedPush) -> Decision | None:
    """Return the ruling for a callback that is retired or superseded; None for any other."""
    if row.state is State.RETIRED:
        return Decision(PushOutcome.RETIRED, SubscriptionStatus.UNSUBSCRIBE, None)
    if delivery.callback.generation < row.generation:
        return Decision(PushOutcome.SUPERSEDED, SubscriptionStatus.UNSUBSCRIBE, None)
    return None


def decide(row: Subscription, delivery: ReceivedPush, recent: RecentEvents, minute: timedelta) -> Decision:
    """Return the ruling for a delivery that is no ordinary link, given the row and what was logged lately.

    `minute` is how long a protocol minute lasts.
    """
    fresh = tuple(document for document in delivery.documents if not recent.has_told(document))
    gap = _gap(row, delivery, recent, minute)
    documents = (*gap, *fresh)
    is_copy = bool(delivery.documents) and all(document["id"] in recent.ids for document in delivery.documents)
    changes = _changes(row, delivery, recent, has_news=not is_copy)
    if gap:
        changes = _to_recover(row, delivery) | changes
    ruling = _acknowledge(_meaning(delivery, fresh), delivery, SameRevision(row), changes, documents)
    return replace(ruling, has_gap=bool(gap))


def _meaning(delivery: ReceivedPush, fresh: tuple[Document, ...]) -> PushOutcome:
    if delivery.lost_code is not None:
        return PushOutcome.LOST
    if fresh:
        return PushOutcome.EVENTS
    return PushOutcome.DUPLICATE if delivery.documents else PushOutcome.HEARTBEAT


def _acknowledge(
    meaning: PushOutcome,
    delivery: ReceivedPush,
    expects: AtWatermark | SameRevision,
    changes: dict[str, object],
    documents: tuple[Document, ...],
) -> Decision:
    callback = delivery.callback
    logged = None
    if documents:
        link = (delivery.watermark, delivery.previous_watermark)
        logged = logged_at(callback.subscription, callback.generation, delivery.received_at, documents, *link)
    entry = ConditionalUpdate(callback.subscription, expects, changes, logged)
    return Decision(meaning, SubscriptionStatus.OK, entry, len(documents))


def _gap(row: Subscription, delivery: ReceivedPush, recent: RecentEvents, minute: timedelta) -> tuple[Document, ...]:
    reason = _gap_reason(row, delivery, recent)
    if reason is None:
        return ()
    doubted_since = row.suspected_gap_since if _is_first_post(row, delivery) else None
    start = doubted_since or complete_until(row, minute) or delivery.received_at
    code = delivery.lost_code if reason is GapReason.SUBSCRIPTION_LOST else None
    return (gap_document(delivery.callback, reason, start, delivery.received_at, code),)


def _is_first_post(row: Subscription, delivery: ReceivedPush) -> bool:
    """Whether the POST is the first of a generation, or may be: it then clears or confirms a suspected gap."""
    return delivery.callback.generation > row.generation or bool(row.awaiting_first_push)


def _gap_reason(row: Subscription, delivery: ReceivedPush, recent: RecentEvents) -> GapReason | None:
    """Continuity: PreviousWatermark is the last watermark of the notification before (protocol: PreviousWatermark).

    Any watermark that the log passed lately proves it as well: the server sends all that follows. The first POST of a
    generation need not follow from what Subscribe returned (the guide of Amazon WorkMail shows one that does not), so
    there it is the keeper who knows whether anything is in doubt.
    """
    renewed = delivery.callback.generation > row.generation
    if delivery.lost_code is not None:
        return None if row.lost_code is not None and not renewed else GapReason.SUBSCRIPTION_LOST
    start = delivery.previous_watermark
    proven = start is not None and (start in {row.watermark, row.previous_watermark} or start in recent.marks)
    if renewed and row.suspected_gap_since is None and not proven:
        return GapReason.RESUME_UNPROVEN  # its Subscribe was given up, and with it what was in doubt
    if _is_first_post(row, delivery):
        disproved = proven and row.suspected_gap_reason is GapReason.RESUME_UNPROVEN
        return None if disproved else row.suspected_gap_reason
    if start is not None and not proven and row.watermark is not None:
        return GapReason.CHAIN_MISMATCH
    return None if delivery.unbroken else GapReason.CHAIN_MISMATCH


def _changes(row: Subscription, delivery: ReceivedPush, recent: RecentEvents, *, has_news: bool) -> dict[str, object]:
    generation = delivery.callback.generation
    changes: dict[str, object] = {"last_seen_at": delivery.received_at, "revision": row.revision + 1}
    if delivery.lost_code is None:
        changes["last_event_at"] = delivery.last_event_at
    lives = delivery.lost_code is None and (row.lost_code is None or generation > row.generation)
    if lives and row.state is not State.ACTIVE:
        changes |= _revival(row, delivery)
    if _is_first_post(row, delivery):
        changes |= {"suspected_gap_since": None, "suspected_gap_reason": None}
    if generation > row.generation:
        changes |= _adoption(row, delivery)
    elif row.awaiting_first_push and delivery.watermark is not None:
        changes["awaiting_first_push"] = None
    end = delivery.watermark
    if end is not None and has_news and end not in {row.watermark, row.previous_watermark} and end not in recent.marks:
        changes |= {"watermark": end, "previous_watermark": row.watermark}
    return changes | _loss(row, delivery) if delivery.lost_code is not None else changes


def _to_recover(row: Subscription, delivery: ReceivedPush) -> dict[str, object]:
    """The keeper is to look, and to recover what the gap swallowed."""
    at = delivery.received_at
    waits = row.state is not State.ACTIVE or row.generation < row.min_generation
    look = {} if waits else {"next_check_at": at}
    return {"oldest_open_gap_at": row.oldest_open_gap_at or at, "next_sync_at": at, **look}


def _revival(row: Subscription, delivery: ReceivedPush) -> dict[str, object]:
    """It lives after all: to be looked at now, unless it waits for a Subscribe with what is wanted by now."""
    changes: dict[str, object] = {"state": State.ACTIVE}
    if max(row.generation, delivery.callback.generation) >= row.min_generation:
        changes |= {"next_check_at": delivery.received_at, "attempts": 0, "last_error": None}
    return changes


def _loss(row: Subscription, delivery: ReceivedPush) -> dict[str, object]:
    """The server ended it: due as soon as the server wants, unless a Subscribe is on its way already."""
    changes: dict[str, object] = {
        "state": State.LAPSED,
        "lost_code": delivery.lost_code,
        "last_error": delivery.lost_code,
    }
    is_under_way = row.pending_generation is not None and row.state in {State.WANTED, State.LAPSED}
    if not is_under_way or delivery.callback.generation > row.generation:
        changes["next_check_at"] = delivery.received_at + backoff(delivery.back_off_ms)
    return changes


def _adoption(row: Subscription, delivery: ReceivedPush) -> dict[str, object]:
    """A newer generation lives once it is heard of, even if the answer to its Subscribe was lost."""
    generation = delivery.callback.generation
    pending = row.pending_generation
    return {
        "generation": generation,
        "pending_generation": pending if pending is not None and pending > generation else None,
        "subscription_id": delivery.subscription_id,
        "awaiting_first_push": None if delivery.watermark is not None else True,
        "lost_code": None,
        "last_error": None,
        "attempts": 0,
    }
