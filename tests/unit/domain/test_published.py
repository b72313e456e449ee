"""What the log holds already: ids and watermarks, what of a sync's changes is unpublished, and which gaps are open."""

from dataclasses import replace

import pytest

from ewspush.domain.events import ChangeEvent, GapEvent, LoggedNotification, Origin, log_entry, push_events
from ewspush.domain.published import OpenGap, RecentEvents
from ewspush.domain.subscription import GapReason
from ewspush.protocol.changes import ChangeKind, FolderChange, ItemChange
from ewspush.protocol.notification import MailboxEvent, ObjectKind
from tests.builders import callback
from tests.unit.domain.logs import at, closed, folder, gap, item, log_of, logged, pushed


class TestRecentEvents:
    """The ids and the watermarks of what was logged recently."""

    def test_they_are_those_of_the_entries_and_of_their_events(self) -> None:
        """Events without a watermark have none, and gap events have an id only."""
        events = push_events(
            callback(),
            [
                MailboxEvent("CreatedEvent", ObjectKind.ITEM, "a", watermark="w2"),
                MailboxEvent("CreatedEvent", ObjectKind.ITEM, "b"),
            ],
            at(1),
        )
        missing = gap(0, 1)
        recent = RecentEvents.of([log_entry(callback(), at(1), (missing, *events), "w3", "w1")])
        assert recent.ids == {missing.id, *(event.id for event in events)}
        assert recent.watermarks == {"w1", "w2", "w3"}

    def test_an_empty_log_has_none(self) -> None:
        """Of a new subscription, for instance."""
        assert RecentEvents.of([]) == RecentEvents(frozenset(), frozenset())


class TestUnpublishedPart:
    """What of a change that a sync returns is not in the log."""

    @pytest.mark.parametrize("name", ["Created", "NewMail", "Copied", "Moved"])
    def test_an_object_that_push_published_as_come_is_published(self, name: str) -> None:
        """By any of these events; an object that the log does not know is unpublished."""
        log = log_of(pushed(name, "a"))
        assert log.unpublished_part(item(ChangeKind.CREATED, "a", 0)) is None
        other = item(ChangeKind.CREATED, "b", 0)
        assert log.unpublished_part(other) == other

    def test_an_object_that_push_published_as_gone_is_published(self) -> None:
        """Also under the id that it had before a move."""
        log = log_of(pushed("Deleted", "a"), pushed("Moved", "c", old_id="b"))
        assert [log.unpublished_part(item(ChangeKind.DELETED, each)) for each in ("a", "b")] == [None, None]
        assert [log.is_gone(each) for each in ("a", "b", "c")] == [True, True, False]
        assert log.unpublished_part(item(ChangeKind.DELETED, "c")) is not None

    def test_what_came_after_it_had_gone_is_there(self) -> None:
        """A folder keeps its id where it is moved back."""
        log = log_of(pushed("Deleted", "a", 1), pushed("Created", "a", 2))
        assert (log.is_present("a"), log.is_gone("a")) == (True, False)

    @pytest.mark.parametrize("kind", [ChangeKind.UPDATED, ChangeKind.CREATED])
    @pytest.mark.parametrize(("minute", "is_published"), [(4, True), (5, True), (6, False)])
    def test_an_update_is_unpublished_where_it_is_later_than_what_is_logged(
        self, kind: ChangeKind, minute: float, is_published: bool
    ) -> None:
        """By the server's clock. An object that came since the baseline was not created once more: it was modified."""
        log = log_of(pushed("Created", "a", 1), pushed("Modified", "a", 5))
        part = log.unpublished_part(item(kind, "a", minute))
        assert (part is None) is is_published
        assert part is None or part.kind is ChangeKind.UPDATED

    def test_an_update_of_an_object_that_is_not_in_the_log_is_unpublished(self) -> None:
        """Whenever it was made."""
        change = item(ChangeKind.UPDATED, "a", -1000)
        assert log_of(pushed("Created", "b", 1)).unpublished_part(change) == change

    @pytest.mark.parametrize("minute", [5, 10, 15])
    @pytest.mark.parametrize("change", [item(ChangeKind.READ_FLAG_CHANGED), folder(ChangeKind.UPDATED, "a")])
    def test_without_a_time_it_is_unpublished(self, change: ItemChange | FolderChange, minute: float) -> None:
        """Whenever push logged the object: a subscription can end right after that, before the change is made."""
        log = log_of(pushed("Modified", "a", minute), logged(gap(0, 10), minute=10))
        assert log.unpublished_part(change) == change._replace(kind=ChangeKind.UPDATED)

    @pytest.mark.parametrize(
        ("gap_start", "pushed_at", "is_published"), [(5, 5, False), (6, 5, True), (4, 9, False), (4, 11, True)]
    )
    def test_of_two_changes_in_one_second_push_published_both_only_where_it_went_on(
        self, gap_start: float, pushed_at: float, is_published: bool
    ) -> None:
        """The gap, which was logged in minute 10, begins later, or the event came after that."""
        event = replace(pushed("Modified", "a", 5), received_at=at(pushed_at))
        event = replace(event, events=tuple(replace(each, received_at=at(pushed_at)) for each in event.events))
        log = log_of(event, logged(gap(gap_start, 10), minute=10))
        part = log.unpublished_part(item(ChangeKind.UPDATED, "a", 5.005))
        assert (part is None) is is_published

    def test_the_time_of_what_a_sync_published_says_nothing(self) -> None:
        """It may be that of our clock, which is ahead of the server's."""
        (event,) = push_events(callback(), [MailboxEvent("ModifiedEvent", ObjectKind.ITEM, "a")], at(9))
        log = log_of(pushed("Modified", "a", 1), logged(replace(event, origin=Origin.SYNC), minute=9))
        assert log.unpublished_part(item(ChangeKind.UPDATED, "a", 5)) is not None

    def test_events_without_an_object_say_nothing(self) -> None:
        """Gaps, and events that are not known."""
        events: tuple[ChangeEvent, ...] = push_events(callback(), [MailboxEvent("CreatedEvent")], at(0))
        log = log_of(logged(gap(0, 1)), logged(*events))
        assert log.unconfirmed_items(()) == []
        assert log.vanished_folders(()) == []


class TestPresentObjects:
    """What came since the first entry, and may be gone."""

    def test_unconfirmed_are_the_items_that_came_and_that_no_page_showed(self) -> None:
        """Not what left again, and no folders."""
        log = log_of(
            pushed("Created", "confirmed"),
            pushed("Created", "unconfirmed"),
            pushed("Created", "left"),
            pushed("Deleted", "left", 1),
            pushed("Created", "folder", kind=ObjectKind.FOLDER),
        )
        assert log.unconfirmed_items(["confirmed"]) == ["unconfirmed"]

    def test_vanished_are_the_folders_that_came_and_are_not_there(self) -> None:
        """Not what left according to the log, and no items."""
        log = log_of(
            *(pushed("Created", each, kind=ObjectKind.FOLDER) for each in ("there", "vanished", "left")),
            pushed("Deleted", "left", 1, kind=ObjectKind.FOLDER),
            pushed("Created", "item"),
        )
        assert log.vanished_folders(["there"]) == ["vanished"]

    def test_entries_count_in_the_order_of_their_arrival(self) -> None:
        """Whatever order they are read in."""
        entries = [pushed("Created", "a", 1), pushed("Deleted", "a", 2)]
        assert not log_of(*entries).is_present("a")
        assert not log_of(*reversed(entries)).is_present("a")


class TestOpenGaps:
    """The gaps that nothing has closed."""

    def test_they_come_oldest_first_whatever_the_order_of_the_log(self) -> None:
        """With their range, and when they were logged."""
        first, second = gap(0, 5), gap(10, 15)
        log = log_of(logged(second, minute=15), logged(first, minute=5))
        assert log.open_gaps == [
            OpenGap(first.id, at(0), at(5), at(5)),
            OpenGap(second.id, at(10), at(15), at(15)),
        ]

    @pytest.mark.parametrize("is_recovered", [True, False])
    def test_one_that_was_concluded_is_not_among_them(self, is_recovered: bool) -> None:
        """Closed, or left open for good: no later sync can return it, and that event is no gap of its own."""
        first, second = gap(0, 5), gap(10, 15)
        concluded = closed(first, minute=20) if is_recovered else _not_recovered(first)
        log = log_of(logged(concluded, minute=20), logged(second, minute=15), logged(first, minute=5))
        assert [each.id for each in log.open_gaps] == [second.id]

    def test_where_nothing_was_missed_there_are_none(self) -> None:
        """Other events are no gaps."""
        entries: list[LoggedNotification] = [pushed("Created", "a")]
        assert log_of(*entries).open_gaps == []


def _not_recovered(first: GapEvent) -> GapEvent:
    return replace(first, id="stays", reason=GapReason.NOT_RECOVERED, origin=Origin.SYNC, gaps=(first.id,), recovered=0)
