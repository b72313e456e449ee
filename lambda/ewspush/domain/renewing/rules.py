"""When a subscription is due for a Subscribe, and what the Subscribe and its answer change.

Every Subscribe has a generation of its own, stored before it is sent, and counts as alive until the server says
otherwise (docs/adr/0012). So whatever process dies on the way, the next keeper finds a pending generation, and gives it
time to send its first push; a server subscription that nothing of ours knows is superseded by the next generation.
"""

from datetime import datetime, timedelta
from typing import Final

from ewspush.domain.callback import without_paths
from ewspush.domain.gaps import suspicion_on_attempt, suspicion_on_refused_watermark, suspicion_on_success
from ewspush.domain.ports import Jitter
from ewspush.domain.reachability import on_silent_generation
from ewspush.domain.retries import backoff, retry_wait
from ewspush.domain.subscription import State, Subscription, SubscriptionChanges
from ewspush.domain.timing import Timing
from ewspush.protocol.response_codes import NO_CONNECTION, Missing, Remedy, advice
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed
from ewspush.protocol.watermark import is_real

FEW_TRIES: Final = 5
"""With the waits between them a quarter of an hour: edited rights take WorkMail up to five minutes to apply."""

MAX_QUOTA_WAIT_MINUTES: Final = 60
"""A server subscription without answers frees its place after StatusFrequency at the latest, which can be a day."""

RIGHTS_WAIT_MINUTES: Final = 60
SUSPENDED_WAIT_MINUTES: Final = 24 * 60
"""A person has to act, and may not tell us: so it is tried again, rarely (docs/adr/0015)."""

_HOURLY_TRIES: Final = 24

_WITHOUT_WATERMARK: Final = frozenset({Remedy.RESUBSCRIBE_WITHOUT_WATERMARK, Remedy.RETRY_WITHOUT_WATERMARK})
_PASSING: Final = frozenset({Remedy.RETRY_A_FEW_TIMES, Remedy.RETRY_THEN_SUSPEND})
_TEXT_CHARACTERS: Final = 160


def due_at(subscription: Subscription, timing: Timing) -> datetime | None:
    """Return when a Subscribe is due if nothing happens: None is never, a time in the past is now."""
    if subscription.state is State.RETIRED:
        return None
    has_desired_settings = subscription.generation >= subscription.min_generation
    heard = [each for each in (subscription.last_seen_at, subscription.subscribed_at) if each is not None]
    if subscription.state is State.ACTIVE and has_desired_settings and heard:
        return max(heard) + timing.silence(subscription.status_frequency_minutes)
    return subscription.next_check_at


def overdue(subscription: Subscription, timing: Timing, now: datetime) -> timedelta:
    """Return how long a renewal is overdue: the silence beyond what is promised to be noticed.

    A suspended subscription waits for a person, not for the keeper.
    """
    if subscription.last_seen_at is None or subscription.state is State.SUSPENDED:
        return timedelta()
    silence = timing.silence(subscription.status_frequency_minutes)
    return max(now - subscription.last_seen_at - silence, timedelta())


def on_attempt(
    subscription: Subscription, timing: Timing, now: datetime, *, resume_is_trusted: bool
) -> SubscriptionChanges:
    """Return what to store before a Subscribe is sent: its generation, and the gap that it leaves in suspicion."""
    changes: SubscriptionChanges = {
        "state": State.LAPSED if subscription.state is State.ACTIVE else subscription.state,
        "pending_generation": subscription.newest_generation + 1,
        "attempts": subscription.attempts + 1,
        "is_resumed": watermark_of(subscription) is not None,
        "next_check_at": now + timing.grace(subscription.status_frequency_minutes),
    }
    return changes | suspicion_on_attempt(subscription, timing, now, resume_is_trusted=resume_is_trusted)


def on_success(subscription: Subscription, answer: Subscribed, timing: Timing, now: datetime) -> SubscriptionChanges:
    """Return what to store when the server has made the subscription; `subscription` is what `on_attempt` left."""
    changes: SubscriptionChanges = {
        "state": State.ACTIVE,
        "generation": subscription.pending_generation or 0,
        "pending_generation": None,
        "subscribed_at": now,
        "subscription_id": answer.subscription_id,
        "awaiting_first_push": True,
        "lost_code": None,
        "last_error": None,
        "attempts": 0,
        "next_check_at": now + timing.silence(subscription.status_frequency_minutes),
    }
    changes |= on_silent_generation(subscription)
    if subscription.unreachable_since is not None:
        changes["next_check_at"] = now  # for its next sync
    if subscription.watermark is None and is_real(answer.watermark):
        changes["watermark"] = answer.watermark
    return changes | suspicion_on_success(subscription, answer.watermark)


def is_unclear(answer: Refused) -> bool:
    """Whether the subscription may have been made although the answer does not say so."""
    return advice(answer.response_code).remedy is Remedy.WAIT_FOR_PUSH


def on_no_response(
    subscription: Subscription, timing: Timing, now: datetime, unclear: Refused | None = None
) -> SubscriptionChanges:
    """Return what to store when there was no clear answer: it may live, and has time to send its first push."""
    back_off = backoff(unclear.back_off_ms) if unclear is not None else timedelta()
    return {
        "next_check_at": now + max(timing.grace(subscription.status_frequency_minutes), back_off),
        "last_error": _in_words(unclear) if unclear is not None else "the mail server did not answer the Subscribe",
    }


def on_refusal(
    subscription: Subscription, answer: Refused, timing: Timing, now: datetime, jitter: Jitter
) -> SubscriptionChanges:
    """Return what to store when the server refused: when to try again, and whether a person has to act."""
    remedy = advice(answer.response_code).remedy
    changes: SubscriptionChanges = {"last_error": _in_words(answer), "silent_shard": None}
    if _has_to_wait_for_a_person(subscription, remedy):
        minutes = _suspended_wait_minutes(subscription, answer)
        changes["state"] = State.SUSPENDED
        changes["next_check_at"] = now + timing.minutes(minutes * (1 + jitter()) / 2)
    else:
        changes["next_check_at"] = now + _retry_wait(subscription, answer, timing, jitter)
    if remedy in _WITHOUT_WATERMARK and subscription.watermark is not None:
        changes |= {"watermark": None, "previous_watermark": None}
        changes |= suspicion_on_refused_watermark(subscription, timing, now)
    return changes


def _has_to_wait_for_a_person(subscription: Subscription, remedy: Remedy) -> bool:
    """Whether the refusal is believed to be for good; at once only where the same settings never worked.

    Where they worked before, such refusals come and go (ews-managed-api, issues 212, 219, 259).
    """
    if remedy is Remedy.SUSPEND and not _has_lived(subscription):
        return True
    return remedy in {Remedy.SUSPEND, *_PASSING} and subscription.attempts >= FEW_TRIES


def _has_lived(subscription: Subscription) -> bool:
    """Whether a push of it ever arrived, subscribed with the settings that are desired now."""
    return subscription.last_seen_at is not None and subscription.generation >= subscription.min_generation


def _suspended_wait_minutes(subscription: Subscription, answer: Refused) -> int:
    """Return how rarely a suspended subscription is tried: hourly where the cause may pass, else daily.

    What has lived is tried hourly for a day, and as long as its mailbox may only be disabled: one that is enabled again
    is back within an hour.
    """
    if advice(answer.response_code).remedy in _PASSING:
        return RIGHTS_WAIT_MINUTES
    is_recent = subscription.attempts < FEW_TRIES + _HOURLY_TRIES
    may_be_disabled = advice(answer.response_code).missing is Missing.MAILBOX  # WorkMail's code is not published
    is_hourly = _has_lived(subscription) and (is_recent or may_be_disabled)
    return RIGHTS_WAIT_MINUTES if is_hourly else SUSPENDED_WAIT_MINUTES


def can_retry_without_watermark(subscription: Subscription, answer: Refused) -> bool:
    """Whether the same Subscribe without the watermark can succeed at once."""
    remedy = advice(answer.response_code).remedy
    return watermark_of(subscription) is not None and remedy is Remedy.RESUBSCRIBE_WITHOUT_WATERMARK


def watermark_of(subscription: Subscription) -> str | None:
    """Return the watermark that a Subscribe carries: none where the server can't deliver what follows it."""
    return subscription.watermark if subscription.unreachable_since is None else None


def _retry_wait(subscription: Subscription, answer: Refused, timing: Timing, jitter: Jitter) -> timedelta:
    waits_for_quota = advice(answer.response_code).remedy is Remedy.WAIT
    quota_minutes = min(subscription.status_frequency_minutes, MAX_QUOTA_WAIT_MINUTES) if waits_for_quota else 0
    return retry_wait(subscription.attempts, answer.back_off_ms, timing, jitter, at_least_minutes=quota_minutes)


def _in_words(answer: Refused) -> str:
    """A server may quote the callback URL, which is a secret."""
    words = f"{answer.response_code}: {advice(answer.response_code).reason}"
    text = without_paths(answer.text or "")[:_TEXT_CHARACTERS]
    speaker = "" if answer.response_code == NO_CONNECTION else "the server says: "
    return f"{words} ({speaker}{text})" if text else words
