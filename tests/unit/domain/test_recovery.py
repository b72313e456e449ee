"""The rules of a recovery: what a run does next, and what of a sync's changes is news."""

from dataclasses import replace
from datetime import datetime
from typing import Final

import pytest

from ewspush.domain.recovering import rules
from ewspush.domain.recovering.rules import HIERARCHY, Purpose, SyncRun
from ewspush.protocol.notification import ObjectKind
from ewspush.protocol.synchronization import ChangeKind, ItemChange, ItemsPage
from tests.stories import NOON, subscription
from tests.unit.domain.logs import KEY, at, folder, item, known, pushed

WORK: Final = SyncRun(KEY, Purpose.RECOVERY, round=2, source=1, begun_at=NOON, places=("inbox", "drafts"), version=7)
OF_ALL: Final = replace(WORK, places=None, found=("inbox", "drafts"))
BASELINE: Final = replace(WORK, purpose=Purpose.BASELINE)
FIRST: Final = replace(WORK, source=0)


def page(*changes: ItemChange, is_last: bool = True, passed_over: int = 0) -> ItemsPage:
    """Return a page of items."""
    return ItemsPage("after", changes, is_last, passed_over)


class TestBegun:
    """A new run."""

    @pytest.mark.parametrize(
        ("oldest_open_gap_at", "purpose"),
        [(None, Purpose.BASELINE), (at(1), Purpose.RECOVERY)],
        ids=["baseline", "gap"],
    )
    def test_it_is_for_what_the_row_needs(self, oldest_open_gap_at: datetime | None, purpose: Purpose) -> None:
        """An open gap comes before all."""
        row = subscription(oldest_open_gap_at=oldest_open_gap_at, baseline_round=3)
        work = rules.begun(row, None, (), NOON)
        assert (work.purpose, work.source, work.round, work.begun_at) == (purpose, 3, 4, NOON)

    def test_its_round_is_one_that_nobody_wrote_to(self) -> None:
        """Not even a run that was given up; its version goes on from there, as the lock of the next step."""
        work = rules.begun(subscription(baseline_round=1), replace(WORK, round=5), (), NOON)
        assert (work.round, work.source, work.version) == (6, 1, WORK.version)

    def test_of_named_folders_it_begins_with_the_first(self) -> None:
        """There is nothing to be found."""
        work = rules.begun(subscription(folders=("inbox", "drafts")), None, ("x",), NOON)
        assert (work.places, work.found, work.place) == (("inbox", "drafts"), (), "inbox")

    def test_of_all_folders_it_begins_with_the_folders(self) -> None:
        """And with those that the baseline has."""
        work = rules.begun(subscription(baseline_round=1), None, ("x", "y"), NOON)
        assert (work.places, work.found, work.place) == (None, ("x", "y"), HIERARCHY)

    @pytest.mark.parametrize(
        ("work", "tells"),
        [(WORK, True), (BASELINE, False), (FIRST, False), (replace(WORK, is_silent=True), False)],
        ids=["recovery", "baseline", "without a baseline", "started over"],
    )
    def test_only_a_recovery_from_a_baseline_tells_news(self, work: SyncRun, tells: bool) -> None:
        """Anything else would tell of all that is there as new."""
        assert work.tells() is tells


class TestSteps:
    """What is left after a page."""

    def test_the_last_page_ends_a_place(self) -> None:
        """Any other leaves it under way."""
        assert rules.advanced(WORK, page(is_last=False), None, told=0).places == ("inbox", "drafts")
        after = rules.advanced(WORK, page(), None, told=2)
        assert (after.places, after.recovered, after.is_done) == (("drafts",), 2, False)
        assert rules.advanced(after, page(), None, told=3).is_done

    def test_every_step_is_a_new_version_and_a_page_makes_up_for_refusals(self) -> None:
        """The version is the lock."""
        tried = replace(WORK, attempts=4)
        afters = [
            rules.advanced(tried, page(is_last=False), None, told=0),
            rules.folders_found(replace(tried, places=None), (), is_last=False, told=0),
            rules.looked_up(tried, (), told=0),
            rules.without_place(tried),
        ]
        assert [(after.version, after.attempts) for after in afters] == [(WORK.version + 1, 0)] * 4
        assert rules.started_over(tried).version == WORK.version + 1

    @pytest.mark.parametrize(("work", "unrecovered"), [(WORK, 2), (BASELINE, 0), (FIRST, 0)])
    def test_what_was_not_understood_was_not_recovered(self, work: SyncRun, unrecovered: int) -> None:
        """A baseline misses nothing by it."""
        assert rules.advanced(work, page(passed_over=2), None, told=0).unrecovered == unrecovered

    def test_a_place_that_starts_over_is_silent_to_its_end(self) -> None:
        """It counts as one thing that was not recovered; the next place tells again."""
        over = rules.started_over(WORK)
        assert (over.tells(), over.unrecovered, over.place) == (False, 1, "inbox")
        more = rules.advanced(over, page(is_last=False), None, told=0)
        assert not more.tells()
        after = rules.advanced(more, page(), None, told=0)
        assert (after.tells(), after.unrecovered, after.place) == (True, 1, "drafts")

    @pytest.mark.parametrize("work", [BASELINE, FIRST])
    def test_a_run_that_tells_nothing_misses_nothing_by_starting_over(self, work: SyncRun) -> None:
        """There was no news to be told."""
        assert rules.started_over(work).unrecovered == 0

    def test_a_place_that_is_gone_is_left_out(self) -> None:
        """The next one is not silent for its sake."""
        after = rules.without_place(rules.started_over(WORK))
        assert (after.places, after.tells()) == (("drafts",), True)

    def test_folders_are_found_page_by_page(self) -> None:
        """What is gone is left out, what is new has no state in the baseline."""
        first = rules.folders_found(
            OF_ALL, [folder(ChangeKind.CREATED, "new"), folder(ChangeKind.UPDATED, "inbox")], is_last=False, told=2
        )
        assert (first.places, first.found, first.recovered) == (None, ("inbox", "drafts", "new"), 2)
        after = rules.folders_found(first, [folder(ChangeKind.DELETED, "drafts")], is_last=True, told=1)
        assert (after.places, after.found, after.recovered) == (("inbox", "new"), (), 3)
        knows = [replace(after, places=(place,)).knows_state() for place in ("inbox", "new")]
        assert knows == [True, False]

    def test_search_folders_are_no_places(self) -> None:
        """They can't be synchronized."""
        after = rules.folders_found(
            OF_ALL, [folder(ChangeKind.CREATED, "search", is_search=True)], is_last=True, told=0
        )
        assert after.places == ("inbox", "drafts")

    def test_a_mailbox_without_folders_is_done_at_once(self) -> None:
        """Not begun for ever."""
        assert rules.folders_found(replace(OF_ALL, found=()), (), is_last=True, told=0).is_done

    def test_a_folder_that_is_told_twice_is_one_place(self) -> None:
        """A baseline that starts over lists all of them again."""
        after = rules.folders_found(
            replace(OF_ALL, source=0), [folder(ChangeKind.CREATED, "inbox")], is_last=True, told=0
        )
        assert after.places == ("inbox", "drafts")


class TestSeen:
    """What pages showed to be there."""

    def test_in_doubt_is_what_came_and_was_not_seen(self) -> None:
        """What went is not, nor is a folder, nor what a page told of: then it is there."""
        log = known(
            pushed("Created", "there"),
            pushed("Created", "doubtful"),
            pushed("Created", "gone"),
            pushed("Deleted", "gone"),
            pushed("Created", "folder", kind=ObjectKind.FOLDER),
        )
        work = rules.advanced(WORK, page(item(ChangeKind.CREATED, "there")), log, told=0)
        assert log.doubtful_items(work.seen) == ["doubtful"]
        assert log.doubtful_items(rules.looked_up(work, ["doubtful"], told=0).seen) == []

    def test_what_a_page_says_is_deleted_was_not_seen(self) -> None:
        """Nor what push told after it; but what the page makes news of was."""
        log = known(pushed("Created", "a"))
        work = rules.advanced(WORK, page(item(ChangeKind.DELETED, "a")), log, told=0)
        assert log.doubtful_items(work.seen) == ["a"]
        work = rules.advanced(WORK, page(item(ChangeKind.CREATED, "b")), log, told=1)
        assert known(pushed("Created", "b")).doubtful_items(work.seen) == []

    def test_a_folder_that_came_and_is_not_there_has_vanished(self) -> None:
        """Unless the log says so already, or it is a search folder."""
        log = known(*(pushed("Created", each, kind=ObjectKind.FOLDER) for each in ("there", "gone", "told", "search")))
        log = replace(log, went=frozenset({"told"}))
        changes = [folder(ChangeKind.CREATED, "there"), folder(ChangeKind.CREATED, "search", is_search=True)]
        work = rules.folders_found(OF_ALL, changes, is_last=False, told=0)
        assert log.vanished_folders((*work.found, *work.seen)) == [folder(ChangeKind.DELETED, "gone")]
