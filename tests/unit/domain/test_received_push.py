"""One POST reduced to what the rules ask."""

from datetime import timedelta
from typing import Final

import pytest

from ewspush.domain.events import EventKind
from ewspush.domain.received_push import cut_before
from ewspush.protocol.notification import MailboxEvent, ResponseMessage
from ewspush.protocol.response_codes import MAX_CODE_CHARACTERS
from tests.builders import NOON, ZERO, callback, created, error, message, posted, status


class TestLink:
    """Where the link of the chain begins and ends."""

    def test_it_begins_at_previous_watermark_and_ends_at_the_last_event(self) -> None:
        """Over all messages of the subscription."""
        push = posted(message("w1", created("a", "w2"), created("b", "w3")), message("w3", status("w4")))
        assert (push.previous_watermark, push.watermark) == ("w1", "w4")
        assert push.watermarks == {"w2", "w3", "w4"}

    def test_the_zero_watermark_is_none(self) -> None:
        """WorkMail's guide shows it in both places of a heartbeat."""
        push = posted(message(ZERO, status(ZERO)))
        assert (push.previous_watermark, push.watermark, push.watermarks) == (None, None, frozenset())

    def test_a_message_without_events_has_no_end(self) -> None:
        """The server says nothing new."""
        push = posted(message("w1"))
        assert (push.previous_watermark, push.watermark, push.is_heartbeat) == ("w1", None, True)

    def test_the_first_previous_watermark_that_is_there_counts(self) -> None:
        """The schema makes it optional."""
        push = posted(message(None, status(None)), message("w1", created("a", "w2")))
        assert (push.previous_watermark, push.watermark) == ("w1", "w2")

    def test_messages_of_another_subscription_bring_events_but_no_link(self) -> None:
        """The signed URL decides whose events they are, not the SubscriptionId in the body."""
        other = message("x1", created("b", "x2"), subscription_id="S2")
        push = posted(message("w1", created("a", "w2")), other)
        assert (push.subscription_id, push.previous_watermark, push.watermark) == ("S1", "w1", "w2")
        assert [event.object_id for event in push.events] == ["a", "b"]
        assert push.watermarks == {"w2", "x2"}

    @pytest.mark.parametrize(
        ("messages", "is_unbroken"),
        [
            ((message("w1", created("a", "w2")), message("w2", created("b", "w3"))), True),
            ((message("w1", created("a", "w2")), message("w5", created("b", "w6"))), False),
            ((message("w1", created("a", "w2")), message(ZERO, status(ZERO))), True),
            ((message("w1"), message("w5", created("b", "w6"))), True),
        ],
        ids=["continued", "broken", "zero", "no-end"],
    )
    def test_messages_that_do_not_continue_each_other_break_it(
        self, messages: tuple[ResponseMessage, ...], is_unbroken: bool
    ) -> None:
        """Only two real watermarks that differ prove a hole."""
        assert posted(*messages).is_unbroken is is_unbroken


class TestContent:
    """What it brings besides."""

    def test_it_names_its_callback_and_its_arrival(self) -> None:
        """By our clock."""
        push = posted(message("w1", status("w2")), generation=3, minute=4)
        assert (push.callback, push.received_at) == (callback(3), NOON + timedelta(minutes=4))

    def test_heartbeats_are_no_events(self) -> None:
        """Beside an event they move the watermark."""
        push = posted(message("w1", created("a", "w2"), status("w3")))
        assert [event.kind for event in push.events] == [EventKind.CREATED]
        assert (push.is_heartbeat, push.watermark) == (False, "w3")

    def test_the_last_event_says_when_it_happened(self) -> None:
        """Whatever heartbeat follows it."""
        late = created("b", "w3")._replace(timestamp="2026-03-04T11:59:30Z")
        push = posted(message("w1", created("a", "w2"), late, status("w4")))
        assert push.last_event_at == NOON - timedelta(seconds=30)

    @pytest.mark.parametrize("event", [status("w2"), created("a", "w2")._replace(timestamp="soon")])
    def test_without_a_time_of_an_event_there_is_none(self, event: MailboxEvent) -> None:
        """A heartbeat has no TimeStamp; when a POST arrives does not say when its events happened."""
        assert posted(message("w1", event)).last_event_at is None

    @pytest.mark.parametrize(("more_events", "expected"), [(True, True), (False, False), (None, False)])
    def test_more_events_of_any_message_counts(self, more_events: bool | None, expected: bool) -> None:
        """Further events wait on the server."""
        first = message("w1", created("a", "w2"))._replace(more_events=more_events)
        assert posted(first, message("w2", status("w2"))).has_more_events is expected


class TestLoss:
    """An error-class message ends the subscription."""

    def test_its_code_and_back_off_are_those_of_the_first_error(self) -> None:
        """A POST that holds an error is no heartbeat."""
        push = posted(message("w1", status("w1")), error("ErrorServerBusy", 90_000), error("ErrorReadEventsFailed"))
        assert (push.lost_code, push.back_off_ms, push.is_heartbeat) == ("ErrorServerBusy", 90_000, False)

    def test_an_error_without_a_code_is_unknown(self) -> None:
        """The schema makes the code optional."""
        assert posted(error()._replace(response_code=None)).lost_code == "unknown"

    def test_a_long_code_is_cut(self) -> None:
        """The row stays small."""
        assert posted(error("x" * 5000)).lost_code == "x" * MAX_CODE_CHARACTERS

    def test_a_success_is_no_loss(self) -> None:
        """Whatever its code says."""
        assert posted(message("w1", status("w1"))).lost_code is None


class TestCut:
    """A push that is too long for one write."""

    EVENTS: Final = (created("a", "w2"), created("b", "w3"), created("c", "w3"), created("d", "w4"))

    @pytest.mark.parametrize(
        ("position", "first", "mark"), [(1, "a", "w2"), (2, "a", "w2"), (3, "abc", "w3")], ids=["at", "inside", "after"]
    )
    def test_it_is_cut_between_two_watermarks(self, position: int, first: str, mark: str) -> None:
        """The last ones before the event that does not fit; the second push follows the first."""
        push = posted(message("w1", *self.EVENTS))
        begun, ended = cut_before(push, push.events[position].id)
        assert [event.object_id for event in begun.events] == [*first]
        assert begun.events + ended.events == push.events
        assert (begun.previous_watermark, begun.watermark) == ("w1", mark)
        assert (ended.previous_watermark, ended.watermark) == (mark, "w4")
        assert mark not in ended.watermarks

    def test_where_all_before_share_a_watermark_the_first_moves_none(self) -> None:
        """The second follows what the first followed, and is compared with the log."""
        push = posted(message("w2", *self.EVENTS[1:]))
        begun, ended = cut_before(push, push.events[1].id)
        assert (begun.previous_watermark, begun.watermark) == ("w2", None)
        assert (ended.previous_watermark, ended.watermark) == ("w2", "w4")
        assert "w2" in ended.watermarks

    @pytest.mark.parametrize("watermark", [None, ZERO])
    def test_events_without_a_watermark_end_no_link(self, watermark: str | None) -> None:
        """The schema makes it optional."""
        push = posted(message("w1", *(created(name, watermark) for name in "abc")))
        begun, ended = cut_before(push, push.events[2].id)
        assert ([event.object_id for event in begun.events], begun.watermark) == (["a", "b"], None)
        assert (ended.previous_watermark, ended.watermark) == ("w1", None)

    def test_a_heartbeat_at_the_end_ends_the_second(self) -> None:
        """Its watermark is the last."""
        push = posted(message("w1", *self.EVENTS, status("w5")))
        assert cut_before(push, push.events[1].id)[1].watermark == "w5"

    def test_more_events_wait_after_the_first_and_the_error_is_the_second_s(self) -> None:
        """The rest of the POST is not acknowledged yet."""
        push = posted(message("w1", *self.EVENTS), error(back_off_ms=5))
        begun, ended = cut_before(push, push.events[1].id)
        assert (begun.has_more_events, begun.lost_code, begun.back_off_ms) == (True, None, None)
        assert (ended.has_more_events, ended.lost_code, ended.back_off_ms) == (False, push.lost_code, 5)

    def test_each_has_the_time_of_its_last_event(self) -> None:
        """None where the server did not say it."""
        events = (created("a", "w2"), created("b", "w3")._replace(timestamp=None), created("c", "w4"))
        push = posted(message("w1", *events))
        assert cut_before(push, push.events[1].id)[0].last_event_at == NOON - timedelta(minutes=1)
        assert cut_before(push, push.events[2].id)[0].last_event_at is None

    def test_the_second_is_later_in_the_log(self) -> None:
        """Also if both are cut again."""
        push = posted(message("w1", *self.EVENTS))
        begun, ended = cut_before(push, push.events[3].id)
        times = [each.received_at for each in (*cut_before(begun, push.events[1].id), ended)]
        assert times == sorted(set(times))

    def test_a_hole_between_messages_belongs_to_the_first(self) -> None:
        """So its gap is opened once, before all events."""
        push = posted(message("w1", *self.EVENTS), message("w8", created("e", "w9")))
        assert [each.is_unbroken for each in cut_before(push, push.events[1].id)] == [False, True]
