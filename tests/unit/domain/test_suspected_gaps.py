"""What a Subscribe leaves in suspicion: the first push of its generation confirms or clears it."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from ewspush.domain.gaps import complete_until, suspicion_cleared
from ewspush.domain.renewing import rules
from ewspush.domain.subscription import GapReason, Subscription
from ewspush.protocol.response_codes import Remedy
from ewspush.protocol.subscribe import Subscribed
from tests.builders import NOON, TIMING
from tests.unit.domain.renewing.attempts import ACTIVE, MINUTE, NEW, attempted, codes_with, refused

THREE_HOURS_AGO: Final = NOON - timedelta(hours=3)


class TestOnAttempt:
    """What is stored before a Subscribe is sent."""

    @pytest.mark.parametrize(
        ("resume_is_trusted", "watermark", "reason"),
        [
            (True, "w1", None),
            (False, "w1", GapReason.RESUME_UNPROVEN),
            (True, None, GapReason.NOT_RESUMED),
            (False, None, GapReason.NOT_RESUMED),
        ],
    )
    def test_it_begins_where_the_published_events_are_complete(
        self, resume_is_trusted: bool, watermark: str | None, reason: GapReason | None
    ) -> None:
        """A last POST of events bounds that better than a heartbeat."""
        after_heartbeat = replace(ACTIVE, watermark=watermark)
        suspected = attempted(after_heartbeat, resume_is_trusted=resume_is_trusted)
        assert suspected.suspected_gap_reason == reason
        assert suspected.suspected_gap_since == complete_until(ACTIVE, TIMING)
        after_events = replace(ACTIVE, last_event_at=NOON - timedelta(hours=9))
        suspected = attempted(after_events, resume_is_trusted=resume_is_trusted)
        assert suspected.suspected_gap_since == complete_until(after_events, TIMING)

    def test_an_earlier_suspicion_stays(self) -> None:
        """A second try does not shorten the gap."""
        before = replace(ACTIVE, suspected_gap_since=THREE_HOURS_AGO, suspected_gap_reason=GapReason.WATERMARK_REFUSED)
        after = attempted(before, resume_is_trusted=False)
        assert after.suspected_gap_since == THREE_HOURS_AGO
        assert after.suspected_gap_reason == GapReason.WATERMARK_REFUSED


class TestOnSuccess:
    """The server made the subscription."""

    @pytest.mark.parametrize(
        ("attempts", "minutes", "reason"),
        [(0, 5, None), (1, 1, GapReason.SUBSCRIBED_LATE), (0, 6, GapReason.SUBSCRIBED_LATE)],
        ids=["prompt", "second try", "keeper was late"],
    )
    def test_only_a_first_subscribe_that_is_prompt_is_on_time(
        self, attempts: int, minutes: int, reason: GapReason | None
    ) -> None:
        """Before it nothing was missed; before a later one changes were."""
        before = attempted(replace(NEW, attempts=attempts), minute=minutes)
        changes = rules.on_success(before, Subscribed("S1", "w1"), TIMING, NOON)
        assert before.suspected_gap_reason == reason
        assert (changes["suspected_gap_since"], changes["suspected_gap_reason"]) == (NOON, reason)

    def test_until_the_first_push_ever_the_suspicion_begins_when_it_was_desired(self) -> None:
        """It may be lost again before its first POST, and the next Subscribe begins later."""
        before = attempted(NEW)
        made = replace(before, **rules.on_success(before, Subscribed("S1", None), TIMING, NOON))
        again = attempted(made, minute=30)
        assert (again.suspected_gap_since, again.suspected_gap_reason) == (NOON, GapReason.SUBSCRIBED_LATE)

    def test_a_renewal_leaves_its_suspicion_to_the_first_push(self) -> None:
        """Also where the old generation sent a push meanwhile that cleared the suspicion: it is stored again."""
        before = attempted(ACTIVE, resume_is_trusted=False)
        changes = rules.on_success(before, Subscribed("S2", "w1"), TIMING, NOON)
        assert changes["suspected_gap_since"] == complete_until(ACTIVE, TIMING)
        assert changes["suspected_gap_reason"] == GapReason.RESUME_UNPROVEN

    def test_a_renewal_that_is_trusted_leaves_its_beginning_without_a_reason(self) -> None:
        """The first push may disprove it."""
        changes = rules.on_success(attempted(ACTIVE), Subscribed("S2", "w1"), TIMING, NOON)
        assert changes["suspected_gap_since"] == complete_until(ACTIVE, TIMING)
        assert changes["suspected_gap_reason"] is None


class TestOnRefusedWatermark:
    """The server no longer knows where to resume."""

    @pytest.mark.parametrize(
        "code", [*codes_with(Remedy.RESUBSCRIBE_WITHOUT_WATERMARK), *codes_with(Remedy.RETRY_WITHOUT_WATERMARK)]
    )
    def test_the_gap_is_certain(self, code: str) -> None:
        """It begins where the published events are complete."""
        changes = refused(attempted(ACTIVE), code)
        assert changes["suspected_gap_since"] == complete_until(ACTIVE, TIMING)
        assert changes["suspected_gap_reason"] == GapReason.WATERMARK_REFUSED

    def test_a_suspected_gap_becomes_certain(self) -> None:
        """It keeps its beginning."""
        before = replace(ACTIVE, suspected_gap_since=THREE_HOURS_AGO, suspected_gap_reason=GapReason.RESUME_UNPROVEN)
        changes = refused(attempted(before, resume_is_trusted=False), "ErrorInvalidWatermark")
        assert changes["suspected_gap_since"] == THREE_HOURS_AGO
        assert changes["suspected_gap_reason"] == GapReason.WATERMARK_REFUSED

    def test_a_watermark_that_was_trusted_and_is_refused_later_keeps_the_beginning_of_the_first_attempt(self) -> None:
        """However many tries and hours lie between, and also where no push ever arrived."""
        made = replace(ACTIVE, last_seen_at=None, suspected_gap_since=NOON, next_check_at=NOON + 30 * MINUTE)
        changes = refused(attempted(attempted(made), minute=900), "ErrorInvalidWatermark")
        assert changes["suspected_gap_since"] == NOON
        assert changes["suspected_gap_reason"] == GapReason.WATERMARK_REFUSED


class TestCleared:
    """An active subscription whose old generation went on after all."""

    def test_it_missed_nothing(self) -> None:
        """So the suspicion of a renewal that failed is cleared."""
        subscription = replace(ACTIVE, suspected_gap_since=NOON, suspected_gap_reason=GapReason.RESUME_UNPROVEN)
        assert suspicion_cleared(subscription) == {"suspected_gap_since": None, "suspected_gap_reason": None}

    @pytest.mark.parametrize(
        "subscription",
        [
            ACTIVE,
            replace(
                ACTIVE,
                suspected_gap_since=NOON,
                suspected_gap_reason=GapReason.RESUME_UNPROVEN,
                awaiting_first_push=True,
            ),
        ],
    )
    def test_nothing_changes_without_a_suspicion_or_before_the_first_push(self, subscription: Subscription) -> None:
        """The first push confirms or clears it."""
        assert suspicion_cleared(subscription) == {}
