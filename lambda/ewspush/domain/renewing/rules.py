"""A subscription's life on the server: when it counts as lost, and what a Subscribe and its answer do to the row.

Every Subscribe has a generation of its own, written down before it is sent, and is taken for one that came to life
until the server says otherwise. So whatever dies on the way, the next keeper finds a generation that it must give time
to be heard of; and what lives unknown is superseded by the next one that is heard of.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ewspush.domain.events import GapReason
from ewspush.domain.gaps import complete_until
from ewspush.domain.subscription import State, Subscription
from ewspush.domain.timestamps import backoff
from ewspush.protocol.response_codes import Advice, Remedy, advice
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed
from ewspush.protocol.watermark import is_real

Changes = dict[str, object]

FEW_TRIES: Final = 5
"""With the waits between them a quarter of an hour: edited rights take WorkMail up to five minutes to apply."""

MIN_WAIT_MINUTES: Final = 1
MAX_WAIT_MINUTES: Final = 15
"""Between two tries. Longer would be politer, and leave a mailbox deaf after the server is back."""
_DOUBLINGS: Final = 4

MAX_QUOTA_WAIT_MINUTES: Final = 60
"""A subscription that nobody answers frees its place after StatusFrequency at the latest, which can be a day."""

RIGHTS_WAIT_MINUTES: Final = 60
SUSPENDED_WAIT_MINUTES: Final = 24 * 60
"""A person has to act, and may not know of us: so it is tried again, rarely."""

MIN_GRACE: Final = timedelta(seconds=45)
"""For a Subscribe under way, in real time: longer than its time-outs, so that no second keeper starts beside it."""

ON_TIME_MINUTES: Final = 5
"""From the wish to its first Subscribe: nobody expects more of events than that they begin then."""

_SILENT_FREQUENCIES: Final = 2
"""Exchange, page on StatusFrequency: no notification for twice as long means that the subscription is to be renewed."""

_FORGETFUL: Final = frozenset({Remedy.RESUBSCRIBE_WITHOUT_WATERMARK, Remedy.RETRY_WITHOUT_WATERMARK})
_PASSING: Final = frozenset({Remedy.RETRY_A_FEW_TIMES, Remedy.RETRY_THEN_SUSPEND})
_TEXT_CHARACTERS: Final = 160


@dataclass(frozen=True, slots=True)
class Policy:
    """How long a protocol minute lasts, and whether a server that takes a watermark is known to resume from it."""

    minute: timedelta
    resume_is_trusted: bool

    def minutes(self, number: float) -> timedelta:
        """Return so many protocol minutes."""
        return number * self.minute

    def silence(self, row: Subscription) -> timedelta:
        """Return how long nothing may be heard of a live subscription."""
        return self.minutes(_SILENT_FREQUENCIES * row.status_frequency_minutes)

    def grace(self, row: Subscription) -> timedelta:
        """Return how long a Subscribe that nobody answered may take to be heard of: StatusFrequency and a minute."""
        return max(self.minutes(row.status_frequency_minutes + 1), MIN_GRACE)


def due_at(row: Subscription, policy: Policy) -> datetime | None:
    """Return when a Subscribe is due if nothing happens: None is never, a time in the past is now."""
    if row.state is State.RETIRED:
        return None
    is_as_wanted = row.generation >= row.min_generation
    if row.state is State.ACTIVE and is_as_wanted and row.last_seen_at is not None:
        return row.last_seen_at + policy.silence(row)
    return row.next_check_at


def overdue(row: Subscription, policy: Policy, now: datetime) -> timedelta:
    """Return how long a subscription is overdue for renewal, by the silence that was promised to be noticed.

    One that is suspended waits for a person, not for the keeper.
    """
    since = row.last_seen_at if row.state is not State.SUSPENDED else None
    return max(now - since - policy.silence(row), timedelta()) if since is not None else timedelta()


def suspicion_cleared(row: Subscription) -> Changes:
    """Return what a live subscription no longer has in doubt: it went on, and nothing of it was missed."""
    return (
        {"suspected_gap_since": None, "suspected_gap_reason": None}
        if row.suspected_gap_since is not None and not row.awaiting_first_push
        else {}
    )


def on_attempt(row: Subscription, policy: Policy, now: datetime) -> Changes:
    """Return what to write before a Subscribe is sent: its generation, and what its first POST will have to prove."""
    changes: Changes = {
        "state": State.LAPSED if row.state is State.ACTIVE else row.state,
        "pending_generation": row.newest_generation + 1,
        "attempts": row.attempts + 1,
        "next_check_at": now + policy.grace(row),
    }
    return changes | _doubts(row, policy, now)


def _doubts(row: Subscription, policy: Policy, now: datetime) -> Changes:
    """What a first subscription missed is in doubt from its second try on; one that goes on, by how it is resumed.

    Since when, is written down in any case: a watermark that is trusted now may be refused later.
    """
    if row.suspected_gap_reason is not None:
        return {}
    reason = _reason(row, policy, now)
    if row.suspected_gap_since is not None:
        return {} if reason is None else {"suspected_gap_reason": reason}
    return {
        "suspected_gap_since": complete_until(row, policy.minute) or row.next_check_at or now,
        "suspected_gap_reason": reason,
    }


def _reason(row: Subscription, policy: Policy, now: datetime) -> GapReason | None:
    if row.watermark is not None:
        return None if policy.resume_is_trusted else GapReason.RESUME_UNPROVEN
    if row.last_seen_at is not None or row.suspected_gap_since is None:
        return GapReason.NOT_RESUMED
    is_late = row.attempts > 0 or now - row.suspected_gap_since > policy.minutes(ON_TIME_MINUTES)
    return GapReason.SUBSCRIBED_LATE if is_late else None


def on_success(row: Subscription, answer: Subscribed, policy: Policy, now: datetime) -> Changes:
    """Return what to write when the server has made the subscription; `row` is the one that `begun` left."""
    changes: Changes = {
        "state": State.ACTIVE,
        "generation": row.pending_generation,
        "pending_generation": None,
        "subscription_id": answer.subscription_id,
        "awaiting_first_push": True,
        "lost_code": None,
        "last_error": None,
        "attempts": 0,
        "next_check_at": now + policy.silence(row),
        **_left_in_doubt(row),
    }
    if row.watermark is None and is_real(answer.watermark):
        changes["watermark"] = answer.watermark
    return changes


def _left_in_doubt(row: Subscription) -> Changes:
    """What the first POST is to settle, also where the generation before was heard of meanwhile.

    Where nothing was ever heard, nothing is known of the mailbox until it is.
    """
    if row.suspected_gap_reason is None and row.last_seen_at is not None:
        return {"suspected_gap_since": None, "suspected_gap_reason": None}
    return {"suspected_gap_since": row.suspected_gap_since, "suspected_gap_reason": row.suspected_gap_reason}


def on_no_response(row: Subscription, policy: Policy, now: datetime) -> Changes:
    """Return what to write when there was no answer: it may live, and is given the time to be heard of."""
    return {"next_check_at": now + policy.grace(row), "last_error": "the mail server did not answer the Subscribe"}


def on_refusal(
    row: Subscription, answer: Refused, policy: Policy, now: datetime, chance: Callable[[], float]
) -> Changes:
    """Return what to write when the server refused: when to try again, and whether a person has to act.

    `chance` returns a number from 0 up to 1, and spreads the tries of a herd over time.
    """
    told = advice(answer.response_code)
    gives_up = told.remedy is Remedy.SUSPEND or (told.remedy in _PASSING and row.attempts >= FEW_TRIES)
    if gives_up:
        minutes = SUSPENDED_WAIT_MINUTES if told.remedy is Remedy.SUSPEND else RIGHTS_WAIT_MINUTES
        until = now + policy.minutes(minutes * (1 + chance()) / 2)
    else:
        until = now + wait(row, answer, policy, row.attempts, chance)
    changes: Changes = {
        "next_check_at": until,
        "last_error": _in_words(answer, told),
    }
    if gives_up:
        changes["state"] = State.SUSPENDED
    if told.remedy in _FORGETFUL and row.watermark is not None:
        changes |= _without_watermark(row, policy, now)
    return changes


def can_retry_without_watermark(row: Subscription, answer: Refused) -> bool:
    """Whether the same Subscribe without the watermark can succeed at once."""
    return row.watermark is not None and advice(answer.response_code).remedy is Remedy.RESUBSCRIBE_WITHOUT_WATERMARK


def _without_watermark(row: Subscription, policy: Policy, now: datetime) -> Changes:
    since = row.suspected_gap_since or complete_until(row, policy.minute) or now
    reason = GapReason.WATERMARK_REFUSED
    return {"watermark": None, "previous_watermark": None, "suspected_gap_since": since, "suspected_gap_reason": reason}


def wait(row: Subscription, answer: Refused, policy: Policy, attempts: int, chance: Callable[[], float]) -> timedelta:
    """Return how long to wait after try `attempts` was refused: twice as long each time, half of it by chance."""
    minutes = min(MIN_WAIT_MINUTES << min(attempts - 1, _DOUBLINGS), MAX_WAIT_MINUTES)
    if advice(answer.response_code).remedy is Remedy.WAIT:
        minutes = max(minutes, min(row.status_frequency_minutes, MAX_QUOTA_WAIT_MINUTES))
    return max(policy.minutes(minutes * (1 + chance()) / 2), backoff(answer.back_off_ms))


def _in_words(answer: Refused, told: Advice) -> str:
    words = f"{answer.response_code}: {told.reason}"
    return f"{words} (the server says: {answer.text[:_TEXT_CHARACTERS]})" if answer.text else words
