"""What a POST does to its subscription: the promises of the responder, on the in-memory ledger."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ewspush.domain.events import GapReason
from ewspush.domain.gaps import CLOCK_MARGIN, MAX_EVENT_AGE
from ewspush.domain.receiving.rules import PushOutcome
from ewspush.domain.receiving.service import MAX_ATTEMPTS, UndecidedError, process_push
from ewspush.domain.subscription import LoggedNotification, State
from ewspush.domain.updates import ConditionalUpdate, WriteResult
from ewspush.protocol.acknowledgement import SubscriptionStatus
from tests.stories import NOON, ZERO, created, error, events, message, posted, status, subscription
from tests.twins.faults import FaultPlan, InjectedError
from tests.twins.ledger import MemoryLedger

KEY = subscription().subscription


def gaps(ledger: MemoryLedger) -> list[dict[str, Any]]:
    """Return the data of the logged gap events."""
    documents = (document for one in ledger.log for document in one.events)
    return [document["data"] for document in documents if document["type"] == "ews.mailbox.gap"]


class TestInTheChain:
    """The ordinary POST."""

    def test_events_are_stored_with_their_watermark_in_one_write(self) -> None:
        """One request to the ledger, and the row stands at the last watermark."""
        ledger = MemoryLedger(subscription())
        ruling = process_push(events("w1", ("a", "w2"), ("b", "w3")), ledger)
        assert (ruling.status, ruling.meaning) == (SubscriptionStatus.OK, PushOutcome.EVENTS)
        assert ledger.requests == ["write"]
        assert [document["data"]["id"] for document in ledger.log[0].events] == ["a", "b"]
        assert ledger.rows[KEY].watermark == "w3"

    @pytest.mark.parametrize("end", ["w1", "w2"])
    def test_a_heartbeat_is_one_write_and_no_log_entry(self, end: str) -> None:
        """It moves the time, and the watermark where the server moved it."""
        ledger = MemoryLedger(subscription())
        ruling = process_push(posted(message("w1", status(end))), ledger)
        assert (ruling.status, ruling.meaning, ledger.requests, ledger.log) == (
            SubscriptionStatus.OK,
            PushOutcome.HEARTBEAT,
            ["write"],
            [],
        )
        assert ledger.rows[KEY].watermark == end
        assert ledger.rows[KEY].last_seen_at == NOON + timedelta(minutes=1)

    @pytest.mark.parametrize("awaiting_first_push", [None, True])
    def test_a_zero_heartbeat_is_one_write_that_moves_no_watermark(self, awaiting_first_push: bool | None) -> None:
        """WorkMail's guide shows the zero watermark in both places."""
        ledger = MemoryLedger(subscription(awaiting_first_push=awaiting_first_push))
        process_push(posted(message(ZERO, status(ZERO))), ledger)
        assert ledger.requests == ["write"]
        assert ledger.rows[KEY].watermark == "w1"
        assert gaps(ledger) == []

    def test_a_notification_without_events_is_a_sign_of_life(self) -> None:
        """The server says nothing new, so the watermark stays."""
        ledger = MemoryLedger(subscription())
        assert process_push(posted(message("w1")), ledger).status is SubscriptionStatus.OK
        assert ledger.rows[KEY].watermark == "w1"


class TestAgain:
    """The same POST more than once."""

    def test_a_copy_adds_nothing_and_is_acknowledged(self) -> None:
        """The second meets a row that has moved on and finds its events in the log."""
        ledger = MemoryLedger(subscription())
        process_push(events("w1", ("a", "w2")), ledger)
        again = process_push(events("w1", ("a", "w2"), minute=2), ledger)
        assert (again.status, again.meaning) == (SubscriptionStatus.OK, PushOutcome.DUPLICATE)
        assert len(ledger.events()) == 1
        assert gaps(ledger) == []

    def test_a_copy_of_a_write_whose_answer_was_lost_adds_nothing(self) -> None:
        """The first attempt is stored, its sender is told 503, and sends again."""
        ledger = MemoryLedger(subscription(), writes=FaultPlan(forget=[1]))
        with pytest.raises(InjectedError):
            process_push(events("w1", ("a", "w2")), ledger)
        assert process_push(events("w1", ("a", "w2")), ledger).status is SubscriptionStatus.OK
        assert len(ledger.events()) == 1

    def test_a_late_copy_does_not_take_the_watermark_back(self) -> None:
        """By then the chain is two links further."""
        ledger = MemoryLedger(subscription())
        for start, item, end in (("w1", "a", "w2"), ("w2", "b", "w3"), ("w3", "c", "w4")):
            process_push(events(start, (item, end)), ledger)
        assert process_push(events("w1", ("a", "w2"), minute=3), ledger).meaning is PushOutcome.DUPLICATE
        assert ledger.rows[KEY].watermark == "w4"
        assert gaps(ledger) == []

    @pytest.mark.parametrize("minutes", [61, 24 * 60, 29 * 24 * 60])
    def test_a_copy_is_known_however_late_it_comes(self, minutes: int) -> None:
        """The log is read from when its events happened: none of them can be there from before."""
        ledger = MemoryLedger(subscription(status_frequency_minutes=1))
        process_push(events("w1", ("a", "w2")), ledger)
        again = process_push(events("w1", ("a", "w2"), minute=minutes), ledger)
        assert (again.meaning, len(ledger.events())) == (PushOutcome.DUPLICATE, 1)

    def test_an_event_from_the_beginning_of_time_reads_no_more_than_a_server_can_tell_again(self) -> None:
        """Exchange keeps events for thirty days."""
        asked: list[datetime] = []

        class Asked(MemoryLedger):
            def recent(self, subscription: str, since: datetime) -> Iterator[LoggedNotification]:
                asked.append(since)
                return super().recent(subscription, since)

        old = created("a", "w8")._replace(timestamp="0001-01-01T00:00:00Z")
        process_push(posted(message("w7", old)), Asked(subscription()))
        assert asked == [NOON + timedelta(minutes=1) - MAX_EVENT_AGE - CLOCK_MARGIN]

    def test_a_late_copy_of_a_heartbeat_does_not_take_the_watermark_back(self) -> None:
        """A heartbeat leaves nothing in the log, so the row remembers the watermark before."""
        ledger = MemoryLedger(subscription())
        process_push(posted(message("w1", status("w2"))), ledger)
        process_push(posted(message("w2", status("w3"))), ledger)
        process_push(posted(message("w1", status("w2")), minute=2), ledger)
        assert ledger.rows[KEY].watermark == "w3"

    def test_a_resend_with_more_events_adds_only_the_new_ones(self) -> None:
        """A server may rebuild what it sends again."""
        ledger = MemoryLedger(subscription())
        process_push(events("w1", ("a", "w2")), ledger)
        process_push(events("w1", ("a", "w2"), ("b", "w3"), minute=2), ledger)
        assert [document["data"]["id"] for one in ledger.log for document in one.events] == ["a", "b"]
        assert ledger.rows[KEY].watermark == "w3"
        assert gaps(ledger) == []

    def test_events_that_share_the_watermark_they_follow_are_told_from_their_copy(self) -> None:
        """The chain can't tell them apart, so the log is asked first."""
        ledger = MemoryLedger(subscription())
        for _ in range(2):
            process_push(events("w1", ("a", "w1"), ("b", "w1")), ledger)
        assert len(ledger.events()) == 2

    def test_events_without_any_watermark_are_stored_once(self) -> None:
        """The schema makes watermarks optional."""
        ledger = MemoryLedger(subscription())
        for _ in range(2):
            process_push(events(None, ("a", None)), ledger)
        assert len(ledger.events()) == 1
        assert gaps(ledger) == []

    @pytest.mark.parametrize("delivery", [events("w1", ("a", "w2")), events(None, ("a", None))])
    def test_two_copies_at_the_same_moment_add_one_event(self, delivery: Any) -> None:
        """The second writes between the first's reading and writing."""
        ledger = _Interleaved(subscription())
        ledger.meanwhile = lambda: process_push(delivery, ledger)
        assert process_push(delivery, ledger).status is SubscriptionStatus.OK
        assert len(ledger.events()) == 1


class _Interleaved(MemoryLedger):
    """Lets something else happen just before its next write."""

    meanwhile: Any = None

    def write(self, entry: ConditionalUpdate) -> WriteResult:
        """Run what happens meanwhile, then write."""
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return super().write(entry)


class TestGaps:
    """What may have been missed is said."""

    def test_a_broken_chain_is_a_gap_before_the_events(self) -> None:
        """From before the last heartbeat to now; the chain goes on from there."""
        ledger = MemoryLedger(subscription())
        ruling = process_push(events("w7", ("a", "w8")), ledger)
        assert ruling.has_gap
        assert [document["type"] for document in ledger.log[0].events] == ["ews.mailbox.gap", "ews.mailbox.created"]
        assert gaps(ledger)[0] | {"mailbox": None} == {
            "mailbox": None,
            "subscription": KEY,
            "from": "2026-03-04T11:20:00.000Z",
            "to": "2026-03-04T12:01:00.000Z",
            "reason": "chain-mismatch",
            "response_code": None,
            "received_at": "2026-03-04T12:01:00.000Z",
            "origin": "push",
        }
        assert ledger.rows[KEY].watermark == "w8"

    def test_a_gap_is_told_once(self) -> None:
        """The copy of the POST that opened it opens no second one."""
        ledger = MemoryLedger(subscription())
        for _ in range(2):
            process_push(events("w7", ("a", "w8")), ledger)
        assert len(gaps(ledger)) == 1

    def test_a_heartbeat_can_show_a_gap(self) -> None:
        """Its PreviousWatermark belongs to the chain as well."""
        ledger = MemoryLedger(subscription())
        for _ in range(2):
            process_push(posted(message("w7", status("w7"))), ledger)
        assert len(gaps(ledger)) == 1
        assert ledger.rows[KEY].watermark == "w7"

    def test_a_hole_between_two_messages_of_one_post_is_a_gap(self) -> None:
        """The second message does not follow the first."""
        ledger = MemoryLedger(subscription())
        process_push(posted(message("w1", created("a", "w2")), message("w5", created("b", "w6"))), ledger)
        assert len(gaps(ledger)) == 1

    def test_two_messages_that_follow_each_other_are_one_link(self) -> None:
        """The schema allows several messages in a POST."""
        ledger = MemoryLedger(subscription())
        process_push(posted(message("w1", created("a", "w2")), message("w2", created("b", "w3"))), ledger)
        assert ledger.requests == ["write"]
        assert ledger.rows[KEY].watermark == "w3"

    def test_events_of_another_subscription_in_the_post_are_kept_and_leave_the_chain_alone(self) -> None:
        """The URL says whose they are; the watermark of a stranger is not ours."""
        ledger = MemoryLedger(subscription())
        other = message("x1", created("b", "x2"), subscription_id="S2")
        process_push(posted(message("w1", created("a", "w2")), other), ledger)
        assert len(ledger.events()) == 2
        assert ledger.rows[KEY].watermark == "w2"

    def test_a_first_post_need_not_follow_what_subscribe_returned(self) -> None:
        """WorkMail's guide shows a Subscribe answer and a first PreviousWatermark that differ."""
        ledger = MemoryLedger(subscription(awaiting_first_push=True, watermark="from-subscribe"))
        process_push(events("w1", ("a", "w2")), ledger)
        assert gaps(ledger) == []
        assert (ledger.rows[KEY].awaiting_first_push, ledger.rows[KEY].watermark) == (None, "w2")


class TestGenerations:
    """Renewed subscriptions, and answers to Subscribe that were lost."""

    def test_the_first_post_of_a_pending_generation_brings_it_to_life(self) -> None:
        """Even if the answer to its Subscribe was never seen."""
        row = subscription(state=State.WANTED, generation=0, pending_generation=1, watermark=None, last_seen_at=None)
        ledger = MemoryLedger(replace(row, suspected_gap_since=NOON))
        assert process_push(events("w1", ("a", "w2")), ledger).status is SubscriptionStatus.OK
        adopted = ledger.rows[KEY]
        assert (adopted.state, adopted.generation, adopted.pending_generation) == (State.ACTIVE, 1, None)
        assert (adopted.subscription_id, adopted.watermark, gaps(ledger)) == ("S1", "w2", [])

    def test_a_superseded_callback_is_unsubscribed(self) -> None:
        """Only once the newer generation lives."""
        ledger = MemoryLedger(subscription(state=State.LAPSED, pending_generation=2))
        assert process_push(events("w1", ("a", "w2")), ledger).status is SubscriptionStatus.OK
        process_push(events("w2", ("b", "w3"), generation=2), ledger)
        late = process_push(events("w2", ("b", "w3"), minute=2), ledger)
        assert (late.status, late.meaning) == (SubscriptionStatus.UNSUBSCRIBE, PushOutcome.SUPERSEDED)
        assert len(ledger.events()) == 2

    def test_what_both_generations_deliver_is_logged_once(self) -> None:
        """The new one resumes from the watermark at which it was made, and repeats what the old one brought since."""
        ledger = MemoryLedger(subscription(pending_generation=2))
        process_push(events("w1", ("a", "w2")), ledger)
        process_push(events("w2", ("b", "w3")), ledger)
        process_push(events("w1", ("a", "w2"), generation=2), ledger)
        process_push(events("w2", ("b", "w3"), generation=2), ledger)
        process_push(events("w3", ("c", "w4"), generation=2), ledger)
        assert [document["data"]["id"] for one in ledger.log for document in one.events] == ["a", "b", "c"]
        assert ledger.rows[KEY].watermark == "w4"

    def test_a_renewal_that_does_not_resume_opens_a_gap(self) -> None:
        """Its first PreviousWatermark is none that we know."""
        doubt = {"suspected_gap_since": NOON - timedelta(minutes=30), "suspected_gap_reason": GapReason.RESUME_UNPROVEN}
        ledger = MemoryLedger(subscription(state=State.LAPSED, pending_generation=2, **doubt))
        process_push(events("w9", ("a", "w10"), generation=2), ledger)
        assert [(gap["reason"], gap["from"]) for gap in gaps(ledger)] == [
            ("resume-unproven", "2026-03-04T11:30:00.000Z")
        ]
        assert ledger.rows[KEY].suspected_gap_since is None

    def test_a_renewal_that_resumes_settles_what_was_in_doubt(self) -> None:
        """Its first PreviousWatermark is the last that we know: nothing was missed."""
        doubt = {"suspected_gap_since": NOON, "suspected_gap_reason": GapReason.RESUME_UNPROVEN}
        ledger = MemoryLedger(subscription(state=State.LAPSED, pending_generation=2, **doubt))
        process_push(events("w1", ("a", "w2"), generation=2), ledger)
        assert (gaps(ledger), ledger.rows[KEY].suspected_gap_since, len(ledger.events())) == ([], None, 1)

    def test_a_zero_heartbeat_does_not_prove_a_resume(self) -> None:
        """Not even in the generation that the row already has, and the gap is told once."""
        doubt = {"suspected_gap_since": NOON, "suspected_gap_reason": GapReason.RESUME_UNPROVEN}
        ledger = MemoryLedger(subscription(generation=2, awaiting_first_push=True, **doubt))
        for _ in range(2):
            process_push(posted(message(ZERO, status(ZERO)), generation=2), ledger)
        assert [gap["reason"] for gap in gaps(ledger)] == ["resume-unproven"]

    def test_a_renewal_of_a_server_that_is_known_to_resume_opens_no_gap(self) -> None:
        """The keeper wrote down since when, but no reason."""
        ledger = MemoryLedger(subscription(state=State.LAPSED, pending_generation=2, suspected_gap_since=NOON))
        process_push(events("w9", ("a", "w10"), generation=2), ledger)
        assert gaps(ledger) == []

    @pytest.mark.parametrize(
        ("start", "reasons"), [("w1", []), ("w9", ["resume-unproven"]), (ZERO, ["resume-unproven"])]
    )
    def test_a_generation_that_nobody_hoped_for_any_more_has_to_prove_that_it_goes_on(
        self, start: str, reasons: list[str]
    ) -> None:
        """The one before it was heard of again, so its doubts were dropped; what waited behind that one is lost."""
        ledger = MemoryLedger(subscription(pending_generation=2))
        process_push(events(start, ("a", "w10"), generation=2), ledger)
        assert [gap["reason"] for gap in gaps(ledger)] == reasons
        assert all(gap["from"] == "2026-03-04T11:20:00.000Z" for gap in gaps(ledger))

    def test_an_older_pending_generation_may_still_come_to_life(self) -> None:
        """Two Subscribes went out; the first is heard of first, and the second supersedes it later."""
        ledger = MemoryLedger(subscription(state=State.LAPSED, pending_generation=3))
        process_push(events("w1", ("a", "w2"), generation=2), ledger)
        assert (ledger.rows[KEY].generation, ledger.rows[KEY].pending_generation) == (2, 3)
        process_push(events("w2", ("b", "w3"), generation=3), ledger)
        assert (ledger.rows[KEY].generation, ledger.rows[KEY].pending_generation) == (3, None)

    def test_a_zero_heartbeat_brings_a_generation_to_life_and_leaves_its_first_post_due(self) -> None:
        """It says nothing about the chain."""
        ledger = MemoryLedger(subscription(generation=0, state=State.WANTED, pending_generation=1, watermark=None))
        process_push(posted(message(ZERO, status(ZERO))), ledger)
        assert (ledger.rows[KEY].state, ledger.rows[KEY].awaiting_first_push) == (State.ACTIVE, True)

    def test_a_retired_callback_is_unsubscribed(self) -> None:
        """The only other case."""
        ledger = MemoryLedger(subscription(state=State.RETIRED))
        ruling = process_push(events("w1", ("a", "w2")), ledger)
        assert (ruling.status, ledger.log) == (SubscriptionStatus.UNSUBSCRIBE, [])

    def test_silence_that_ends_makes_the_subscription_active_again(self) -> None:
        """It was not dead after all."""
        ledger = MemoryLedger(subscription(state=State.LAPSED))
        process_push(posted(message("w1", status("w1"))), ledger)
        assert ledger.rows[KEY].state is State.ACTIVE

    def test_a_suspended_subscription_that_still_delivers_is_active_again(self) -> None:
        """It could not be renewed, and was not dead after all: nothing is lost, and the keeper looks again."""
        ledger = MemoryLedger(subscription(state=State.SUSPENDED, next_check_at=NOON + timedelta(days=1)))
        assert process_push(events("w1", ("a", "w2")), ledger).status is SubscriptionStatus.OK
        row = ledger.rows[KEY]
        assert (row.state, row.next_check_at, len(ledger.events())) == (State.ACTIVE, NOON + timedelta(minutes=1), 1)


class TestTold:
    """How far the mailbox has been told."""

    @pytest.mark.parametrize("watermark", ["w1", None], ids=["ordinary", "judged"])
    def test_the_time_of_the_last_event_is_kept_until_a_heartbeat_comes(self, watermark: str | None) -> None:
        """By the clock of the server, whatever a POST took to come."""
        ledger = MemoryLedger(subscription())
        process_push(events(watermark, ("a", "w2"), minute=50), ledger)
        assert ledger.rows[KEY].last_event_at == NOON - timedelta(minutes=1)
        process_push(posted(message("w2", status("w2")), minute=60), ledger)
        assert ledger.rows[KEY].last_event_at is None

    def test_an_event_without_a_time_tells_nothing(self) -> None:
        """When it was received says nothing of when it was first sent."""
        ledger = MemoryLedger(subscription())
        process_push(posted(message("w1", created("a", "w2")._replace(timestamp="soon"))), ledger)
        assert ledger.rows[KEY].last_event_at is None

    def test_a_gap_begins_where_copies_began_to_be_sent(self) -> None:
        """What happened while a POST was sent again waited behind it, and is lost with the subscription."""
        ledger = MemoryLedger(subscription())
        for minute in (1, 2, 50):
            process_push(events("w1", ("a", "w2"), minute=minute), ledger)
        process_push(posted(error(), minute=51), ledger)
        assert gaps(ledger)[0]["from"] == "2026-03-04T11:54:00.000Z"


class TestLost:
    """Error-class messages: the server ended the subscription."""

    def test_an_error_is_acknowledged_and_the_subscription_due_at_once(self) -> None:
        """Marked with the server's code; the gap says so too."""
        ledger = MemoryLedger(subscription())
        ruling = process_push(posted(error()), ledger)
        row = ledger.rows[KEY]
        assert (ruling.status, ruling.meaning) == (SubscriptionStatus.OK, PushOutcome.LOST)
        assert (row.state, row.lost_code, row.next_check_at) == (
            State.LAPSED,
            "ErrorReadEventsFailed",
            NOON + timedelta(minutes=1),
        )
        assert [(gap["reason"], gap["response_code"]) for gap in gaps(ledger)] == [
            ("subscription-lost", "ErrorReadEventsFailed")
        ]

    def test_the_server_is_left_alone_for_as_long_as_it_asks(self) -> None:
        """BackOffMilliseconds of a busy server."""
        ledger = MemoryLedger(subscription())
        process_push(posted(error("ErrorServerBusy", back_off_ms=90_000)), ledger)
        assert ledger.rows[KEY].next_check_at == NOON + timedelta(minutes=1, seconds=90)

    def test_events_beside_an_error_are_stored(self) -> None:
        """One good and one error message in a POST."""
        ledger = MemoryLedger(subscription())
        process_push(posted(message("w1", created("a", "w2")), error()), ledger)
        assert [document["type"] for document in ledger.log[0].events] == ["ews.mailbox.gap", "ews.mailbox.created"]
        assert ledger.rows[KEY].watermark == "w2"

    def test_a_repeated_error_opens_no_second_gap(self) -> None:
        """The subscription can be lost once."""
        ledger = MemoryLedger(subscription())
        for minute in (1, 2):
            process_push(posted(error(), minute=minute), ledger)
        assert len(gaps(ledger)) == 1

    def test_a_lost_subscription_that_delivers_once_more_stays_lost(self) -> None:
        """Its events count, its promise does not."""
        ledger = MemoryLedger(subscription())
        process_push(posted(error()), ledger)
        process_push(events("w1", ("a", "w2"), minute=2), ledger)
        assert ledger.rows[KEY].state is State.LAPSED
        assert len(ledger.events()) == 2

    def test_a_new_generation_ends_the_loss(self) -> None:
        """What the old one was lost with does not stick to it."""
        ledger = MemoryLedger(subscription(state=State.LAPSED, lost_code="ErrorReadEventsFailed", pending_generation=2))
        process_push(events("w1", ("a", "w2"), generation=2), ledger)
        assert (ledger.rows[KEY].state, ledger.rows[KEY].lost_code) == (State.ACTIVE, None)


class TestUndecided:
    """Neither OK nor Unsubscribe: the server is to send again."""

    def test_a_signed_callback_without_a_row_is_no_reason_to_unsubscribe(self) -> None:
        """A table restored or pointed at wrongly must end nothing."""
        with pytest.raises(UndecidedError, match="not in the table") as refusal:
            process_push(events("w1", ("a", "w2")), MemoryLedger())
        assert refusal.value.error_status_hint == 503

    def test_a_failing_store_is_not_hidden(self) -> None:
        """Nothing is known, so nothing is promised."""
        ledger = MemoryLedger(subscription(), writes=FaultPlan(refuse=[1]))
        with pytest.raises(InjectedError):
            process_push(events("w1", ("a", "w2")), ledger)
        assert ledger.log == []

    def test_a_row_that_never_holds_still_is_given_up_on(self) -> None:
        """After a bounded number of attempts."""

        class Restless(MemoryLedger):
            def write(self, entry: ConditionalUpdate) -> WriteResult:
                row = self.rows[KEY]
                self.rows[KEY] = replace(row, revision=row.revision + 1, watermark="elsewhere")
                return super().write(entry)

        ledger = Restless(subscription())
        with pytest.raises(UndecidedError, match="changed under"):
            process_push(events("w1", ("a", "w2")), ledger)
        assert ledger.requests.count("write") == MAX_ATTEMPTS + 1
