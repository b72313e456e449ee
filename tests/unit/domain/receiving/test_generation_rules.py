"""What a POST means for its generation: it begins to live, it was not lost after all, or the server ends it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from ewspush.domain.events import EventKind
from ewspush.domain.received_push import ReceivedPush
from ewspush.domain.receiving.rules import PushOutcome
from ewspush.domain.subscription import GapReason, State, Subscription
from ewspush.protocol.acknowledgement import SubscriptionStatus
from tests.builders import NOON, ZERO, created, error, events, message, posted, status, subscription
from tests.unit.domain.receiving.decisions import after, after_push, decided, entry_of, gaps_among

MINUTE: Final = timedelta(minutes=1)
NEVER_PUSHED: Final = subscription(
    state=State.WANTED, generation=0, pending_generation=1, watermark=None, last_seen_at=None, suspected_gap_since=NOON
)
"""The answer to its Subscribe was never seen."""


class TestGenerations:
    """The first push of a generation."""

    def test_it_brings_a_pending_generation_to_life(self) -> None:
        """Even if the answer to its Subscribe was never seen."""
        decision = decided(NEVER_PUSHED, events("w1", ("a", "w2")))
        row = after(NEVER_PUSHED, decision)
        assert decision.status is SubscriptionStatus.OK
        assert (row.state, row.generation, row.pending_generation) == (State.ACTIVE, 1, None)
        assert (row.subscription_id, row.watermark, decision.has_gap) == ("S1", "w2", False)

    def test_it_leaves_a_newer_subscribe_pending(self) -> None:
        """That one may live too."""
        row = after_push(subscription(pending_generation=3), events("w1", ("a", "w2"), generation=2))
        assert (row.generation, row.pending_generation) == (2, 3)

    def test_it_need_not_follow_what_subscribe_returned(self) -> None:
        """WorkMail's guide shows a Subscribe answer and a first PreviousWatermark that differ."""
        row = subscription(awaiting_first_push=True, watermark="from-subscribe")
        decision = decided(row, events("w1", ("a", "w2")))
        assert not decision.has_gap
        assert (after(row, decision).awaiting_first_push, after(row, decision).watermark) == (None, "w2")

    @pytest.mark.parametrize(("start", "gaps"), [("w1", 0), ("w9", 1)])
    def test_it_clears_or_confirms_a_suspected_gap(self, start: str, gaps: int) -> None:
        """Afterwards nothing is suspected, in either case."""
        suspicion: Any = {"suspected_gap_since": NOON, "suspected_gap_reason": GapReason.RESUME_UNPROVEN}
        row = subscription(state=State.LAPSED, pending_generation=2, **suspicion)
        decision = decided(row, events(start, ("a", "w10"), generation=2))
        assert len(gaps_among(entry_of(decision).events)) == gaps
        assert (after(row, decision).suspected_gap_since, after(row, decision).suspected_gap_reason) == (None, None)

    def test_a_zero_heartbeat_leaves_the_first_push_awaited(self) -> None:
        """It says nothing about the chain."""
        row = after_push(NEVER_PUSHED, posted(message(ZERO, status(ZERO))))
        assert (row.state, row.awaiting_first_push) == (State.ACTIVE, True)

    def test_it_ends_the_loss_of_the_old_one(self) -> None:
        """The ResponseCode belongs to the old generation alone."""
        lost: Any = {"state": State.LAPSED, "lost_code": "ErrorReadEventsFailed", "attempts": 3, "last_error": "x"}
        row = after_push(subscription(pending_generation=2, **lost), events("w1", ("a", "w2"), generation=2))
        assert (row.state, row.lost_code, row.attempts, row.last_error) == (State.ACTIVE, None, 0, None)


class TestRevival:
    """A subscription that was not lost after all."""

    @pytest.mark.parametrize("state", [State.LAPSED, State.SUSPENDED])
    @pytest.mark.parametrize("push", [posted(message("w1", status("w1"))), events("w1", ("a", "w2"))])
    def test_a_push_makes_it_active_and_due(self, state: State, push: ReceivedPush) -> None:
        """The keeper checks it again, and no gap is opened."""
        row = subscription(state=state, attempts=3, last_error="x", next_check_at=NOON + timedelta(days=1))
        decision = decided(row, push)
        row = after(row, decision)
        assert (decision.status, decision.has_gap) == (SubscriptionStatus.OK, False)
        assert (row.state, row.next_check_at, row.attempts, row.last_error) == (State.ACTIVE, NOON + MINUTE, 0, None)

    def test_it_keeps_waiting_for_a_subscribe_with_the_desired_settings(self) -> None:
        """Its retries are counted on."""
        row = subscription(state=State.LAPSED, min_generation=2, attempts=3, next_check_at=NOON + timedelta(hours=1))
        row = after_push(row, events("w1", ("a", "w2")))
        assert (row.state, row.next_check_at, row.attempts) == (State.ACTIVE, NOON + timedelta(hours=1), 3)

    def test_what_the_server_ended_stays_lapsed(self) -> None:
        """Its events count all the same."""
        row = subscription(state=State.LAPSED, lost_code="ErrorReadEventsFailed")
        decision = decided(row, events("w1", ("a", "w2")))
        assert (after(row, decision).state, decision.events) == (State.LAPSED, 1)


class TestLoss:
    """Error-class messages: the server ended the subscription."""

    def test_it_is_acknowledged_and_the_subscription_due_at_once(self) -> None:
        """Marked with the server's code; the gap says so too."""
        decision = decided(subscription(), posted(error()))
        row = after(subscription(), decision)
        assert (decision.status, decision.outcome) == (SubscriptionStatus.OK, PushOutcome.LOST)
        assert (row.state, row.next_check_at) == (State.LAPSED, NOON + MINUTE)
        assert (row.lost_code, row.last_error) == ("ErrorReadEventsFailed",) * 2
        assert [(gap.reason, gap.response_code) for gap in gaps_among(entry_of(decision).events)] == [
            (GapReason.SUBSCRIPTION_LOST, "ErrorReadEventsFailed")
        ]

    def test_the_server_gets_no_request_for_as_long_as_it_asks(self) -> None:
        """BackOffMilliseconds of a busy server."""
        row = after_push(subscription(), posted(error("ErrorServerBusy", back_off_ms=90_000)))
        assert row.next_check_at == NOON + MINUTE + timedelta(seconds=90)

    def test_events_beside_an_error_are_stored(self) -> None:
        """One good and one error message in a POST."""
        decision = decided(subscription(), posted(message("w1", created("a", "w2")), error()))
        assert [event.kind for event in entry_of(decision).events] == [EventKind.GAP, EventKind.CREATED]
        assert after(subscription(), decision).watermark == "w2"

    def test_the_time_of_the_last_event_stays(self) -> None:
        """An error does not say that nothing waited."""
        assert after_push(subscription(last_event_at=NOON), posted(error())).last_event_at == NOON

    @pytest.mark.parametrize(
        ("row", "generation", "is_due"),
        [
            (subscription(state=State.LAPSED, pending_generation=2), 1, False),
            (replace(NEVER_PUSHED, generation=1, pending_generation=2), 1, False),
            (subscription(state=State.LAPSED, pending_generation=2), 2, True),
            (subscription(state=State.LAPSED), 1, True),
            (subscription(pending_generation=2), 1, True),
        ],
    )
    def test_a_subscribe_under_way_is_given_its_time(self, row: Subscription, generation: int, is_due: bool) -> None:
        """Unless it is the one that the server ended."""
        row = replace(row, next_check_at=NOON + timedelta(hours=1))
        lost = after_push(row, posted(error(), generation=generation))
        assert lost.next_check_at == (NOON + MINUTE if is_due else NOON + timedelta(hours=1))
