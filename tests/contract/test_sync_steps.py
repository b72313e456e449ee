"""What every ledger promises of a step of a sync run: stored whole or not at all, the twin and DynamoDB alike."""

from dataclasses import replace
from typing import Final

import pytest

from ewspush.adapters.cloud_events import documents_of
from ewspush.domain.sync_run import Baseline, FolderState, SyncStep
from ewspush.domain.updates import AtWatermark, ConditionalUpdate, WriteResult
from tests.builders import NOON
from tests.contract.stores import KEY, ROW, RUN, Stores, page_entry, page_update

MEGABYTE: Final = 1024 * 1024
STATE: Final = FolderState("inbox", "state")


class TestVersion:
    """The version of the stored run is the lock of the next step."""

    def test_of_two_that_begin_a_run_one_succeeds(self, stores: Stores) -> None:
        """And changes nothing of the other's."""
        run = stores.begin()
        assert stores.ledger.commit(None, SyncStep(None, replace(RUN, round=9))) == WriteResult(stored=False)
        assert stores.states.load_run(KEY) == run

    def test_of_two_that_make_a_step_one_succeeds(self, stores: Stores) -> None:
        """With the state and the events that belong to it, and none of the other's."""
        run = stores.begin()
        first = SyncStep(run, replace(run, published=1), FolderState("inbox", "of the first"))
        second = SyncStep(run, replace(run, published=2), FolderState("inbox", "of the second"))
        assert stores.ledger.commit(page_update("a"), first).stored
        assert not stores.ledger.commit(page_update("b", minute=2, revision=1), second).stored
        assert stores.states.load_run(KEY) == first.stored_run
        assert stores.states.sync_state(KEY, 2, "inbox") == "of the first"
        assert stores.logged() == [page_entry("a")]

    @pytest.mark.parametrize("version", [0, 2])
    def test_a_step_from_another_version_changes_nothing(self, stores: Stores, version: int) -> None:
        """Older or newer; or where there is no run at all."""
        before = replace(RUN, version=version)
        step = SyncStep(before, before, STATE, Baseline(2, NOON, NOON))
        assert stores.ledger.commit(page_update("a"), step) == WriteResult(stored=False, subscription=ROW)
        assert stores.states.load_run(KEY) is None
        run = stores.begin()
        assert stores.ledger.commit(page_update("a"), step) == WriteResult(stored=False, subscription=ROW)
        assert stores.states.load_run(KEY) == run
        assert stores.states.sync_state(KEY, 2, "inbox") is None
        assert stores.states.baseline(KEY) is None
        assert stores.logged() == []


class TestWithEvents:
    """A step whose page has events is one write with the update of the row."""

    def test_it_is_stored_together_with_them(self, stores: Stores) -> None:
        """They read back like those of a POST, and the revision of the row is raised."""
        step = SyncStep(stores.begin(), RUN, STATE)
        assert stores.ledger.commit(page_update("a", "b"), step) == WriteResult(stored=True)
        assert stores.logged() == [page_entry("a", "b")]
        assert stores.states.sync_state(KEY, 2, "inbox") == "state"
        assert stores.ledger.read(KEY) == replace(ROW, revision=1)

    def test_a_conclusion_changes_the_row_and_leaves_a_baseline(self, stores: Stores) -> None:
        """Without events, too."""
        run = stores.begin()
        update = replace(page_update(), changes={"next_sync_at": NOON}, notification=None)
        assert stores.ledger.commit(update, SyncStep(run, run, baseline=Baseline(2, NOON, NOON))).stored
        assert stores.ledger.read(KEY) == replace(ROW, next_sync_at=NOON, revision=1)
        assert stores.states.baseline(KEY) == Baseline(2, NOON, NOON)

    @pytest.mark.parametrize("is_read_before", [True, False], ids=["slow path", "fast path"])
    def test_a_post_that_was_stored_before_makes_it_fail(self, stores: Stores, is_read_before: bool) -> None:
        """Nothing is stored then: the page was decided with a log that did not have the POST."""
        run = stores.begin()
        post = page_update("b", minute=2)
        if not is_read_before:
            post = ConditionalUpdate(KEY, AtWatermark(1, "w1"), {"watermark": "w2"}, page_entry("b", minute=2))
        assert stores.ledger.commit(post).stored
        row = stores.ledger.read(KEY)
        assert stores.ledger.commit(page_update("a"), SyncStep(run, run, STATE)) == WriteResult(False, row)
        assert stores.states.load_run(KEY) == run
        assert stores.states.sync_state(KEY, 2, "inbox") is None
        assert stores.logged() == [page_entry("b", minute=2)]

    def test_it_makes_a_post_fail_that_was_decided_before(self, stores: Stores) -> None:
        """On the slow path, which decided with a log that did not have the page."""
        run = stores.begin()
        assert stores.ledger.commit(page_update("a"), SyncStep(run, run, STATE)).stored
        result = stores.ledger.commit(page_update("b", minute=2))
        assert result == WriteResult(stored=False, subscription=replace(ROW, revision=1))

    def test_an_ordinary_post_does_not_mind_it(self, stores: Stores) -> None:
        """The fast path depends on the watermark alone."""
        run = stores.begin()
        assert stores.ledger.commit(page_update("a"), SyncStep(run, run, STATE)).stored
        post = ConditionalUpdate(KEY, AtWatermark(1, "w1"), {"watermark": "w2"}, page_entry("b", minute=2))
        assert stores.ledger.commit(post).stored

    def test_where_both_preconditions_fail_nothing_is_stored(self, stores: Stores) -> None:
        """And the row is returned as it is."""
        run = stores.begin()
        result = stores.ledger.commit(page_update("a", revision=7), SyncStep(replace(run, version=9), run, STATE))
        assert result == WriteResult(stored=False, subscription=ROW)
        assert stores.states.load_run(KEY) == run

    def test_a_full_page_beside_a_long_state_is_stored_whole(self, stores: Stores) -> None:
        """512 changes, in one write."""
        ids = [f"{number:04d}" + "x" * 1000 for number in range(512)]
        step = SyncStep(stores.begin(), RUN, FolderState("inbox", "y" * MEGABYTE))
        assert stores.ledger.commit(page_update(*ids), step).stored
        (entry,) = stores.logged()
        assert [document["id"] for document in documents_of(entry)] == ids
        assert stores.states.sync_state(KEY, 2, "inbox") == "y" * MEGABYTE
