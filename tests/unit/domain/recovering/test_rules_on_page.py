"""What a page, or the answer to a lookup, makes of a sync run."""

from dataclasses import replace

import pytest

from ewspush.domain.events import EventKind
from ewspush.domain.recovering import rules
from ewspush.domain.recovering.step import Step
from ewspush.domain.sync_run import HIERARCHY, FolderState, SyncRun
from ewspush.protocol.changes import ChangeKind
from ewspush.protocol.lookup import LookupRequest
from ewspush.protocol.notification import ObjectKind
from ewspush.protocol.synchronization import SyncItemsRequest
from tests.unit.domain.logs import folder, item, log_of, pushed
from tests.unit.domain.recovering.runs import (
    BASELINE_RUN,
    DONE,
    FOLDER_GONE,
    OF_ALL,
    RUN,
    WITHOUT_BASELINE,
    context,
    found,
    items,
    on_folders,
    on_items,
)


class TestEmitsEvents:
    """Only a recovery from a baseline publishes what it finds."""

    @pytest.mark.parametrize(
        ("run", "expected"),
        [(RUN, True), (BASELINE_RUN, False), (WITHOUT_BASELINE, False), (replace(RUN, is_restarted=True), False)],
        ids=["recovery", "baseline", "without a baseline", "folder read from the beginning"],
    )
    def test_anything_else_would_publish_all_that_is_there(self, run: SyncRun, expected: bool) -> None:
        """As if it had just come."""
        assert run.emits_events is expected
        step = on_items(run, items(item(ChangeKind.CREATED, "a"), passed_over=2))
        assert len(step.events) == step.run.published == (1 if expected else 0)
        assert step.run.unpublished == (2 if expected else 0)


class TestItemsPage:
    """A page of items."""

    def test_the_last_page_ends_a_folder(self) -> None:
        """Any other leaves it under way; each leaves its state."""
        more = on_items(RUN, items(is_last=False))
        assert (more.run.folders, more.state) == (RUN.folders, FolderState("inbox", "after"))
        last = on_items(more.run, items())
        assert (last.run.folders, last.state) == (("drafts",), FolderState("inbox", "after"))
        assert on_items(last.run, items()).run.folders == ()

    def test_what_it_publishes_is_counted(self) -> None:
        """Over all pages."""
        first = on_items(RUN, items(item(ChangeKind.CREATED, "a"), item(ChangeKind.DELETED, "b")))
        assert [event.kind for event in first.events] == [EventKind.CREATED, EventKind.DELETED]
        assert on_items(first.run, items(item(ChangeKind.CREATED, "c"))).run.published == 3

    def test_a_page_makes_up_for_refusals(self) -> None:
        """The next refusal is the first again."""
        refused = replace(RUN, attempts=4)
        assert on_items(refused, items(is_last=False)).run.attempts == 0
        assert on_folders(replace(refused, folders=None)).run.attempts == 0
        assert rules.on_lookup(refused, LookupRequest(("a",)), found("a"), context()).run.attempts == 0
        assert rules.on_refused(refused, SyncItemsRequest("inbox"), FOLDER_GONE, context()).run.attempts == 0

    def test_what_push_published_as_come_and_it_shows_is_confirmed(self) -> None:
        """Not what it says is deleted. Of all else no lookup will ask: the run stays small with any number of items."""
        log = [pushed("Created", each) for each in ("changed", "deleted")]
        changes = [
            item(ChangeKind.CREATED, "created"),
            item(ChangeKind.UPDATED, "changed", 9),
            item(ChangeKind.UPDATED, "old", 9),
            item(ChangeKind.DELETED, "deleted"),
        ]
        step = on_items(RUN, items(*changes), *log)
        assert step.run.confirmed == ("changed",)

    def test_an_outdated_page_is_asked_for_again(self) -> None:
        """It publishes nothing and leaves no state: push logged the item meanwhile, but not that it came."""
        step = on_items(
            RUN,
            items(item(ChangeKind.CREATED, "a", 1), item(ChangeKind.CREATED, "b", 1)),
            pushed("Modified", "a", 2),
            pushed_meanwhile=("a",),
        )
        assert step == Step(RUN)

    def test_a_run_that_emits_no_events_needs_no_log(self) -> None:
        """Its pages are never outdated."""
        page = items(item(ChangeKind.CREATED, "a", 1))
        step = on_items(BASELINE_RUN, page, pushed("Modified", "a", 2), pushed_meanwhile=("a",))
        assert step.state == FolderState("inbox", "after")


class TestHierarchyPage:
    """A page of the hierarchy."""

    def test_folders_are_found_page_by_page(self) -> None:
        """What is deleted is left out, what is new has no state in the baseline."""
        changes = [folder(ChangeKind.CREATED, "new"), folder(ChangeKind.UPDATED, "inbox")]
        first = on_folders(OF_ALL, *changes, is_last=False)
        assert (first.run.folders, first.run.found, first.run.published) == (None, ("inbox", "drafts", "new"), 2)
        assert first.state == FolderState(HIERARCHY, "after")
        last = on_folders(first.run, folder(ChangeKind.DELETED, "drafts"))
        assert (last.run.folders, last.run.found, last.run.published) == (("inbox", "new"), (), 3)
        has_states = [replace(last.run, folders=(each,)).has_base_state for each in ("inbox", "new")]
        assert has_states == [True, False]

    def test_search_folders_cannot_be_synchronized(self) -> None:
        """They are left out."""
        step = on_folders(OF_ALL, folder(ChangeKind.CREATED, "search", is_search=True))
        assert step.run.folders == ("inbox", "drafts")

    def test_without_folders_the_hierarchy_is_not_asked_for_again(self) -> None:
        """Such a mailbox is done at once."""
        step = on_folders(replace(OF_ALL, found=()))
        assert step.run.folders == ()
        assert rules.next_request(step.run, None, log_of()) is None

    def test_a_folder_that_is_named_twice_is_asked_for_once(self) -> None:
        """A run that reads the hierarchy from the beginning gets all of them again."""
        step = on_folders(replace(OF_ALL, base_round=0), folder(ChangeKind.CREATED, "inbox"))
        assert step.run.folders == ("inbox", "drafts")

    def test_a_folder_that_came_and_is_not_named_is_asked_for(self) -> None:
        """Unless the log says that it left, or it is a search folder, which is named only where it changed.

        Only where its sync says that it is gone, it was deleted.
        """
        kind = ObjectKind.FOLDER
        log = [pushed("Created", each, kind=kind) for each in ("there", "vanished", "left", "search")]
        log.append(pushed("Deleted", "left", 1, kind=kind))
        changes = [folder(ChangeKind.CREATED, "there"), folder(ChangeKind.CREATED, "search", is_search=True)]
        first = on_folders(OF_ALL, *changes, is_last=False, log=tuple(log))
        assert [event.kind for event in first.events] == [EventKind.MODIFIED] * 2  # nothing says when they changed
        last = on_folders(first.run, log=tuple(log))
        assert (last.events, last.run.folders) == ((), (*OF_ALL.found, "there", "vanished"))
        asked = replace(last.run, folders=("vanished",))
        gone = rules.on_refused(asked, SyncItemsRequest("vanished"), FOLDER_GONE, context(*log))
        assert [(event.kind, event.object_id) for event in gone.events] == [(EventKind.DELETED, "vanished")]
        assert (gone.run.folders, gone.run.deleted_folders) == ((), ("vanished",))

    def test_a_folder_that_came_and_is_said_to_be_deleted_is_published_once(self) -> None:
        """It came shortly before the baseline, so the server knows it, and the log has it too."""
        log = (pushed("Created", "gone", kind=ObjectKind.FOLDER),)
        step = on_folders(OF_ALL, folder(ChangeKind.DELETED, "gone"), log=log)
        assert [(event.kind, event.object_id) for event in step.events] == [(EventKind.DELETED, "gone")]


class TestLookup:
    """Items that came, and that no page showed."""

    def test_the_missing_ones_were_deleted(self) -> None:
        """Each is looked up once."""
        step = rules.on_lookup(DONE, LookupRequest(("a", "b")), found("a", "b"), context())
        assert [(event.kind, event.object_id) for event in step.events] == [(EventKind.DELETED, "b")]
        assert (step.run.published, step.run.confirmed, step.state) == (1, ("a", "b"), None)

    def test_those_that_push_logged_meanwhile_are_looked_up_again(self) -> None:
        """Unless push logged their end."""
        log = (pushed("Created", "a"), pushed("Created", "b"))
        after = context(*log, pushed_meanwhile=("b",))
        step = rules.on_lookup(DONE, LookupRequest(("a", "b")), found(missing="ab"), after)
        assert [event.object_id for event in step.events] == ["a"]
        assert (step.is_refused, step.run.unanswered) == (False, ())
        assert rules.next_request(step.run, None, after.logged) == LookupRequest(("b",))
