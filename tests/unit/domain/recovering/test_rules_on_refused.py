"""What a refusal, or no answer, makes of a sync run."""

from dataclasses import replace

import pytest

from ewspush.domain.recovering import rules
from ewspush.domain.recovering.step import Step
from ewspush.domain.sync_run import FolderState, SyncRun
from ewspush.protocol.changes import ChangeKind
from ewspush.protocol.lookup import LookupRequest
from ewspush.protocol.soap import Refused
from ewspush.protocol.synchronization import PageDefect, SyncHierarchyRequest, SyncItemsRequest, UnusablePage
from tests.unit.domain.logs import item
from tests.unit.domain.recovering.runs import (
    BASELINE_RUN,
    BUSY,
    DONE,
    FOLDER_GONE,
    OF_ALL,
    RUN,
    STATE_UNKNOWN,
    WITHOUT_BASELINE,
    context,
    items,
    on_items,
)


class TestRefused:
    """Answers without a page, and no answer."""

    @pytest.mark.parametrize("request_", [SyncItemsRequest("inbox", "s"), SyncHierarchyRequest("s")])
    def test_an_unknown_state_is_dropped(self, request_: SyncItemsRequest | SyncHierarchyRequest) -> None:
        """The folder is read from the beginning: something of it is missing, and nothing of it is published."""
        run = RUN if isinstance(request_, SyncItemsRequest) else OF_ALL
        step = rules.on_refused(run, request_, STATE_UNKNOWN, context())
        assert step == Step(replace(run, is_restarted=True, unpublished=1), state=FolderState(run.folder, None))
        assert not step.run.has_base_state

    def test_a_folder_is_read_from_the_beginning_to_its_end(self) -> None:
        """It counts as one thing that is missing; the next folder is published again."""
        restarted = rules.on_refused(RUN, SyncItemsRequest("inbox", "s"), STATE_UNKNOWN, context()).run
        more = on_items(restarted, items(is_last=False)).run
        assert not more.emits_events
        after = on_items(more, items()).run
        assert (after.emits_events, after.unpublished, after.folder) == (True, 1, "drafts")

    @pytest.mark.parametrize("run", [BASELINE_RUN, WITHOUT_BASELINE])
    def test_a_run_that_emits_no_events_misses_nothing_by_that(self, run: SyncRun) -> None:
        """It published none before."""
        assert rules.on_refused(run, SyncItemsRequest("inbox", "s"), STATE_UNKNOWN, context()).run.unpublished == 0

    def test_a_folder_without_a_state_in_the_baseline_is_read_from_the_beginning(self) -> None:
        """Unless it is new, and all that is in it came since."""
        request = SyncItemsRequest("inbox")
        page = items(item(ChangeKind.CREATED, "a"))
        step = rules.on_page(RUN, request, page, context())
        assert (step.events, step.run.unpublished) == ((), 1)
        new = replace(RUN, new_folders=("inbox",))
        assert len(rules.on_page(new, request, page, context()).events) == 1

    def test_without_a_state_it_is_not_the_state_that_is_refused(self) -> None:
        """The request is sent again later."""
        assert rules.on_refused(RUN, SyncItemsRequest("inbox"), STATE_UNKNOWN, context()).is_refused

    def test_a_folder_that_is_gone_is_skipped(self) -> None:
        """The next one is published, also where that one was read from the beginning."""
        restarted = rules.on_refused(RUN, SyncItemsRequest("inbox", "s"), STATE_UNKNOWN, context()).run
        step = rules.on_refused(restarted, SyncItemsRequest("inbox"), FOLDER_GONE, context())
        assert (step.run.folders, step.run.emits_events, step.is_refused) == (("drafts",), True, False)

    @pytest.mark.parametrize(
        ("answer", "back_off_ms"),
        [(BUSY, 4500), (UnusablePage(PageDefect.NO_PROGRESS), None), (None, None)],
        ids=["busy", "unusable page", "no answer"],
    )
    def test_after_anything_else_the_request_is_sent_again_later(
        self, answer: Refused | UnusablePage | None, back_off_ms: int | None
    ) -> None:
        """The tries are counted, and the server says how long to wait."""
        for request in (SyncItemsRequest("inbox", "s"), LookupRequest(("a",))):
            run = replace(RUN, folders=("inbox",))
            step = rules.on_answer(run, request, answer, context())
            refused = ("inbox",) if isinstance(request, SyncItemsRequest) else ()
            expected = replace(run, attempts=1, refused=refused)
            assert step == Step(expected, is_refused=True, back_off_ms=back_off_ms)

    @pytest.mark.parametrize("answer", [STATE_UNKNOWN, FOLDER_GONE])
    def test_a_lookup_has_neither_state_nor_folder(self, answer: Refused) -> None:
        """It is sent again later."""
        assert rules.on_refused(DONE, LookupRequest(("a",)), answer, context()).is_refused

    def test_the_hierarchy_cannot_be_gone(self) -> None:
        """It is asked for again later."""
        assert rules.on_refused(OF_ALL, SyncHierarchyRequest("s"), FOLDER_GONE, context()).is_refused
