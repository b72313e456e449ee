"""When a sync is due, when a finished run is confirmed, and what it concludes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import pytest

from ewspush.adapters.cloud_events import documents_of
from ewspush.domain.events import GapClosedEvent, GapEvent, Origin
from ewspush.domain.published import OpenGap
from ewspush.domain.recovering import closing
from ewspush.domain.recovering.closing import Conclusion
from ewspush.domain.subscription import GapReason
from ewspush.domain.sync_run import Baseline, Purpose, SyncRun
from tests.builders import TIMING, subscription
from tests.unit.domain.logs import KEY, at, logged

FREQUENCY: Final = 15
WINDOW: Final = 40
"""Minutes for which a server may try to deliver one POST, at this StatusFrequency."""

GAPS: Final = (OpenGap("g1", at(0), at(10), at(10)), OpenGap("g2", at(20), at(30), at(30)))
BASE: Final = Baseline(1, at(-60), at(-30))
RUN: Final = SyncRun(KEY, Purpose.RECOVERY, 2, 1, at(60), (), published=3, finished_at=at(61), version=9)
REFRESH_AT: Final = at(1500)
NOW: Final = at(120)


def due_at(now: float = 100, jitter: float = 0.5, **changes: Any) -> datetime:
    """Return when a sync of a subscription with these fields is due."""
    return closing.sync_due_at(subscription(**changes), TIMING, at(now), lambda: jitter)


def conclusion(
    run: SyncRun = RUN, base: Baseline | None = BASE, gaps: Sequence[OpenGap] = GAPS, **changes: Any
) -> Conclusion:
    """Return what a run concludes."""
    row = subscription(oldest_open_gap_at=at(10) if gaps else None, **changes)
    return closing.conclude(row, run, base, gaps, REFRESH_AT, NOW)


class TestDue:
    """The next baseline, or the next recovery."""

    @pytest.mark.parametrize(("jitter", "minutes"), [(0.0, 0), (0.5, 7.5), (0.99, 14.85)])
    def test_first_baselines_are_spread_over_a_quarter_of_an_hour(self, jitter: float, minutes: float) -> None:
        """Many mailboxes are subscribed to at once."""
        assert due_at(now=100, jitter=jitter) == at(100 + minutes)

    def test_a_baseline_is_due_at_its_time(self) -> None:
        """Whatever push brings meanwhile."""
        assert due_at(next_sync_at=at(200), more_events_at=at(199), last_seen_at=at(199)) == at(200)

    @pytest.mark.parametrize(
        "more_events_at", [None, at(1)], ids=["without further events", "further events before the gap"]
    )
    def test_a_recovery_is_due_one_status_frequency_after_the_gap(self, more_events_at: datetime | None) -> None:
        """The backlog has come by then."""
        changes: dict[str, Any] = {"last_seen_at": at(10), "last_event_at": at(9), "more_events_at": more_events_at}
        assert due_at(next_sync_at=at(10), oldest_open_gap_at=at(10), **changes) == at(10 + FREQUENCY)

    def test_a_recovery_is_due_one_status_frequency_after_the_last_push_with_more_events(self) -> None:
        """Each of them says that the backlog goes on."""
        changes: dict[str, Any] = {"last_seen_at": at(22), "last_event_at": at(9), "more_events_at": at(20)}
        assert due_at(next_sync_at=at(10), oldest_open_gap_at=at(10), **changes) == at(20 + FREQUENCY)

    @pytest.mark.parametrize("minutes", [8 * FREQUENCY - 1, 8 * FREQUENCY, 100 * FREQUENCY])
    def test_a_backlog_without_an_end_postpones_a_recovery_for_eight_status_frequencies(self, minutes: int) -> None:
        """A server that always says MoreEvents must not keep the gap open for ever."""
        last = at(10 + minutes)
        changes: dict[str, Any] = {"last_seen_at": last, "last_event_at": last, "more_events_at": last}
        assert due_at(next_sync_at=at(10), oldest_open_gap_at=at(10), **changes) == at(10 + 8 * FREQUENCY)

    def test_a_recovery_is_due_at_once_after_a_heartbeat(self) -> None:
        """It says that nothing waits on the server."""
        changes: dict[str, Any] = {"last_seen_at": at(12), "last_event_at": None}
        assert due_at(next_sync_at=at(10), oldest_open_gap_at=at(10), **changes) == at(10)

    def test_the_heartbeat_that_opened_the_gap_does_not_count(self) -> None:
        """A backlog may follow it."""
        changes: dict[str, Any] = {"last_seen_at": at(10), "last_event_at": None}
        assert due_at(next_sync_at=at(10), oldest_open_gap_at=at(10), **changes) == at(10 + FREQUENCY)

    def test_a_recovery_that_was_refused_is_due_when_its_wait_is_over(self) -> None:
        """The server wants no requests before."""
        changes: dict[str, Any] = {"last_seen_at": at(50), "last_event_at": None}
        assert due_at(next_sync_at=at(70), oldest_open_gap_at=at(10), **changes) == at(70)


class TestConfirmed:
    """A finished run counts once no gap can begin before its end."""

    @pytest.mark.parametrize(
        ("seen", "event", "is_confirmed"),
        [
            (61 + WINDOW, None, True),
            (61 + WINDOW - 1, None, False),
            (70, 66, True),
            (70, 65, False),
        ],
    )
    def test_it_is_once_push_brought_everything_until_then(
        self, seen: float, event: float | None, is_confirmed: bool
    ) -> None:
        """By a heartbeat that cannot be a copy from before, or by an event that happened later."""
        row = subscription(last_seen_at=at(seen), last_event_at=at(event) if event is not None else None)
        assert closing.is_confirmed(row, RUN, TIMING) is is_confirmed

    def test_it_is_not_while_a_gap_is_suspected(self) -> None:
        """It may begin before the end of the run."""
        row = subscription(last_seen_at=at(1000), suspected_gap_since=at(50))
        assert not closing.is_confirmed(row, RUN, TIMING)

    def test_a_run_under_way_is_not(self) -> None:
        """There are folders to be asked for."""
        assert not closing.is_confirmed(subscription(last_seen_at=at(1000)), replace(RUN, finished_at=None), TIMING)

    @pytest.mark.parametrize(("seen", "due"), [(50, 66), (65, 80)])
    def test_until_then_it_is_checked_when_the_next_push_is_expected(self, seen: float, due: float) -> None:
        """Only a push can confirm it; at the earliest in a minute."""
        assert closing.confirmation_due_at(subscription(last_seen_at=at(seen)), TIMING, at(65)) == at(due)


class TestBaseline:
    """A confirmed run leaves a baseline."""

    def test_a_baseline_run_covers_gaps_that_begin_after_its_end(self) -> None:
        """It publishes nothing; the next one is taken in a day."""
        run = replace(RUN, purpose=Purpose.BASELINE)
        assert conclusion(run, gaps=()) == Conclusion(
            {"next_sync_at": REFRESH_AT, "last_error": None}, Baseline(2, at(60), at(61), finished_at=at(61))
        )

    def test_a_recovery_that_closes_its_gaps_covers_what_its_own_baseline_covers(self) -> None:
        """Together they have published everything since then."""
        assert conclusion().baseline == Baseline(2, at(60), BASE.valid_from, finished_at=at(61))

    def test_a_recovery_that_leaves_gaps_open_covers_what_begins_after_its_end(self) -> None:
        """Something before that is missing."""
        assert conclusion(replace(RUN, unpublished=1)).baseline == Baseline(2, at(60), at(61), finished_at=at(61))


class TestClosed:
    """The event that gaps are closed."""

    def test_it_names_the_gaps_and_how_many_events_recovered_them(self) -> None:
        """From the start of the first one to the end of the last one."""
        (event,) = conclusion().events
        assert event == GapClosedEvent(event.id, at(0), at(30), NOW, ("g1", "g2"), 3)
        (document,) = documents_of(logged(event))
        assert document["type"] == "ews.mailbox.gap_closed"
        expected = {
            "gaps": ["g1", "g2"],
            "recovered": 3,
            "from": "2026-03-04T12:00:00.000Z",
            "to": "2026-03-04T12:30:00.000Z",
            "origin": "sync",
        }
        assert expected.items() <= document["data"].items()
        assert "reason" not in document["data"]

    def test_no_gap_is_open_after_that(self) -> None:
        """And the next baseline is due in a day."""
        assert conclusion().changes == {"next_sync_at": REFRESH_AT, "oldest_open_gap_at": None, "last_error": None}

    def test_a_gap_that_ends_after_the_run_began_is_left_to_the_next_run(self) -> None:
        """It may miss what the first pages did not show."""
        late = OpenGap("late", at(40), at(70), at(70))
        found = conclusion(gaps=(*GAPS, late))
        (event,) = found.events
        assert isinstance(event, GapClosedEvent)
        assert event.gaps == ("g1", "g2")
        assert found.changes["oldest_open_gap_at"] == at(70)
        assert conclusion(gaps=(late,)).events == ()

    @pytest.mark.parametrize(
        ("gaps", "is_same"), [(GAPS, True), (GAPS[:1], False), (tuple(reversed(GAPS)), False)], ids=str
    )
    def test_its_id_is_that_of_the_gaps(self, gaps: Sequence[OpenGap], is_same: bool) -> None:
        """Concluded again it is the same, whatever was counted."""
        (event,), (again,) = conclusion().events, conclusion(replace(RUN, published=4), gaps=gaps).events
        assert (again.id == event.id) is is_same


class TestNotRecovered:
    """The event that gaps stay open, because something of them could not be had."""

    @pytest.mark.parametrize(
        ("run", "base"),
        [
            (replace(RUN, unpublished=1), BASE),
            (replace(RUN, base_round=0), None),
            (replace(RUN, base_round=0), BASE),
            (RUN, replace(BASE, valid_from=at(1))),
        ],
        ids=["something unpublished", "no baseline", "the baseline is obsolete", "the baseline is later than the gap"],
    )
    def test_it_is_a_gap_event_of_its_own(self, run: SyncRun, base: Baseline | None) -> None:
        """A consumer that does not know closed gaps understands it."""
        found = conclusion(run, base)
        (event,) = found.events
        assert isinstance(event, GapEvent)
        assert (event.reason, event.origin, event.gaps) == (GapReason.NOT_RECOVERED, Origin.SYNC, ("g1", "g2"))
        assert found.changes["oldest_open_gap_at"] is None
        (document,) = documents_of(logged(event))
        assert document["type"] == "ews.mailbox.gap"
        expected = {"reason": "not-recovered", "response_code": None, "gaps": ["g1", "g2"], "recovered": 3}
        assert expected.items() <= document["data"].items()

    def test_a_baseline_that_counts_from_the_start_of_the_gap_on_is_early_enough(self) -> None:
        """Nothing before the gap is missing."""
        (event,) = conclusion(RUN, replace(BASE, valid_from=at(0))).events
        assert isinstance(event, GapClosedEvent)
