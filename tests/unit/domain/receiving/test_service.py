"""What a POST stores, on the in-memory ledger: once, whole, and with as few requests as possible."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ewspush.domain.events import LoggedNotification
from ewspush.domain.gaps import MAX_EVENT_AGE
from ewspush.domain.received_push import ReceivedPush
from ewspush.domain.receiving.rules import PushOutcome
from ewspush.domain.receiving.service import MAX_ATTEMPTS, process_push
from ewspush.domain.subscription import GapReason, State, SubscriptionKey
from ewspush.domain.sync_run import SyncStep
from ewspush.domain.updates import ConditionalUpdate, WriteResult
from ewspush.errors import UndecidedError
from ewspush.protocol.acknowledgement import SubscriptionStatus
from tests.builders import NOON, TIMING, ZERO, created, error, events, message, posted, status, subscription
from tests.twins.faults import FaultPlan, InjectedError
from tests.twins.ledger import MemoryLedger
from tests.unit.domain.receiving.decisions import gaps_in, objects_in, received

KEY = subscription().key
HOURS_AGO = "2026-03-04T09:00:00Z"


class TestOrdinary:
    """A POST that continues the chain."""

    def test_events_are_stored_with_their_watermark_in_one_write(self) -> None:
        """One request to the ledger, and the row is at the last watermark."""
        ledger = MemoryLedger(subscription())
        (decision,) = received(ledger, events("w1", ("a", "w2"), ("b", "w3")))
        assert (decision.status, decision.outcome) == (SubscriptionStatus.OK, PushOutcome.EVENTS)
        assert ledger.requests == ["commit"]
        assert objects_in(ledger) == ["a", "b"]
        assert ledger.rows[KEY].watermark == "w3"

    @pytest.mark.parametrize("end", ["w1", "w2"])
    def test_a_heartbeat_is_one_write_and_no_log_entry(self, end: str) -> None:
        """It stores its time, and the watermark where the server moved it."""
        ledger = MemoryLedger(subscription())
        (decision,) = received(ledger, posted(message("w1", status(end))))
        assert (decision.status, decision.outcome) == (SubscriptionStatus.OK, PushOutcome.HEARTBEAT)
        assert (ledger.requests, ledger.log) == (["commit"], [])
        assert ledger.rows[KEY].watermark == end
        assert ledger.rows[KEY].last_seen_at == NOON + timedelta(minutes=1)

    @pytest.mark.parametrize("awaiting_first_push", [None, True])
    def test_a_zero_heartbeat_is_one_write_that_moves_no_watermark(self, awaiting_first_push: bool | None) -> None:
        """WorkMail's guide shows the zero watermark in both places."""
        ledger = MemoryLedger(subscription(awaiting_first_push=awaiting_first_push))
        received(ledger, posted(message(ZERO, status(ZERO))))
        assert ledger.requests == ["commit"]
        assert (ledger.rows[KEY].watermark, gaps_in(ledger)) == ("w1", [])

    def test_a_notification_without_events_is_a_heartbeat(self) -> None:
        """The server says nothing new, so the watermark stays."""
        ledger = MemoryLedger(subscription())
        (decision,) = received(ledger, posted(message("w1")))
        assert (decision.status, ledger.rows[KEY].watermark) == (SubscriptionStatus.OK, "w1")

    def test_two_messages_that_continue_each_other_are_one_link(self) -> None:
        """The schema allows several messages in a POST."""
        ledger = MemoryLedger(subscription())
        received(ledger, posted(message("w1", created("a", "w2")), message("w2", created("b", "w3"))))
        assert (ledger.requests, ledger.rows[KEY].watermark) == (["commit"], "w3")

    def test_events_of_another_subscription_in_the_post_are_kept_and_leave_the_chain_alone(self) -> None:
        """The URL says whose they are; the watermark of another subscription is not ours."""
        ledger = MemoryLedger(subscription())
        other = message("x1", created("b", "x2"), subscription_id="S2")
        received(ledger, posted(message("w1", created("a", "w2")), other))
        assert (len(ledger.events()), ledger.rows[KEY].watermark) == (2, "w2")

    @pytest.mark.parametrize(
        "push", [events("w1", ("a", "w2")), posted(message("w1", status("w2"))), posted(message(ZERO, status(ZERO)))]
    )
    def test_while_a_gap_is_open_a_post_is_one_write_all_the_same(self, push: ReceivedPush) -> None:
        """No event of a POST waits for anything: neither the log nor a recovery is asked."""
        ledger = MemoryLedger(subscription(oldest_open_gap_at=NOON, next_sync_at=NOON))
        (decision,) = received(ledger, push)
        assert (decision.status, ledger.requests) == (SubscriptionStatus.OK, ["commit"])
        assert len(ledger.events()) == len(push.events)


class TestCopies:
    """The same POST more than once."""

    def test_a_copy_adds_nothing_and_is_acknowledged(self) -> None:
        """The second meets a row that has moved on, and finds its events in the log."""
        ledger = MemoryLedger(subscription())
        _, again = received(ledger, events("w1", ("a", "w2")), events("w1", ("a", "w2"), minute=2))
        assert (again.status, again.outcome) == (SubscriptionStatus.OK, PushOutcome.DUPLICATE)
        assert (len(ledger.events()), gaps_in(ledger)) == (1, [])

    def test_a_copy_of_a_write_whose_answer_was_lost_adds_nothing(self) -> None:
        """The first attempt is stored but answered 503, so the server sends it again."""
        ledger = MemoryLedger(subscription(), writes=FaultPlan(forget=[1]))
        with pytest.raises(InjectedError):
            received(ledger, events("w1", ("a", "w2")))
        (again,) = received(ledger, events("w1", ("a", "w2")))
        assert (again.status, len(ledger.events())) == (SubscriptionStatus.OK, 1)

    def test_a_late_copy_does_not_take_the_watermark_back(self) -> None:
        """By then the chain is two links further."""
        ledger = MemoryLedger(subscription())
        received(ledger, events("w1", ("a", "w2")), events("w2", ("b", "w3")), events("w3", ("c", "w4")))
        (late,) = received(ledger, events("w1", ("a", "w2"), minute=3))
        assert (late.outcome, ledger.rows[KEY].watermark, gaps_in(ledger)) == (PushOutcome.DUPLICATE, "w4", [])

    @pytest.mark.parametrize("minutes", [61, 24 * 60, 29 * 24 * 60])
    def test_a_copy_is_known_however_late_it_comes(self, minutes: int) -> None:
        """The log is read from when its events happened: none of them was logged before."""
        ledger = MemoryLedger(subscription(status_frequency_minutes=1))
        _, again = received(ledger, events("w1", ("a", "w2")), events("w1", ("a", "w2"), minute=minutes))
        assert (again.outcome, len(ledger.events())) == (PushOutcome.DUPLICATE, 1)

    def test_an_event_from_year_one_reads_no_more_than_a_server_can_send_again(self) -> None:
        """Exchange keeps events for thirty days."""
        asked: list[datetime] = []

        class Recording(MemoryLedger):
            def recent(self, key: SubscriptionKey, since: datetime) -> Iterator[LoggedNotification]:
                asked.append(since)
                return super().recent(key, since)

        old = created("a", "w8")._replace(timestamp="0001-01-01T00:00:00Z")
        received(Recording(subscription()), posted(message("w7", old)))
        assert asked == [NOON + timedelta(minutes=1) - MAX_EVENT_AGE - TIMING.clock_margin]

    def test_a_late_copy_of_a_heartbeat_does_not_take_the_watermark_back(self) -> None:
        """A heartbeat leaves nothing in the log, so the row holds the watermark before."""
        ledger = MemoryLedger(subscription())
        received(ledger, posted(message("w1", status("w2"))), posted(message("w2", status("w3"))))
        received(ledger, posted(message("w1", status("w2")), minute=2))
        assert ledger.rows[KEY].watermark == "w3"

    def test_a_resend_with_more_events_adds_only_the_new_ones(self) -> None:
        """A server may rebuild what it sends again."""
        ledger = MemoryLedger(subscription())
        received(ledger, events("w1", ("a", "w2")), events("w1", ("a", "w2"), ("b", "w3"), minute=2))
        assert (objects_in(ledger), ledger.rows[KEY].watermark) == (["a", "b"], "w3")

    def test_events_that_share_the_watermark_they_follow_are_stored_once(self) -> None:
        """The chain does not distinguish them from their copy, so the log is read first."""
        ledger = MemoryLedger(subscription())
        received(ledger, *[events("w1", ("a", "w1"), ("b", "w1"))] * 2)
        assert objects_in(ledger) == ["a", "b"]

    def test_events_without_any_watermark_are_stored_once(self) -> None:
        """The schema makes watermarks optional."""
        ledger = MemoryLedger(subscription())
        received(ledger, *[events(None, ("a", None))] * 2)
        assert objects_in(ledger) == ["a"]

    @pytest.mark.parametrize("push", [events("w1", ("a", "w2")), events(None, ("a", None))])
    def test_two_copies_at_the_same_moment_add_one_event(self, push: ReceivedPush) -> None:
        """The second is written between the first's read and its write."""
        ledger = Interleaved(subscription())
        ledger.meanwhile = lambda: received(ledger, push)
        assert process_push(push, ledger, TIMING).status is SubscriptionStatus.OK
        assert len(ledger.events()) == 1

    @pytest.mark.parametrize(
        "push",
        [
            events("w7", ("a", "w8")),
            posted(message("w7", status("w7"))),
            posted(error()),
            events("w7", ("a", None)),
            posted(message("w1", created("a", "w2")), message("w5", created("b", "w6"))),
            posted(message("w1", status("w2")), message("w5", status("w6"))),
        ],
        ids=["events", "heartbeat", "error", "no watermark", "hole", "hole between heartbeats"],
    )
    def test_a_copy_of_a_post_that_opened_a_gap_opens_no_second_one(self, push: ReceivedPush) -> None:
        """However much later it comes."""
        ledger = MemoryLedger(subscription())
        received(ledger, push, replace(push, received_at=push.received_at + timedelta(minutes=1)))
        assert len(gaps_in(ledger)) == 1

    def test_another_post_with_a_hole_opens_a_gap_of_its_own(self) -> None:
        """Also where the server gives its end a watermark that the chain has passed."""
        ledger = MemoryLedger(subscription())
        for item in ("a", "c"):
            received(ledger, posted(message("w1", created(item, "w2")), message("w5", created(f"{item}2", "w6"))))
        assert len(gaps_in(ledger)) == 2

    def test_each_break_of_the_chain_is_a_gap_of_its_own(self) -> None:
        """Also after old events of one TimeStamp, where all of them begin at one moment: the queue keeps each."""
        ledger = MemoryLedger(subscription())
        old = [created(f"item {number}", f"w{number}8")._replace(timestamp=HOURS_AGO) for number in range(1, 5)]
        messages = [message(f"w{number}7", event) for number, event in enumerate(old, 1)]
        received(ledger, *(posted(each, minute=number) for number, each in enumerate(messages, 1)))
        gaps = gaps_in(ledger)
        assert len({gap.start for gap in gaps}) == 2
        assert len({gap.id for gap in gaps}) == len(gaps) == 4


class TestGenerations:
    """Several POSTs of several generations."""

    def test_a_superseded_callback_is_unsubscribed(self) -> None:
        """Only once the newer generation lives."""
        ledger = MemoryLedger(subscription(state=State.LAPSED, pending_generation=2))
        first, _, late = received(
            ledger,
            events("w1", ("a", "w2")),
            events("w2", ("b", "w3"), generation=2),
            events("w2", ("b", "w3"), minute=2),
        )
        assert first.status is SubscriptionStatus.OK
        assert (late.status, late.outcome) == (SubscriptionStatus.UNSUBSCRIBE, PushOutcome.SUPERSEDED)
        assert len(ledger.events()) == 2

    def test_what_both_generations_deliver_is_logged_once(self) -> None:
        """The new one resumes from the watermark at which it was made, and repeats what the old one brought since."""
        ledger = MemoryLedger(subscription(pending_generation=2))
        received(ledger, events("w1", ("a", "w2")), events("w2", ("b", "w3")))
        received(ledger, *(events(*link, generation=2) for link in (("w1", ("a", "w2")), ("w2", ("b", "w3")))))
        received(ledger, events("w3", ("c", "w4"), generation=2))
        assert (objects_in(ledger), ledger.rows[KEY].watermark) == (["a", "b", "c"], "w4")

    def test_an_older_pending_generation_may_still_come_to_life(self) -> None:
        """Two Subscribes went out; the first push is of the first one, and the second supersedes it later."""
        ledger = MemoryLedger(subscription(state=State.LAPSED, pending_generation=3))
        received(ledger, events("w1", ("a", "w2"), generation=2))
        assert (ledger.rows[KEY].generation, ledger.rows[KEY].pending_generation) == (2, 3)
        received(ledger, events("w2", ("b", "w3"), generation=3))
        assert (ledger.rows[KEY].generation, ledger.rows[KEY].pending_generation) == (3, None)

    def test_a_zero_heartbeat_does_not_prove_a_resume(self) -> None:
        """Not even in the generation that the row already has, and the gap is published once."""
        ledger = MemoryLedger(
            subscription(
                generation=2,
                awaiting_first_push=True,
                suspected_gap_since=NOON,
                suspected_gap_reason=GapReason.RESUME_UNPROVEN,
            )
        )
        received(ledger, *[posted(message(ZERO, status(ZERO)), generation=2)] * 2)
        assert [gap.reason for gap in gaps_in(ledger)] == [GapReason.RESUME_UNPROVEN]

    def test_a_lost_subscription_that_delivers_once_more_stays_lost(self) -> None:
        """Its events count, but it does not count as alive."""
        ledger = MemoryLedger(subscription())
        received(ledger, posted(error()), events("w1", ("a", "w2"), minute=2))
        assert (ledger.rows[KEY].state, len(ledger.events())) == (State.LAPSED, 2)

    def test_a_retired_callback_stores_nothing(self) -> None:
        """One refused write is all that it costs."""
        ledger = MemoryLedger(subscription(state=State.RETIRED))
        (decision,) = received(ledger, events("w1", ("a", "w2")))
        assert (decision.status, ledger.requests, ledger.log) == (SubscriptionStatus.UNSUBSCRIBE, ["commit"], [])


class TestLastEvent:
    """What the row says of the last event: a gap begins no later."""

    @pytest.mark.parametrize("watermark", ["w1", None], ids=["without-read", "after-read"])
    def test_its_time_is_kept_until_a_heartbeat_comes(self, watermark: str | None) -> None:
        """By the clock of the server, however long a POST took to arrive."""
        ledger = MemoryLedger(subscription())
        received(ledger, events(watermark, ("a", "w2"), minute=50))
        assert ledger.rows[KEY].last_event_at == NOON - timedelta(minutes=1)
        received(ledger, posted(message("w2", status("w2")), minute=60))
        assert ledger.rows[KEY].last_event_at is None

    def test_a_gap_begins_where_copies_began_to_be_sent(self) -> None:
        """What happened while a POST was sent again waited behind it, and is lost with the subscription."""
        ledger = MemoryLedger(subscription())
        received(ledger, *(events("w1", ("a", "w2"), minute=minute) for minute in (1, 2, 50)))
        received(ledger, posted(error(), minute=51))
        assert [gap.start for gap in gaps_in(ledger)] == [NOON - timedelta(minutes=6)]


class TestUndecided:
    """Neither OK nor Unsubscribe: the server is to send the POST again."""

    def test_a_signed_callback_without_a_row_is_not_unsubscribed(self) -> None:
        """A table restored or configured wrongly must end nothing."""
        with pytest.raises(UndecidedError, match="not in the table") as refusal:
            received(MemoryLedger(), events("w1", ("a", "w2")))
        assert refusal.value.error_status_hint == 503

    def test_a_failing_store_is_not_hidden(self) -> None:
        """Nothing is known of the write, so nothing is acknowledged."""
        ledger = MemoryLedger(subscription(), writes=FaultPlan(refuse=[1]))
        with pytest.raises(InjectedError):
            received(ledger, events("w1", ("a", "w2")))
        assert ledger.log == []

    def test_a_row_that_always_changes_ends_the_attempts(self) -> None:
        """After a bounded number of them."""

        class Restless(MemoryLedger):
            def commit(self, update: ConditionalUpdate | None, step: SyncStep | None = None) -> WriteResult:
                row = self.rows[KEY]
                self.rows[KEY] = replace(row, revision=row.revision + 1, watermark="elsewhere")
                return super().commit(update, step)

        ledger = Restless(subscription())
        with pytest.raises(UndecidedError, match="changed under"):
            received(ledger, events("w1", ("a", "w2")))
        assert ledger.requests.count("commit") == MAX_ATTEMPTS + 1


class Interleaved(MemoryLedger):
    """Lets something else happen just before its next write."""

    meanwhile: Any = None

    def commit(self, update: ConditionalUpdate | None, step: SyncStep | None = None) -> WriteResult:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return super().commit(update, step)
