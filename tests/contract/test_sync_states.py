"""What every `SyncStates` returns of the steps that a ledger stored, the in-memory twin and DynamoDB alike."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from ewspush.adapters.sync_items import MAX_TEXT_CHARACTERS
from ewspush.domain.sync_run import HIERARCHY, Baseline, FolderState, Purpose, SyncRun, SyncStep
from tests.builders import NOON
from tests.contract.stores import KEY, OTHER, PAGE, RUN, Stores

MEGABYTE: Final = 1024 * 1024


class TestRun:
    """The newest run."""

    def test_there_is_none_at_first(self, stores: Stores) -> None:
        """None, not an error."""
        assert stores.states.load_run(KEY) is None

    def test_it_reads_back_as_it_was_stored(self, stores: Stores) -> None:
        """With every field set."""
        run = replace(
            RUN,
            found=("AAMk/1+=", "łódź"),
            new_folders=("n",),
            confirmed=("s", "t"),
            is_restarted=True,
            published=12,
            unpublished=1,
            attempts=3,
            finished_at=NOON + timedelta(milliseconds=1500),
        )
        stores.begin(run)
        assert stores.states.load_run(KEY) == replace(run, version=1)

    @pytest.mark.parametrize("folders", [None, ()])
    def test_folders_that_are_not_known_differ_from_none_left(
        self, stores: Stores, folders: tuple[str, ...] | None
    ) -> None:
        """One begins with the hierarchy, the other is done."""
        stores.begin(replace(RUN, folders=folders))
        run = stores.states.load_run(KEY)
        assert run is not None
        assert run.folders == folders

    def test_with_three_thousand_folders_it_reads_back_whole(self, stores: Stores) -> None:
        """Their ids are longer than an item can be; so is a step that leaves one fewer."""
        folders = tuple(f"{number:06d}{'A' * 144}=" for number in range(3000))
        long = stores.begin(replace(RUN, folders=folders, found=folders, confirmed=folders))
        assert stores.states.load_run(KEY) == long
        after = stores.go_on(long, replace(long, folders=folders[1:]), FolderState(folders[0], "state"))
        assert stores.states.load_run(KEY) == after

    def test_one_that_became_short_leaves_nothing_of_the_long_one(self, stores: Stores) -> None:
        """What was in further items does not come back."""
        long = stores.begin(replace(RUN, folders=tuple("A" * 1000 + str(number) for number in range(1000))))
        short = stores.go_on(long, replace(long, folders=("inbox",)))
        assert stores.states.load_run(KEY) == short

    def test_a_new_run_takes_the_place_of_the_last(self, stores: Stores) -> None:
        """Its version continues from there."""
        last = stores.begin()
        new = stores.go_on(last, replace(RUN, round=3, purpose=Purpose.BASELINE, folders=None))
        assert stores.states.load_run(KEY) == new
        assert new.version == last.version + 1

    def test_another_subscription_has_a_run_of_its_own(self, stores: Stores) -> None:
        """And states."""
        run = stores.begin(state=FolderState("inbox", "mine"))
        stores.begin(replace(RUN, key=OTHER), FolderState("inbox", "theirs"))
        stores.states.forget(OTHER, before=3)
        assert stores.states.load_run(KEY) == run
        assert stores.states.sync_state(KEY, 2, "inbox") == "mine"
        assert stores.states.sync_state(OTHER, 2, "inbox") is None


class TestBaseline:
    """The newest baseline."""

    def test_there_is_none_at_first(self, stores: Stores) -> None:
        """Also while the first run is under way."""
        stores.begin()
        assert stores.states.baseline(KEY) is None

    def test_it_is_that_of_the_last_step_that_had_one(self, stores: Stores) -> None:
        """A step without one leaves it."""
        run = stores.begin()
        for number in (2, 3):
            baseline = Baseline(number, NOON, NOON + timedelta(milliseconds=1500))
            step = SyncStep(run, run, baseline=baseline)
            assert stores.ledger.commit(None, step).stored
            run = stores.go_on(step.stored_run, step.stored_run)
            assert stores.states.baseline(KEY) == baseline
        assert stores.states.baseline(OTHER) is None

    def test_it_outlives_the_states_of_older_rounds(self, stores: Stores) -> None:
        """They are dropped once it is stored."""
        baseline = Baseline(2, NOON, NOON)
        assert stores.ledger.commit(None, SyncStep(None, RUN, baseline=baseline)).stored
        stores.states.forget(KEY, before=10)
        assert stores.states.baseline(KEY) == baseline


class TestStates:
    """A text for each folder in each round."""

    @pytest.mark.parametrize("folder", ["inbox", HIERARCHY, "AAMk/+=" * 100, "łódź 🙂"])
    @pytest.mark.parametrize("text", ["H4sIAAA=", ""])
    def test_one_reads_back_as_it_was_stored(self, stores: Stores, folder: str, text: str) -> None:
        """Of any folder, and of the hierarchy; an empty text is a state, too."""
        stores.begin(state=FolderState(folder, text))
        assert stores.states.sync_state(KEY, 2, folder) == text
        assert list(stores.states.folders(KEY, 2)) == [folder]

    def test_there_is_none_of_another_folder_or_round(self, stores: Stores) -> None:
        """None, not an error."""
        stores.begin(state=FolderState("inbox", "state"))
        assert stores.states.sync_state(KEY, 2, "drafts") is None
        assert stores.states.sync_state(KEY, 1, "inbox") is None
        assert stores.states.sync_state(OTHER, 2, "inbox") is None

    @pytest.mark.parametrize(
        "characters", [MAX_TEXT_CHARACTERS - 1, MAX_TEXT_CHARACTERS, MAX_TEXT_CHARACTERS + 1, MEGABYTE]
    )
    def test_a_long_one_reads_back_whole(self, stores: Stores, characters: int) -> None:
        """It has more characters than an item can hold."""
        text = "".join(f"{number:08d}" for number in range(characters // 8 + 1))[:characters]
        stores.begin(state=FolderState("inbox", text))
        assert stores.states.sync_state(KEY, 2, "inbox") == text
        assert list(stores.states.folders(KEY, 2)) == ["inbox"]

    def test_a_short_one_takes_the_place_of_a_long_one(self, stores: Stores) -> None:
        """Page after page the state of a folder is replaced."""
        run = stores.begin(state=FolderState("inbox", "x" * MEGABYTE))
        run = stores.go_on(run, run, FolderState("inbox", "short"))
        assert stores.states.sync_state(KEY, 2, "inbox") == "short"
        stores.go_on(run, run, FolderState("inbox", "y" * MEGABYTE))
        assert stores.states.sync_state(KEY, 2, "inbox") == "y" * MEGABYTE

    @pytest.mark.parametrize("characters", [10, MEGABYTE])
    def test_one_that_the_server_does_not_know_any_more_is_removed(self, stores: Stores, characters: int) -> None:
        """Nothing of it comes back with a later one; removing it again is no error."""
        run = stores.begin(state=FolderState("inbox", "x" * characters))
        run = stores.go_on(run, run, FolderState("inbox", None))
        assert stores.states.sync_state(KEY, 2, "inbox") is None
        assert list(stores.states.folders(KEY, 2)) == []
        run = stores.go_on(run, run, FolderState("inbox", None))
        stores.go_on(run, run, FolderState("inbox", "later"))
        assert stores.states.sync_state(KEY, 2, "inbox") == "later"

    def test_rounds_stand_beside_each_other(self, stores: Stores) -> None:
        """Until the older ones are dropped."""
        run = stores.begin(state=FolderState("inbox", "2"))
        for number in (3, 10, 100):
            run = stores.go_on(run, replace(run, round=number), FolderState("inbox", str(number)))
        assert self._states(stores) == ["2", "3", "10", "100"]
        stores.states.forget(KEY, before=10)
        assert self._states(stores) == [None, None, "10", "100"]
        assert stores.states.load_run(KEY) == run

    def _states(self, stores: Stores) -> list[str | None]:
        return [stores.states.sync_state(KEY, number, "inbox") for number in (2, 3, 10, 100)]

    def test_a_long_one_is_forgotten_whole(self, stores: Stores) -> None:
        """A later state of that folder has nothing of it."""
        stores.begin(state=FolderState("inbox", "x" * MEGABYTE))
        stores.states.forget(KEY, before=3)
        assert stores.states.sync_state(KEY, 2, "inbox") is None
        assert list(stores.states.folders(KEY, 2)) == []

    def test_more_folders_than_a_page_of_a_query_holds_are_listed(self, stores: Stores) -> None:
        """Those of other rounds are left out, and the further items of long states are no folders."""
        first: SyncRun = stores.begin(replace(RUN, round=1), FolderState("old", "state"))
        names = [f"{number:04d}{'A' * 140}=" for number in range(5 * PAGE)]
        run = stores.go_on(first, RUN, FolderState(names[0], "x" * MEGABYTE))
        for name in names[1:]:
            run = stores.go_on(run, run, FolderState(name, "H4sI" * 100))
        assert sorted(stores.states.folders(KEY, 2)) == names
        assert list(stores.states.folders(KEY, 1)) == ["old"]
        stores.states.forget(KEY, before=2)
        assert list(stores.states.folders(KEY, 1)) == []
        assert sorted(stores.states.folders(KEY, 2)) == names
