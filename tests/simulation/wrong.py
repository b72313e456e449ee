"""How rules are made wrong: functions of a rule that return what takes its place."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any, Final

from ewspush.domain.receiving.rules import Decision, PushOutcome
from ewspush.domain.subscription import State
from ewspush.protocol.acknowledgement import SubscriptionStatus
from ewspush.protocol.watermark import is_real

_REQUEST_MESSAGES: Final = 10


def acknowledged_anyway(rule: Any) -> Any:
    """Answer OK where the write failed."""

    def receive(*given: Any) -> Decision:
        try:
            ruling: Decision = rule(*given)
        except Exception:  # noqa: BLE001  # this is what is wrong with it
            return Decision(PushOutcome.DUPLICATE, SubscriptionStatus.OK, None)
        return ruling

    return receive


def unchained(_rule: Any) -> Any:
    """Expect nothing of the watermark."""
    return property(lambda self: {"generation": self.generation, "state": State.ACTIVE})


def unguarded(_rule: Any) -> Any:
    """Expect nothing of the row."""
    return property(lambda _self: {})


def forgetful(_rule: Any) -> Any:
    """Know nothing of the log."""
    return lambda _self, _document: False


def all_untold(_rule: Any) -> Any:
    """Take every change for one that nobody has told."""
    return lambda _self, change, _gaps: change


def caught_up_already(_rule: Any) -> Any:
    """Take it that push has nothing under way."""
    return lambda _self, _row, _ended_at: True


def undeduplicated(rule: Any) -> Any:
    """Give a message another id with each try."""
    tries = count()

    def messages_of(notification: Any) -> Any:
        made = rule(notification)
        return tuple(replace(each, deduplication_id=f"{each.deduplication_id}/{next(tries)}") for each in made)

    return messages_of


def unstoppable(rule: Any) -> Any:
    """Go on behind a message that was not taken."""

    def forward(*given: Any) -> Any:
        handover = rule(*given)
        handover.resume_from = None
        return handover

    return forward


def roomy(_rule: Any) -> Any:
    """Put messages of one mailbox into one request."""
    return lambda self, _message: len(self.messages) < _REQUEST_MESSAGES


def remembered_last(rule: Any) -> Any:
    """Store the watermark of whatever comes."""

    def changes(row: Any, delivery: Any, recent: Any, *, has_news: bool) -> dict[str, object]:
        made: dict[str, object] = rule(row, delivery, recent, has_news=has_news)
        end = delivery.watermark
        return made | ({"watermark": end, "previous_watermark": row.watermark} if is_real(end) else {})

    return changes


def superseded_by_hope(rule: Any) -> Any:
    """Answer Unsubscribe to whoever is older than the newest Subscribe, though nothing was heard of that one."""

    def ended(row: Any, delivery: Any) -> Any:
        if delivery.callback.generation < row.newest_generation:
            return Decision(PushOutcome.SUPERSEDED, SubscriptionStatus.UNSUBSCRIBE, None)
        return rule(row, delivery)

    return ended


def never_ended(rule: Any) -> Any:
    """Answer OK to what is superseded."""

    def ended(row: Any, delivery: Any) -> Any:
        ruling = rule(row, delivery)
        return replace(ruling, status=SubscriptionStatus.OK) if ruling is not None else None

    return ended


def graceless(_rule: Any) -> Any:
    """Give a Subscribe no time to be heard of."""
    return lambda _self, _row: timedelta(seconds=1)


def impatient(rule: Any) -> Any:
    """Take half the silence for the whole."""

    def due_at(row: Any, policy: Any) -> Any:
        due = rule(row, policy)
        return due - policy.silence(row) / 2 if due is not None and row.state is State.ACTIVE else due

    return due_at


def patient(rule: Any) -> Any:
    """Wait three times as long."""
    return rule * 3


def hasty(rule: Any) -> Any:
    """Wait for less than one StatusFrequency."""
    return rule * 0.45


def everything_due(rule: Any) -> Any:
    """Look at what exists."""

    def due(self: Any, number: int) -> Iterator[str]:
        yield from rule(self, number)
        yield from self._keeper.ledger.keys()

    return due


def nothing_lost(_rule: Any) -> Any:
    """Make nothing of last words."""
    return lambda _row, _delivery: {}


def undoubted(rule: Any) -> Any:
    """Take every resume for proven."""
    return lambda row, policy, now: {} if row.watermark is not None else rule(row, policy, now)


def doubted_late(rule: Any) -> Any:
    """Begin a gap with the last POST, though what was under way then may have been told later, or never."""

    def doubts(row: Any, policy: Any, now: Any) -> dict[str, object]:
        made: dict[str, object] = rule(row, policy, now)
        return made | (
            {"suspected_gap_since": row.last_seen_at} if "suspected_gap_since" in made and row.last_seen_at else {}
        )

    return doubts


def refused_silently(rule: Any) -> Any:
    """Forget the watermark, and not say so."""

    def without_watermark(row: Any, policy: Any, now: Any) -> dict[str, object]:
        changes = rule(row, policy, now)
        return {name: None if name.startswith("suspected_gap") else value for name, value in changes.items()}

    return without_watermark


def started_over_silently(rule: Any) -> Any:
    """Make nothing of a lost sync state."""

    def started_over(work: Any) -> Any:
        return replace(rule(work), unrecovered=work.unrecovered)

    return started_over
