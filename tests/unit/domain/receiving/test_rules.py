"""What a POST means for its subscription: the decisions, without a store."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from ewspush.domain.events import ChangeEvent, EventKind, GapEvent, Origin, log_entry
from ewspush.domain.received_push import ReceivedPush
from ewspush.domain.receiving.rules import Decision, PushOutcome, decide_without_read, unsubscribe_if_over
from ewspush.domain.subscription import GapReason, State
from ewspush.domain.updates import AtWatermark, ConditionalUpdate, SameRevision
from ewspush.protocol.acknowledgement import SubscriptionStatus
from tests.builders import NOON, ZERO, callback, created, error, events, message, posted, status, subscription
from tests.unit.domain.receiving.decisions import after, after_push, decided, entry_of

MINUTE: Final = timedelta(minutes=1)
LINK: Final = events("w1", ("a", "w2"), ("b", "w3"))


def without_read(push: ReceivedPush) -> tuple[Decision, ConditionalUpdate]:
    """Return the decision on an ordinary link, and its write."""
    decision = decide_without_read(push)
    assert decision is not None
    assert decision.update is not None
    return decision, decision.update


def assert_unsubscribed(decision: Decision | None, outcome: PushOutcome) -> None:
    """Assert that the decision answers Unsubscribe, and stores nothing."""
    assert decision == Decision(outcome, SubscriptionStatus.UNSUBSCRIBE, None)


class TestDecideWithoutRead:
    """The ordinary link: one write, whose precondition is the watermark that the link follows."""

    def test_events_advance_the_chain_and_are_logged(self) -> None:
        """All that the write needs comes from the POST."""
        decision, update = without_read(LINK)
        assert (decision.outcome, decision.status, decision.events) == (PushOutcome.EVENTS, SubscriptionStatus.OK, 2)
        assert update.precondition == AtWatermark(1, "w1")
        assert update.changes == {
            "last_seen_at": NOON + MINUTE,
            "last_link_at": NOON + MINUTE,
            "last_event_at": NOON - MINUTE,
            "watermark": "w3",
            "previous_watermark": "w1",
        }
        assert update.notification == log_entry(callback(), NOON + MINUTE, LINK.events, "w3", "w1")

    @pytest.mark.parametrize(
        ("heartbeat", "watermark", "changes"),
        [
            (message("w1", status("w1")), "w1", {}),
            (message("w1"), "w1", {}),
            (message("w1", status(ZERO)), "w1", {}),
            (message("w1", status("w2")), "w1", {"watermark": "w2", "previous_watermark": "w1"}),
            (message(ZERO, status(ZERO)), None, {}),
        ],
    )
    def test_a_heartbeat_changes_the_row_alone(
        self, heartbeat: Any, watermark: str | None, changes: dict[str, Any]
    ) -> None:
        """Without a watermark of its own it meets the row at any."""
        decision, update = without_read(posted(heartbeat))
        assert (decision.outcome, update.notification) == (PushOutcome.HEARTBEAT, None)
        assert update.precondition == AtWatermark(1, watermark)
        link = {"last_link_at": NOON + MINUTE} if watermark is not None else {}
        assert update.changes == {"last_seen_at": NOON + MINUTE, "last_event_at": None} | link | changes

    @pytest.mark.parametrize("more_events", [True, False, None])
    @pytest.mark.parametrize("event", [created("a", "w2"), status("w2")])
    def test_more_events_are_remembered(self, event: Any, more_events: bool | None) -> None:
        """A recovery waits for what still waits on the server."""
        _, update = without_read(posted(message("w1", event)._replace(more_events=more_events)))
        assert update.changes.get("more_events_at") == (NOON + MINUTE if more_events else None)

    @pytest.mark.parametrize(
        "push",
        [
            events(None, ("a", "w2")),
            events(ZERO, ("a", "w2")),
            events("w1", ("a", None)),
            events("w1", ("a", "w2"), ("b", "w1")),
            events("w1", ("a", "w1")),
            posted(error()),
            posted(message("w1", created("a", "w2")), error()),
            posted(message("w1", created("a", "w2")), message("w5", created("b", "w6"))),
            posted(message("w1", status("w2")), message("w5", status("w6"))),
            posted(message(None, status("w2"))),
        ],
    )
    def test_where_the_chain_does_not_reveal_a_copy_the_row_is_read(self, push: ReceivedPush) -> None:
        """An end is missing, the events share the watermark they follow, or something else is to be decided."""
        assert decide_without_read(push) is None


class TestUnsubscribe:
    """The only rule that answers Unsubscribe."""

    @pytest.mark.parametrize("generation", [1, 2])
    def test_a_retired_callback_is_unsubscribed(self, generation: int) -> None:
        """Of whatever generation; nothing is stored."""
        decision = unsubscribe_if_over(
            subscription(state=State.RETIRED), events("w1", ("a", "w2"), generation=generation)
        )
        assert_unsubscribed(decision, PushOutcome.RETIRED)

    def test_a_superseded_callback_is_unsubscribed(self) -> None:
        """A newer generation lives."""
        decision = unsubscribe_if_over(subscription(generation=2), LINK)
        assert_unsubscribed(decision, PushOutcome.SUPERSEDED)

    @pytest.mark.parametrize("state", [state for state in State if state is not State.RETIRED])
    @pytest.mark.parametrize("generation", [1, 2])
    def test_any_other_is_not(self, state: State, generation: int) -> None:
        """Also where a newer generation is pending."""
        push = events("w1", ("a", "w2"), generation=generation)
        row = subscription(state=state, pending_generation=2, min_generation=9, lost_code="ErrorExpiredSubscription")
        assert unsubscribe_if_over(row, push) is None


class TestCopies:
    """What is left out: exact copies of what the log holds, and nothing else."""

    def test_an_exact_copy_is_a_duplicate(self) -> None:
        """It is acknowledged, and moves no watermark."""
        row = subscription(watermark="w9", previous_watermark="w8")
        decision = decided(row, LINK, log_entry(callback(), NOON, LINK.events, "w3", "w1"))
        assert (decision.outcome, decision.status, decision.events) == (PushOutcome.DUPLICATE, SubscriptionStatus.OK, 0)
        assert after(row, decision) == replace(row, last_seen_at=NOON + MINUTE, last_event_at=NOON - MINUTE, revision=1)

    def test_what_is_new_beside_a_copy_is_logged(self) -> None:
        """A server may rebuild what it sends again."""
        decision = decided(subscription(watermark="w2"), LINK, log_entry(callback(), NOON, LINK.events[:1], "w2", "w1"))
        assert (decision.outcome, entry_of(decision).events) == (PushOutcome.EVENTS, LINK.events[1:])

    @pytest.mark.parametrize("kind", [EventKind.CREATED, EventKind.MODIFIED, EventKind.DELETED])
    def test_what_a_sync_published_never_silences_a_push(self, kind: EventKind) -> None:
        """Not the same change of the same object: rather published twice than never."""
        push = posted(message("w7", created("a", "w8")._replace(type=f"{kind.title()}Event")))
        (event,) = push.events
        synced = replace(event, id="0" * 32, origin=Origin.SYNC, watermark=None, time=NOON)
        decision = decided(subscription(), push, log_entry(callback(), NOON, (synced,)))
        assert [each for each in entry_of(decision).events if isinstance(each, ChangeEvent)] == [event]

    def test_the_write_is_refused_where_the_row_changed_since_it_was_read(self) -> None:
        """Another POST may have logged the same events."""
        row = subscription(watermark="w7", revision=4)
        decision = decided(row, LINK)
        assert decision.update is not None
        assert decision.update.precondition == SameRevision(row)
        assert after(row, decision).revision == 5


class TestGap:
    """A gap that a POST opens."""

    def test_it_is_logged_before_the_events(self) -> None:
        """The chain goes on from the POST."""
        decision = decided(subscription(), events("w7", ("a", "w8")))
        gap, event = entry_of(decision).events
        assert (decision.has_gap, decision.events) == (True, 2)
        assert isinstance(gap, GapEvent)
        assert (gap.reason, gap.end, event.kind) == (GapReason.CHAIN_MISMATCH, NOON + MINUTE, EventKind.CREATED)
        assert after(subscription(), decision).watermark == "w8"

    def test_a_heartbeat_logs_nothing_but_the_gap(self) -> None:
        """Its PreviousWatermark belongs to the chain as well."""
        decision = decided(subscription(), posted(message("w7", status("w7"))))
        assert [event.kind for event in entry_of(decision).events] == [EventKind.GAP]
        assert after(subscription(), decision).watermark == "w7"

    def test_it_makes_a_recovery_due(self) -> None:
        """The keeper checks the subscription at once."""
        row = after_push(subscription(), events("w7", ("a", "w8")))
        assert (row.oldest_open_gap_at, row.next_sync_at, row.next_check_at) == (NOON + MINUTE,) * 3

    def test_a_second_one_leaves_the_time_of_the_oldest(self) -> None:
        """As long as that is open."""
        row = after_push(subscription(oldest_open_gap_at=NOON), events("w7", ("a", "w8")))
        assert (row.oldest_open_gap_at, row.next_sync_at) == (NOON, NOON + MINUTE)

    @pytest.mark.parametrize("changes", [{"state": State.LAPSED, "lost_code": "x"}, {"min_generation": 2}])
    def test_a_subscription_that_waits_for_a_subscribe_goes_on_waiting(self, changes: dict[str, Any]) -> None:
        """The server may have asked for no requests until then."""
        row = subscription(next_check_at=NOON + timedelta(hours=1), **changes)
        row = after_push(row, events("w7", ("a", "w8")))
        assert (row.next_check_at, row.oldest_open_gap_at) == (NOON + timedelta(hours=1), NOON + MINUTE)
