"""What a POST means for its subscription: one pure function for the ordinary link, one for every other case.

No rule here answers Unsubscribe but the one for a retired or superseded callback.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from ewspush.domain.continuity import told_until
from ewspush.domain.delivery import Delivery
from ewspush.domain.entry import Entry, InChain, Unchanged
from ewspush.domain.events import Document, GapReason, gap_document
from ewspush.domain.recent import Recent
from ewspush.domain.subscription import State, Subscription, logged_at
from ewspush.domain.times import back_off
from ewspush.protocol.acknowledgement import SubscriptionStatus


class Meaning(StrEnum):
    """What a POST turned out to be; also what the metrics count."""

    EVENTS = "events"
    HEARTBEAT = "heartbeat"
    DUPLICATE = "duplicate"
    LOST = "lost"
    SUPERSEDED = "superseded"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What to answer once `entry` (if any) is stored."""

    meaning: Meaning
    status: SubscriptionStatus
    entry: Entry | None
    events: int = 0
    has_gap: bool = False


def ordinary(delivery: Delivery) -> Ruling | None:
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
        return _ok(Meaning.HEARTBEAT, delivery, InChain(delivery.callback.generation, start), changes, ())
    if start is None or end is None or start in delivery.marks or delivery.lost_code or not delivery.unbroken:
        return None
    changes |= {"watermark": end, "previous_watermark": start}
    expects = InChain(delivery.callback.generation, start)
    return _ok(Meaning.EVENTS, delivery, expects, changes, delivery.documents)


def ended(row: Subscription, delivery: Delivery) -> Ruling | None:
    """Return the ruling for a callback that is retired or superseded; None for any other."""
    if row.state is State.RETIRED:
        return Ruling(Meaning.RETIRED, SubscriptionStatus.UNSUBSCRIBE, None)
    if delivery.callback.generation < row.generation:
        return Ruling(Meaning.SUPERSEDED, SubscriptionStatus.UNSUBSCRIBE, None)
    return None


def judged(row: Subscription, delivery: Delivery, recent: Recent, minute: timedelta) -> Ruling:
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
    ruling = _ok(_meaning(delivery, fresh), delivery, Unchanged(row), changes, documents)
    return replace(ruling, has_gap=bool(gap))


def _meaning(delivery: Delivery, fresh: tuple[Document, ...]) -> Meaning:
    if delivery.lost_code is not None:
        return Meaning.LOST
    if fresh:
        return Meaning.EVENTS
    return Meaning.DUPLICATE if delivery.documents else Meaning.HEARTBEAT


def _ok(
    meaning: Meaning,
    delivery: Delivery,
    expects: InChain | Unchanged,
    changes: dict[str, object],
    documents: tuple[Document, ...],
) -> Ruling:
    callback = delivery.callback
    logged = None
    if documents:
        link = (delivery.watermark, delivery.previous_watermark)
        logged = logged_at(callback.subscription, callback.generation, delivery.received_at, documents, *link)
    entry = Entry(callback.subscription, expects, changes, logged)
    return Ruling(meaning, SubscriptionStatus.OK, entry, len(documents))


def _gap(row: Subscription, delivery: Delivery, recent: Recent, minute: timedelta) -> tuple[Document, ...]:
    reason = _gap_reason(row, delivery, recent)
    if reason is None:
        return ()
    doubted_since = row.gap_since if _is_first_post(row, delivery) else None
    start = doubted_since or told_until(row, minute) or delivery.received_at
    code = delivery.lost_code if reason is GapReason.SUBSCRIPTION_LOST else None
    return (gap_document(delivery.callback, reason, start, delivery.received_at, code),)


def _is_first_post(row: Subscription, delivery: Delivery) -> bool:
    """Whether the POST is the first of a generation, or may be: it then settles what `gap_since` left open."""
    return delivery.callback.generation > row.generation or bool(row.first_post_due)


def _gap_reason(row: Subscription, delivery: Delivery, recent: Recent) -> GapReason | None:
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
    if renewed and row.gap_since is None and not proven:
        return GapReason.RESUME_UNPROVEN  # its Subscribe was given up, and with it what was in doubt
    if _is_first_post(row, delivery):
        disproved = proven and row.gap_reason is GapReason.RESUME_UNPROVEN
        return None if disproved else row.gap_reason
    if start is not None and not proven and row.watermark is not None:
        return GapReason.CHAIN_MISMATCH
    return None if delivery.unbroken else GapReason.CHAIN_MISMATCH


def _changes(row: Subscription, delivery: Delivery, recent: Recent, *, has_news: bool) -> dict[str, object]:
    generation = delivery.callback.generation
    changes: dict[str, object] = {"last_seen_at": delivery.received_at, "revision": row.revision + 1}
    if delivery.lost_code is None:
        changes["last_event_at"] = delivery.last_event_at
    lives = delivery.lost_code is None and (row.lost_code is None or generation > row.generation)
    if lives and row.state is not State.ACTIVE:
        changes |= _revival(row, delivery)
    if _is_first_post(row, delivery):
        changes |= {"gap_since": None, "gap_reason": None}
    if generation > row.generation:
        changes |= _adoption(row, delivery)
    elif row.first_post_due and delivery.watermark is not None:
        changes["first_post_due"] = None
    end = delivery.watermark
    if end is not None and has_news and end not in {row.watermark, row.previous_watermark} and end not in recent.marks:
        changes |= {"watermark": end, "previous_watermark": row.watermark}
    return changes | _loss(row, delivery) if delivery.lost_code is not None else changes


def _to_recover(row: Subscription, delivery: Delivery) -> dict[str, object]:
    """The keeper is to look, and to recover what the gap swallowed."""
    at = delivery.received_at
    waits = row.state is not State.ACTIVE or row.generation < row.wanted_generation
    look = {} if waits else {"check_at": at}
    return {"recover_since": row.recover_since or at, "sync_at": at, **look}


def _revival(row: Subscription, delivery: Delivery) -> dict[str, object]:
    """It lives after all: to be looked at now, unless it waits for a Subscribe with what is wanted by now."""
    changes: dict[str, object] = {"state": State.ACTIVE}
    if max(row.generation, delivery.callback.generation) >= row.wanted_generation:
        changes |= {"check_at": delivery.received_at, "attempts": 0, "last_error": None}
    return changes


def _loss(row: Subscription, delivery: Delivery) -> dict[str, object]:
    """The server ended it: due as soon as the server wants, unless a Subscribe is on its way already."""
    changes: dict[str, object] = {
        "state": State.LAPSED,
        "lost_code": delivery.lost_code,
        "last_error": delivery.lost_code,
    }
    is_under_way = row.pending_generation is not None and row.state in {State.WANTED, State.LAPSED}
    if not is_under_way or delivery.callback.generation > row.generation:
        changes["check_at"] = delivery.received_at + back_off(delivery.back_off_ms)
    return changes


def _adoption(row: Subscription, delivery: Delivery) -> dict[str, object]:
    """A newer generation lives once it is heard of, even if the answer to its Subscribe was lost."""
    generation = delivery.callback.generation
    pending = row.pending_generation
    return {
        "generation": generation,
        "pending_generation": pending if pending is not None and pending > generation else None,
        "subscription_id": delivery.subscription_id,
        "first_post_due": None if delivery.watermark is not None else True,
        "lost_code": None,
        "last_error": None,
        "attempts": 0,
    }
