"""The events of a POST, their ids, and the entries of the log."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from ewspush.domain.callback import Callback
from ewspush.domain.events import (
    ChangeEvent,
    EventKind,
    GapClosedEvent,
    GapEvent,
    Origin,
    arrival,
    gap_event,
    log_entry,
    push_events,
)
from ewspush.domain.subscription import GapReason, SubscriptionKey
from ewspush.domain.timestamps import from_iso
from ewspush.protocol.notification import KNOWN_EVENTS, STATUS_EVENT, MailboxEvent, ObjectKind
from tests.builders import NOON

CALLBACK: Final = Callback(SubscriptionKey("sub-7f3a"), "ida@harbour.example", 4)
CREATED: Final = MailboxEvent(
    "CreatedEvent",
    object=ObjectKind.ITEM,
    id="it-1",
    change_key="ck",
    parent_folder_id="f-1",
    watermark="KgEAAAAAAAA=",
    timestamp="2026-05-11T07:40:12+02:00",
)
UNKNOWN: Final = MailboxEvent("ArchivedEvent", watermark="w-8", raw_xml="<t:ArchivedEvent/>")


def sole(event: MailboxEvent, callback: Callback = CALLBACK) -> ChangeEvent:
    """Return the only change of `event`."""
    (change,) = push_events(callback, [event], NOON)
    return change


class TestPushEvents:
    """What a consumer learns of a change."""

    def test_it_holds_all_that_the_server_says(self) -> None:
        """The time by the server's clock, in UTC."""
        event = sole(CREATED._replace(old_id="it-0", old_parent_folder_id="f-0", unread_count=3))
        assert event == ChangeEvent(
            event.id,
            EventKind.CREATED,
            from_iso("2026-05-11T05:40:12Z"),
            NOON,
            Origin.PUSH,
            object=ObjectKind.ITEM,
            object_id="it-1",
            change_key="ck",
            parent_folder_id="f-1",
            old_id="it-0",
            old_parent_folder_id="f-0",
            unread_count=3,
            watermark="KgEAAAAAAAA=",
        )

    @pytest.mark.parametrize("name", [name for name in KNOWN_EVENTS if name != STATUS_EVENT])
    def test_every_known_event_has_a_kind_of_its_own(self, name: str) -> None:
        """None of the known events is published as unknown."""
        expected = {"NewMailEvent": "new_mail", "FreeBusyChangedEvent": "free_busy_changed"}
        event = sole(CREATED._replace(type=name))
        assert event.kind == expected.get(name, name.removesuffix("Event").lower())
        assert (event.name, event.raw_xml) == (None, None)

    def test_heartbeats_are_no_events(self) -> None:
        """A heartbeat is stored, not published."""
        events = [MailboxEvent(STATUS_EVENT, watermark="w"), CREATED]
        assert [event.object_id for event in push_events(CALLBACK, events, NOON)] == ["it-1"]

    def test_an_unknown_event_is_published_with_its_xml(self) -> None:
        """As it came, under its own name."""
        event = sole(UNKNOWN)
        assert (event.kind, event.name, event.raw_xml) == (EventKind.UNKNOWN, "ArchivedEvent", "<t:ArchivedEvent/>")

    @pytest.mark.parametrize("timestamp", [None, "soon"])
    def test_without_a_time_it_happened_when_it_arrived(self, timestamp: str | None) -> None:
        """A CloudEvent has a time that parses, in any case."""
        assert sole(CREATED._replace(timestamp=timestamp)).time == NOON

    def test_an_event_that_is_twice_in_a_post_is_one(self) -> None:
        """Each id once, at its first place."""
        second = CREATED._replace(id="it-2")
        events = push_events(CALLBACK, [CREATED, second, CREATED], NOON)
        assert [event.object_id for event in events] == ["it-1", "it-2"]


class TestIds:
    """The same change has the same id, and another change another one."""

    @pytest.mark.parametrize(
        "callback",
        [Callback(SubscriptionKey("another-row"), CALLBACK.mailbox, 4), replace(CALLBACK, generation=9)],
    )
    def test_it_is_the_same_from_any_subscription(self, callback: Callback) -> None:
        """Two subscriptions of a mailbox, or an old and a new one, publish the same change under one id."""
        assert sole(CREATED, callback).id == sole(CREATED).id

    def test_it_is_the_same_when_sent_again(self) -> None:
        """A re-send arrives later."""
        (later,) = push_events(CALLBACK, [CREATED], NOON + timedelta(hours=1))
        assert later.id == sole(CREATED).id

    @pytest.mark.parametrize("change", [{"change_key": "other"}, {"unread_count": 4}, {"parent_change_key": "other"}])
    def test_it_does_not_depend_on_what_a_server_may_write_differently(self, change: dict[str, Any]) -> None:
        """Change keys are often a constant of the server; a count may be the present one."""
        assert sole(CREATED._replace(**change)).id == sole(CREATED).id

    @pytest.mark.parametrize(
        "change",
        [
            {"type": "NewMailEvent"},
            {"object": ObjectKind.FOLDER},
            {"object": None},
            {"id": "it-2"},
            {"parent_folder_id": "f-2"},
            {"parent_folder_id": None},
            {"old_id": "it-0"},
            {"old_parent_folder_id": "f-0"},
            {"watermark": "w-2"},
            {"timestamp": "2026-05-11T07:40:13+02:00"},
            {"timestamp": None},
        ],
        ids=repr,
    )
    def test_any_other_difference_makes_another_event(self, change: dict[str, Any]) -> None:
        """Several events can share a watermark: TimeStamp, kind, object and folders distinguish them."""
        assert len(push_events(CALLBACK, [CREATED, CREATED._replace(**change)], NOON)) == 2

    def test_those_of_two_mailboxes_differ(self) -> None:
        """A watermark belongs to a mailbox; the same one elsewhere is another change."""
        assert sole(CREATED).id != sole(CREATED, replace(CALLBACK, mailbox="bo@harbour.example")).id

    def test_unknown_events_of_one_watermark_differ_by_their_xml(self) -> None:
        """Nothing else is known of them."""
        assert len(push_events(CALLBACK, [UNKNOWN, UNKNOWN._replace(raw_xml="<t:ArchivedEvent a='1'/>")], NOON)) == 2

    @pytest.mark.parametrize("watermark", [None, "AAAAAAAAAAA="])
    def test_the_zero_watermark_is_none(self, watermark: str | None) -> None:
        """TimeStamp alone distinguishes such events."""
        first = CREATED._replace(watermark=watermark)
        assert sole(first).id == sole(CREATED._replace(watermark=None)).id
        assert len(push_events(CALLBACK, [first, first._replace(timestamp="2026-05-11T07:40:13Z")], NOON)) == 2

    def test_long_strings_count_whole(self) -> None:
        """A document that is cut keeps an id of its own."""
        first, second = (CREATED._replace(id="x" * 300_000 + tail) for tail in "ab")
        assert len(push_events(CALLBACK, [first, second], NOON)) == 2


class TestGapEvent:
    """The event that says what may be missing."""

    def test_it_says_from_when_to_when_and_why(self) -> None:
        """The consumer learns which time range to read again, and what the server said."""
        later = NOON + timedelta(minutes=10)
        event = gap_event(CALLBACK, GapReason.SUBSCRIPTION_LOST, NOON, later, "ErrorReadEventsFailed")
        assert event == GapEvent(
            event.id, NOON, later, GapReason.SUBSCRIPTION_LOST, later, Origin.PUSH, "ErrorReadEventsFailed"
        )
        assert event.kind is EventKind.GAP

    def test_its_id_takes_all_that_makes_it_this_gap(self) -> None:
        """Another end is another gap too: after events of one TimeStamp several gaps can begin at one moment."""
        later = NOON + timedelta(minutes=1)
        first, again, *others = (
            gap_event(callback, reason, start, end).id
            for callback, reason, start, end in (
                (CALLBACK, GapReason.CHAIN_MISMATCH, NOON, later),
                (CALLBACK, GapReason.CHAIN_MISMATCH, NOON, later),
                (CALLBACK, GapReason.CHAIN_MISMATCH, NOON, later + timedelta(milliseconds=1)),
                (CALLBACK, GapReason.RESUME_UNPROVEN, NOON, later),
                (CALLBACK, GapReason.CHAIN_MISMATCH, NOON - timedelta(minutes=1), later),
                (replace(CALLBACK, generation=5), GapReason.CHAIN_MISMATCH, NOON, later),
                (replace(CALLBACK, key=SubscriptionKey("other")), GapReason.CHAIN_MISMATCH, NOON, later),
            )
        )
        assert first == again
        assert len({first, *others}) == 1 + len(others)

    def test_only_a_sync_closes_gaps(self) -> None:
        """Its kind and its origin follow."""
        event = GapClosedEvent("id", NOON, NOON, NOON, ("gap",), 0)
        assert (event.kind, event.origin) == (EventKind.GAP_CLOSED, Origin.SYNC)


class TestLogEntry:
    """An entry of the log, and its place in the order."""

    def test_it_belongs_to_the_subscription_of_the_callback(self) -> None:
        """With both ends of its link."""
        entry = log_entry(CALLBACK, NOON, (sole(CREATED),), "w2", "w1")
        assert (entry.key, entry.mailbox, entry.generation) == (CALLBACK.key, CALLBACK.mailbox, 4)
        assert (entry.received_at, entry.watermark, entry.previous_watermark) == (NOON, "w2", "w1")
        assert entry.events == (sole(CREATED),)

    def test_two_posts_of_one_moment_do_not_share_a_key(self) -> None:
        """Copies do: they hold the same events."""
        entries = [log_entry(CALLBACK, NOON, (sole(CREATED._replace(id=each)),)) for each in ("a", "b", "b")]
        assert len({entry.arrival for entry in entries}) == 2

    def test_keys_sort_as_the_moments_do(self) -> None:
        """To the microsecond; a moment itself sorts before all that was logged from then on."""
        moments = [NOON + timedelta(microseconds=each) for each in (0, 1, 999_999, 1_000_000)]
        keys = [key for moment in moments for key in (arrival(moment), arrival(moment, "0"), arrival(moment, "f"))]
        assert keys == sorted(set(keys))
