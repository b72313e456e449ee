"""What of a sync's changes is news, and which gaps are open, by the log."""

import pytest

from ewspush.domain.events import push_documents
from ewspush.domain.known import Gap, open_gaps
from ewspush.domain.sync_events import closing_document
from ewspush.protocol.notification import MailboxEvent, ObjectKind
from ewspush.protocol.synchronization import ChangeKind, FolderChange, ItemChange
from tests.stories import NOON, callback
from tests.unit.domain.logs import at, folder, gap, item, known, logged, pushed


class TestKnown:
    """What the log says already, and so is no news."""

    @pytest.mark.parametrize("name", ["Created", "NewMail", "Copied", "Moved"])
    def test_what_push_said_came_did_not_come_again(self, name: str) -> None:
        """By whatever event; an unknown one did."""
        log = known(pushed(name, "a"))
        assert log.untold(item(ChangeKind.CREATED, "a", 0), ()) is None
        other = item(ChangeKind.CREATED, "b", 0)
        assert log.untold(other, ()) == other

    def test_what_push_said_went_did_not_go_again(self) -> None:
        """Also under the id that it had before a move."""
        log = known(pushed("Deleted", "a"), pushed("Moved", "c", old_id="b"))
        assert [log.untold(item(ChangeKind.DELETED, each), ()) for each in ("a", "b")] == [None, None]
        assert log.untold(item(ChangeKind.DELETED, "c"), ()) is not None

    @pytest.mark.parametrize("kind", [ChangeKind.UPDATED, ChangeKind.CREATED])
    @pytest.mark.parametrize(("minute", "is_told"), [(4, True), (5, True), (6, False)])
    def test_an_update_is_news_where_it_is_later_than_what_was_told(
        self, kind: ChangeKind, minute: float, is_told: bool
    ) -> None:
        """By the server's clock. One that came since the baseline was not created once more: it was modified."""
        log = known(pushed("Created", "a", 1), pushed("Modified", "a", 5))
        news = log.untold(item(kind, "a", minute), ())
        assert (news is None) is is_told
        assert news is None or news.kind is ChangeKind.UPDATED

    def test_an_update_of_what_nobody_told_of_is_news(self) -> None:
        """Whenever it was made."""
        change = item(ChangeKind.UPDATED, "a", -1000)
        assert known(pushed("Created", "b", 1)).untold(change, ()) == change

    @pytest.mark.parametrize(("minute", "is_told"), [(5, False), (10, True), (15, True)])
    @pytest.mark.parametrize("change", [item(ChangeKind.READ_FLAG_CHANGED), folder(ChangeKind.UPDATED, "a")])
    def test_without_a_time_only_what_was_told_after_the_gaps_counts(
        self, change: ItemChange | FolderChange, minute: float, is_told: bool
    ) -> None:
        """To tell it again is better than not at all."""
        gaps = [Gap("g", at(0), at(10), at(10))]
        assert (known(pushed("Modified", "a", minute)).untold(change, gaps) is None) is is_told

    def test_what_a_sync_said_counts_like_what_push_said(self) -> None:
        """A page that is read once more tells nothing."""
        (document,) = push_documents(callback(), [MailboxEvent("CreatedEvent", ObjectKind.ITEM, "a")], NOON)
        document["data"]["origin"] = "sync"
        assert known(logged(document)).untold(item(ChangeKind.CREATED, "a", 0), ()) is None

    def test_events_without_an_id_say_nothing(self) -> None:
        """Gaps, and events that are not known."""
        log = known(logged(gap(0, 1)), logged(*push_documents(callback(), [MailboxEvent("CreatedEvent")], NOON)))
        assert (log.came, log.went, log.told_at) == (frozenset(), frozenset(), {})


class TestOpenGaps:
    """The gaps that nothing has closed."""

    def test_they_are_told_oldest_first_whatever_the_order_of_the_log(self) -> None:
        """With their range, and when they were logged."""
        first, second = gap(0, 5), gap(10, 15)
        log = [logged(second, minute=15), logged(first, minute=5)]
        assert open_gaps(log) == [
            Gap(first["id"], at(0), at(5), at(5)),
            Gap(second["id"], at(10), at(15), at(15)),
        ]

    @pytest.mark.parametrize("is_whole", [True, False])
    def test_one_that_was_settled_is_not_among_them(self, is_whole: bool) -> None:
        """Closed, or said to stay open for good: no later sync can tell of it, and it is no gap of its own."""
        first, second = gap(0, 5), gap(10, 15)
        settled = closing_document(callback(), [first["id"]], (at(0), at(5)), 1, at(20), is_whole=is_whole)
        log = [logged(settled, minute=20), logged(second, minute=15), logged(first, minute=5)]
        assert [each.id for each in open_gaps(log)] == [second["id"]]

    def test_where_nothing_was_missed_there_are_none(self) -> None:
        """Other events are no gaps."""
        assert open_gaps([pushed("Created", "a")]) == []
