"""Where a gap begins, and which push opens one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from ewspush.domain.events import gap_event
from ewspush.domain.gaps import (
    MAX_EVENT_AGE,
    complete_until,
    gap_reason,
    opened_gap,
)
from ewspush.domain.published import RecentEvents
from ewspush.domain.received_push import ReceivedPush
from ewspush.domain.subscription import GapReason, Subscription
from ewspush.domain.timing import Timing
from tests.builders import NOON, TIMING, ZERO, callback, created, error, events, message, posted, status, subscription

MINUTE: Final = timedelta(minutes=1)
WINDOW: Final = TIMING.max_delivery_window(15)
NOTHING: Final = RecentEvents.of(())
UNPROVEN: Final[dict[str, Any]] = {"suspected_gap_since": NOON, "suspected_gap_reason": GapReason.RESUME_UNPROVEN}
CERTAIN: Final[dict[str, Any]] = {"suspected_gap_since": NOON, "suspected_gap_reason": GapReason.WATERMARK_REFUSED}


class TestCompleteUntil:
    """A time before which everything was published."""

    def test_before_the_first_push_there_is_none(self) -> None:
        """A subscription that was only made has published nothing."""
        assert complete_until(subscription(last_seen_at=None), TIMING) is None

    def test_after_a_heartbeat_it_is_a_whole_delivery_earlier(self) -> None:
        """It may be the last copy of one that was first sent long before."""
        assert complete_until(subscription(), TIMING) == NOON - WINDOW

    @pytest.mark.parametrize("age", [timedelta(), 3 * MINUTE, timedelta(hours=9), timedelta(days=3)])
    def test_after_events_it_is_the_time_of_the_last_of_them(self, age: timedelta) -> None:
        """However old it is, less what the clocks may differ by."""
        assert complete_until(subscription(last_event_at=NOON - age), TIMING) == NOON - age - TIMING.clock_margin

    @pytest.mark.parametrize("last_event_at", [NOON - MAX_EVENT_AGE - MINUTE, datetime.min.replace(tzinfo=UTC)])
    def test_a_time_older_than_any_event_that_a_server_keeps_does_not_count(self, last_event_at: datetime) -> None:
        """The server's clock was reset: the time does not say when the event happened."""
        assert complete_until(subscription(last_event_at=last_event_at), TIMING) == NOON - WINDOW

    @pytest.mark.parametrize(("ahead", "until"), [(4, NOON - MINUTE), (6, NOON - WINDOW)])
    def test_a_time_far_in_the_future_does_not_count(self, ahead: float, until: datetime) -> None:
        """No event is published before it happens."""
        assert complete_until(subscription(last_event_at=NOON + ahead * MINUTE), TIMING) == until

    def test_it_goes_by_protocol_minutes(self) -> None:
        """As everything that the server does."""
        short = Timing(timedelta(seconds=1))
        assert complete_until(subscription(), short) == NOON - WINDOW / 60
        assert complete_until(subscription(last_event_at=NOON), short) == NOON - TIMING.clock_margin / 60


class TestMismatchBehindZeroHeartbeats:
    """Heartbeats with zero watermarks say that no event waits, and not that none was lost."""

    @pytest.mark.parametrize(
        ("linked_minutes_ago", "changes", "start"),
        [
            (440, {}, NOON - 440 * MINUTE - WINDOW),
            (0, {}, NOON - WINDOW),
            (440, {"last_event_at": NOON - 3 * MINUTE}, NOON - 440 * MINUTE - WINDOW),
            (None, {}, NOON - WINDOW),
        ],
    )
    def test_a_mismatch_goes_back_to_the_last_link(
        self, linked_minutes_ago: float | None, changes: dict[str, Any], start: datetime
    ) -> None:
        """The chain last held then."""
        linked_at = NOON - linked_minutes_ago * MINUTE if linked_minutes_ago is not None else None
        row = subscription(last_link_at=linked_at, **changes)
        gap = opened_gap(row, events("w7", ("a", "w8")), NOTHING, TIMING)
        assert gap is not None
        assert (gap.reason, gap.start) == (GapReason.CHAIN_MISMATCH, start)

    def test_other_gaps_begin_where_everything_was_published(self) -> None:
        """A heartbeat counts for them."""
        gap = opened_gap(subscription(last_link_at=NOON - 440 * MINUTE), posted(error()), NOTHING, TIMING)
        assert gap is not None
        assert gap.start == NOON - WINDOW


class TestGapReason:
    """Whether a push continues the chain."""

    @pytest.mark.parametrize("start", ["w1", "w0", "logged", None, ZERO])
    def test_any_watermark_that_was_passed_recently_continues_it(self, start: str | None) -> None:
        """The server sends all that follows it. A zero watermark proves nothing, and breaks nothing."""
        recent = RecentEvents(frozenset(), frozenset({"logged"}))
        assert gap_reason(subscription(previous_watermark="w0"), events(start, ("a", "w2")), recent) is None

    def test_before_any_watermark_is_known_nothing_breaks_it(self) -> None:
        """The chain begins with this push."""
        assert gap_reason(subscription(watermark=None), events("w7", ("a", "w8")), NOTHING) is None

    @pytest.mark.parametrize("push", [events("w7", ("a", "w8")), posted(message("w7", status("w7")))])
    def test_any_other_watermark_breaks_it(self, push: ReceivedPush) -> None:
        """Of events or of a heartbeat."""
        assert gap_reason(subscription(), push, NOTHING) is GapReason.CHAIN_MISMATCH

    def test_a_hole_between_two_messages_of_one_post_breaks_it(self) -> None:
        """The second message does not continue the first."""
        push = posted(message("w1", created("a", "w2")), message("w5", created("b", "w6")))
        assert gap_reason(subscription(), push, NOTHING) is GapReason.CHAIN_MISMATCH

    @pytest.mark.parametrize(
        ("row", "generation", "reason"),
        [
            (subscription(), 1, GapReason.SUBSCRIPTION_LOST),
            (subscription(lost_code="ErrorExpiredSubscription"), 1, None),
            (subscription(lost_code="ErrorExpiredSubscription"), 2, GapReason.SUBSCRIPTION_LOST),
        ],
    )
    def test_a_generation_is_lost_once(self, row: Subscription, generation: int, reason: GapReason | None) -> None:
        """An error that comes again says nothing new."""
        assert gap_reason(row, posted(error(), generation=generation), NOTHING) is reason

    @pytest.mark.parametrize("row", [subscription(awaiting_first_push=True), subscription(generation=0)])
    @pytest.mark.parametrize(
        ("suspicion", "start", "reason"),
        [
            (UNPROVEN, "w1", None),
            (UNPROVEN, "w9", GapReason.RESUME_UNPROVEN),
            (UNPROVEN, ZERO, GapReason.RESUME_UNPROVEN),
            (CERTAIN, "w1", GapReason.WATERMARK_REFUSED),
            ({"suspected_gap_since": NOON}, "w9", None),
        ],
    )
    def test_the_first_push_of_a_generation_confirms_or_clears_a_suspicion(
        self, row: Subscription, suspicion: dict[str, Any], start: str, reason: GapReason | None
    ) -> None:
        """Only a resume can be proved. A server that is known to resume leaves a suspicion without a reason."""
        assert gap_reason(replace(row, **suspicion), events(start, ("a", "w10")), NOTHING) is reason

    def test_a_suspicion_waits_for_the_generation_that_it_is_about(self) -> None:
        """The old one sends more meanwhile."""
        assert gap_reason(subscription(**CERTAIN), events("w1", ("a", "w2")), NOTHING) is None

    @pytest.mark.parametrize(
        ("start", "reason"), [("w1", None), ("w9", GapReason.RESUME_UNPROVEN), (ZERO, GapReason.RESUME_UNPROVEN)]
    )
    def test_a_generation_whose_suspicion_was_dropped_has_to_prove_its_resume(
        self, start: str, reason: GapReason | None
    ) -> None:
        """A push of the one before dropped it; what waited behind that one is lost."""
        row = subscription(pending_generation=2)
        assert gap_reason(row, events(start, ("a", "w10"), generation=2), NOTHING) is reason


class TestOpenedGap:
    """The gap event."""

    def test_none_where_the_chain_continues(self) -> None:
        """Nothing is missing."""
        assert opened_gap(subscription(), events("w1", ("a", "w2")), NOTHING, TIMING) is None

    def test_it_reaches_from_what_was_published_to_the_push(self) -> None:
        """From before the last heartbeat."""
        gap = opened_gap(subscription(), events("w7", ("a", "w8")), NOTHING, TIMING)
        assert gap == gap_event(callback(), GapReason.CHAIN_MISMATCH, NOON - 40 * MINUTE, NOON + MINUTE)

    def test_it_begins_where_the_suspicion_does(self) -> None:
        """The keeper stored it with the Subscribe."""
        row = subscription(pending_generation=2, **UNPROVEN | {"suspected_gap_since": NOON - 30 * MINUTE})
        gap = opened_gap(row, events("w9", ("a", "w10"), generation=2), NOTHING, TIMING)
        assert gap is not None
        assert (gap.reason, gap.start) == (GapReason.RESUME_UNPROVEN, NOON - 30 * MINUTE)

    def test_it_does_not_begin_with_the_suspicion_of_another_generation(self) -> None:
        """The chain of the old one broke by itself."""
        row = subscription(pending_generation=2, **UNPROVEN | {"suspected_gap_since": NOON - 30 * MINUTE})
        gap = opened_gap(row, events("w9", ("a", "w10")), NOTHING, TIMING)
        assert gap is not None
        assert (gap.reason, gap.start) == (GapReason.CHAIN_MISMATCH, NOON - WINDOW)

    def test_of_a_generation_whose_suspicion_was_dropped_it_begins_at_the_last_push(self) -> None:
        """All before it was published."""
        row = subscription(pending_generation=2)
        gap = opened_gap(row, events("w9", ("a", "w10"), generation=2), NOTHING, TIMING)
        assert gap is not None
        assert gap.start == NOON - 40 * MINUTE

    @pytest.mark.parametrize(
        ("push", "code"),
        [
            (posted(error("ErrorMailboxMoveInProgress")), "ErrorMailboxMoveInProgress"),
            (events("w7", ("a", "w8")), None),
        ],
    )
    def test_a_lost_subscription_says_with_which_code(self, push: ReceivedPush, code: str | None) -> None:
        """No other reason has one."""
        gap = opened_gap(subscription(), push, NOTHING, TIMING)
        assert gap is not None
        assert gap.response_code == code
