"""When a sync is due, and what a finished run concludes: a baseline, and gaps that it closes or leaves open."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from ewspush.domain.events import Event, GapClosedEvent, GapEvent, Origin, stable_id
from ewspush.domain.gaps import complete_until
from ewspush.domain.ports import Jitter
from ewspush.domain.published import OpenGap
from ewspush.domain.subscription import GapReason, Subscription, SubscriptionChanges
from ewspush.domain.sync_run import HIERARCHY, Baseline, Purpose, SyncRun
from ewspush.domain.timing import Timing

REFRESH_MINUTES: Final = 24 * 60
"""Age of a baseline at which a new one is taken, so that a recovery has no more than a day to go through."""

SPREAD_MINUTES: Final = 15
"""Over so long the first baselines of many mailboxes are spread."""

_MAX_BACKLOG_FREQUENCIES: Final = 8
"""Upper bound for the wait for a backlog: MoreEvents without an end must not postpone a recovery for good."""

_NEVER: Final = datetime.max.replace(tzinfo=UTC)

_SHOWN_FOLDERS: Final = 2
_SHOWN_CHARACTERS: Final = 40
"""Of a folder that is set aside: the row has to stay small, and ids of Exchange have 120 and more."""
_HIERARCHY_IN_WORDS: Final = "the list of folders"

CONFIRM_MINUTES: Final = 1
"""Between two checks of a finished run that waits for a push."""


def sync_due_at(subscription: Subscription, timing: Timing, now: datetime, jitter: Jitter) -> datetime:
    """Return when the next baseline or recovery is due."""
    if subscription.next_sync_at is None:
        return now + timing.minutes(SPREAD_MINUTES * jitter())
    opened_at = subscription.oldest_open_gap_at
    if opened_at is None or subscription.unreachable_since is not None:
        return subscription.next_sync_at
    opened_at = max(opened_at, subscription.reached_at or opened_at)
    return max(subscription.next_sync_at, _backlog_in_at(subscription, opened_at, timing))


def _backlog_in_at(subscription: Subscription, opened_at: datetime, timing: Timing) -> datetime:
    """Return when the backlog of a new generation has arrived, so that the sync finds most of it published.

    A heartbeat after the first push says that nothing waits on the server; else one StatusFrequency without MoreEvents
    (docs/adr/0004).
    """
    seen_at = subscription.last_seen_at
    if seen_at is not None and seen_at > opened_at and subscription.last_event_at is None:
        return opened_at
    frequency = timing.minutes(subscription.status_frequency_minutes)
    last_backlog_at = max(opened_at, subscription.more_events_at or opened_at)
    return min(last_backlog_at + frequency, opened_at + _MAX_BACKLOG_FREQUENCIES * frequency)


def is_confirmed(subscription: Subscription, run: SyncRun, timing: Timing) -> bool:
    """Whether push is known to have gone on since the run finished, so that no gap can begin before its states.

    Where no push arrives, a gap has begun already, and each run goes on from the one before.
    """
    if subscription.unreachable_since is not None:
        return run.finished_at is not None
    until = complete_until(subscription, timing) if subscription.suspected_gap_since is None else None
    return until is not None and run.finished_at is not None and until >= run.finished_at


def confirmation_due_at(subscription: Subscription, timing: Timing, now: datetime) -> datetime:
    """Return when to check a finished run again: only a push can confirm it."""
    frequency = timing.minutes(subscription.status_frequency_minutes)
    return max(now + timing.minutes(CONFIRM_MINUTES), (subscription.last_seen_at or now) + frequency)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What a finished and confirmed run changes."""

    changes: SubscriptionChanges
    baseline: Baseline
    events: tuple[Event, ...] = ()


def conclude(  # noqa: PLR0913, PLR0917  # what a conclusion depends on
    subscription: Subscription,
    run: SyncRun,
    base: Baseline | None,
    gaps: Sequence[OpenGap],
    refresh_at: datetime,
    now: datetime,
) -> Conclusion:
    """Return the baseline that the run leaves, and what becomes of the open `gaps`, oldest first."""
    finished_at = run.finished_at or now
    baseline = Baseline(run.round, run.started_at, finished_at, finished_at=finished_at, set_aside=run.set_aside)
    changes: SubscriptionChanges = {"next_sync_at": refresh_at, "last_error": set_aside_in_words(run)}
    if run.purpose is Purpose.BASELINE:
        return Conclusion(changes, baseline)
    published = run.published + (base.published if base is not None else 0)
    if run.base_round and base is not None and not run.unpublished:
        # Together with what it began from, the run covers everything since then.
        baseline = replace(baseline, valid_from=base.valid_from)
    done = [gap for gap in gaps if _over_at(gap, subscription) <= run.started_at]
    changes["oldest_open_gap_at"] = min((gap.logged_at for gap in gaps if gap not in done), default=None)
    if not done:
        return Conclusion(changes, replace(baseline, published=published))
    if any(gap.is_unreachable for gap in done):
        changes["reached_at"] = None
    return Conclusion(changes, baseline, (_closing_event(subscription, run, base, done, published, now),))


def set_aside_in_words(run: SyncRun) -> str | None:
    """Return which folders the run could not synchronize, and why; None where there are none."""
    if not run.set_aside:
        return None
    names = [_HIERARCHY_IN_WORDS if each == HIERARCHY else each for each in run.set_aside]
    shown = ", ".join(name[:_SHOWN_CHARACTERS] for name in names[:_SHOWN_FOLDERS])
    more = len(names) - _SHOWN_FOLDERS
    rest = f" and {more} more" if more > 0 else ""
    return f"not synchronized: {shown}{rest} ({run.set_aside_why})"


def _over_at(gap: OpenGap, subscription: Subscription) -> datetime:
    """Return when push went on, by our clock: where it is unreachable, that comes with the next push."""
    if not gap.is_unreachable:
        return gap.logged_at
    return _NEVER if subscription.unreachable_since is not None else subscription.reached_at or gap.logged_at


def _closing_event(  # noqa: PLR0913, PLR0917  # what the event says
    subscription: Subscription,
    run: SyncRun,
    base: Baseline | None,
    gaps: Sequence[OpenGap],
    published: int,
    now: datetime,
) -> GapEvent | GapClosedEvent:
    """Return the event that closes `gaps`, or the gap event that says that they stay open."""
    start = min(gap.start for gap in gaps)
    end = max(*(gap.end for gap in gaps), *(_over_at(gap, subscription) for gap in gaps))
    ids = tuple(gap.id for gap in gaps)
    identity = stable_id((subscription.mailbox, subscription.key, "closing", ids))
    is_covered = run.base_round > 0 and base is not None and base.valid_from <= start
    if is_covered and not run.unpublished:
        return GapClosedEvent(identity, start, end, now, ids, published, run.deleted_folders)
    reason = GapReason.NOT_RECOVERED
    return GapEvent(identity, start, end, reason, now, Origin.SYNC, gaps=ids, recovered=published)
