"""How rules are broken: each function gets a rule, and returns what takes its place."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any, Final

from ewspush.domain.receiving.rules import Decision, PushOutcome
from ewspush.domain.subscription import State
from ewspush.protocol.acknowledgement import SubscriptionStatus
from ewspush.protocol.watermark import is_real

_REQUEST_MESSAGES: Final = 10


def always(result: object) -> Callable[[Any], Any]:
    """Return the same result whatever is given."""
    return lambda _rule: lambda *_given: result


def times(factor: float) -> Callable[[Any], Any]:
    """Multiply a number."""
    return lambda rule: rule * factor


def acknowledge_after_failure(rule: Any) -> Any:
    """Answer OK where the write failed."""

    def process_push(*given: Any) -> Decision:
        try:
            decision: Decision = rule(*given)
        except Exception:  # noqa: BLE001  # the defect
            return Decision(PushOutcome.DUPLICATE, SubscriptionStatus.OK, None)
        return decision

    return process_push


def expect_generation_only(_rule: Any) -> Any:
    """Expect nothing of the watermark."""
    return property(lambda self: {"generation": self.generation, "state": State.ACTIVE})


def expect_nothing(_rule: Any) -> Any:
    """Write whatever the row is."""
    return property(lambda _self: {})


def return_whole_change(_rule: Any) -> Any:
    """Take no part of a change for published."""
    return lambda _self, change: change


def forget_ids(rule: Any) -> Any:
    """Know no ids of logged events."""
    return lambda entries: replace(rule(entries), ids=frozenset())


def hide_pushed_objects(rule: Any) -> Any:
    """Read what was added to the log, and say that push changed nothing."""

    def refresh(self: Any, subscription: Any) -> frozenset[str]:
        rule(self, subscription)
        return frozenset()

    return refresh


def forget_reached(rule: Any) -> Any:
    """Open a gap for each silence, and forget that there is one."""

    def on_unreachable(subscription: Any, *given: Any) -> Any:
        changes, gap = rule(replace(subscription, reached_at=None), *given)
        return changes | {"unreachable_since": None}, gap

    return on_unreachable


def new_id_for_each_try(rule: Any) -> Any:
    """Give a message another deduplication id with each try."""
    tries = count()

    def messages_of(notification: Any) -> Any:
        messages = rule(notification)
        return tuple(replace(each, deduplication_id=f"{each.deduplication_id}/{next(tries)}") for each in messages)

    return messages_of


def resume_after_batch(rule: Any) -> Any:
    """Skip a message that was not accepted."""

    def forward(*given: Any) -> Any:
        result = rule(*given)
        result.resume_from = None
        return result

    return forward


def allow_same_mailbox(_rule: Any) -> Any:
    """Put several messages of one mailbox into one request."""
    return lambda self, _message: len(self.messages) < _REQUEST_MESSAGES


def store_any_watermark(rule: Any) -> Any:
    """Store the watermark of every POST, also of an old one."""

    def changes(row: Any, push: Any, recent: Any, *, is_copy: bool) -> dict[str, object]:
        made: dict[str, object] = rule(row, push, recent, is_copy=is_copy)
        watermark = push.watermark
        return made | ({"watermark": watermark, "previous_watermark": row.watermark} if is_real(watermark) else {})

    return changes


def move_past_what_is_logged(rule: Any) -> Any:
    """Store the watermark of a whole POST with its first link."""

    def cut_before(push: Any, event_id: str) -> Any:
        first, second = rule(push, event_id)
        return replace(first, watermark=push.watermark), second

    return cut_before


def unsubscribe_before_confirmed(rule: Any) -> Any:
    """Answer Unsubscribe to all generations but the newest, although that one is not confirmed."""

    def unsubscribe_if_over(row: Any, push: Any) -> Any:
        if push.callback.generation < row.newest_generation:
            return Decision(PushOutcome.SUPERSEDED, SubscriptionStatus.UNSUBSCRIBE, None)
        return rule(row, push)

    return unsubscribe_if_over


def acknowledge_superseded(rule: Any) -> Any:
    """Answer OK to a superseded generation."""

    def unsubscribe_if_over(row: Any, push: Any) -> Any:
        decision = rule(row, push)
        return replace(decision, status=SubscriptionStatus.OK) if decision is not None else None

    return unsubscribe_if_over


def one_second(_rule: Any) -> Any:
    """Give a Subscribe no time to be confirmed."""
    return lambda _self, _row: timedelta(seconds=1)


def halve_silence(rule: Any) -> Any:
    """Renew after half the silence."""

    def due_at(row: Any, timing: Any) -> Any:
        due = rule(row, timing)
        is_live = due is not None and row.state is State.ACTIVE
        return due - timing.silence(row.status_frequency_minutes) / 2 if is_live else due

    return due_at


def check_everything(rule: Any) -> Any:
    """Check all subscriptions, due or not."""

    def due(self: Any, number: int) -> Iterator[str]:
        yield from rule(self, number)
        yield from self.ledger.keys()

    return due


def trust_resume(rule: Any) -> Any:
    """Suspect no gap where a Subscribe has a watermark."""
    return lambda row, *given, **named: {} if row.watermark is not None else rule(row, *given, **named)


def start_gap_at_last_push(rule: Any) -> Any:
    """Begin a gap with the last POST, though what was in transit then may arrive late or never."""

    def suspicion(row: Any, *given: Any, **named: Any) -> dict[str, object]:
        changes: dict[str, object] = rule(row, *given, **named)
        is_late = "suspected_gap_since" in changes and row.last_seen_at
        return changes | ({"suspected_gap_since": row.last_seen_at} if is_late else {})

    return suspicion


def drop_suspected_gap(rule: Any) -> Any:
    """Drop the watermark without suspecting a gap."""
    return lambda *given: dict.fromkeys(rule(*given))


def restart_as_recovered(rule: Any) -> Any:
    """Start over after a lost sync state, without noting what cannot be recovered."""
    return lambda run: replace(rule(run), unpublished=run.unpublished)
