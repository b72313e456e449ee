"""The sync run as a state machine: how it begins, continues and ends, and which request comes next."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from ewspush.domain.recovering import rules
from ewspush.domain.recovering.step import Step
from ewspush.domain.sync_run import HIERARCHY, Baseline, Purpose, SyncRun, SyncStep
from ewspush.protocol.lookup import MAX_ITEMS, LookupRequest
from ewspush.protocol.synchronization import (
    HierarchyPage,
    SyncHierarchyRequest,
    SyncItemsRequest,
)
from tests.builders import NOON, subscription
from tests.unit.domain.logs import at, log_of, pushed
from tests.unit.domain.recovering.runs import (
    BASELINE,
    BASELINE_RUN,
    DONE,
    OF_ALL,
    RUN,
    STATE_UNKNOWN,
    context,
    found,
    items,
    on_folders,
    on_items,
)


class TestBegin:
    """A new run."""

    @pytest.mark.parametrize(
        ("oldest_open_gap_at", "purpose"),
        [(None, Purpose.BASELINE), (at(1), Purpose.RECOVERY)],
        ids=["baseline", "gap"],
    )
    def test_it_is_what_the_subscription_needs(self, oldest_open_gap_at: datetime | None, purpose: Purpose) -> None:
        """An open gap comes before a baseline."""
        row = subscription(oldest_open_gap_at=oldest_open_gap_at, desired_since=None)
        run = rules.begin_run(row, replace(BASELINE, round=3), None, (), NOON)
        assert (run.purpose, run.base_round, run.round, run.started_at) == (purpose, 3, 4, NOON)

    def test_its_round_is_new(self) -> None:
        """Also after a run that never ended; its version continues from there, as the lock of the next step."""
        row = subscription(desired_since=None)
        run = rules.begin_run(row, BASELINE, replace(RUN, round=5), (), NOON)
        assert (run.round, run.base_round, run.version) == (6, 1, RUN.version)

    def test_without_a_baseline_it_begins_from_nothing(self) -> None:
        """It is the first."""
        run = rules.begin_run(subscription(), None, None, (), NOON)
        assert (run.round, run.base_round, run.version) == (1, 0, 0)

    def test_a_baseline_from_before_it_was_retired_does_not_count(self) -> None:
        """What happened while the subscription was not desired is not published."""
        row = subscription(desired_since=at(0))
        run = rules.begin_run(row, replace(BASELINE, started_at=at(-1)), None, ("x",), at(1))
        assert (run.round, run.base_round, run.found) == (2, 0, ())

    def test_of_named_folders_it_begins_with_the_first(self) -> None:
        """It needs no hierarchy."""
        run = rules.begin_run(subscription(folders=("inbox", "drafts")), BASELINE, None, ("x",), NOON)
        assert (run.folders, run.found, run.folder) == (("inbox", "drafts"), (), "inbox")

    def test_of_all_folders_it_begins_with_the_hierarchy(self) -> None:
        """And with the folders that the baseline has."""
        row = subscription(desired_since=None)
        run = rules.begin_run(row, BASELINE, None, (HIERARCHY, "x", "y"), NOON)
        assert (run.folders, run.found, run.folder) == (None, ("x", "y"), HIERARCHY)


class TestContinue:
    """Whether the run under way is still what the subscription needs."""

    @pytest.mark.parametrize(
        ("run", "changes", "baseline", "expected"),
        [
            (RUN, {"oldest_open_gap_at": NOON}, BASELINE, True),
            (RUN, {}, BASELINE, False),
            (BASELINE_RUN, {}, BASELINE, True),
            (BASELINE_RUN, {"oldest_open_gap_at": NOON}, BASELINE, False),
            (BASELINE_RUN, {}, replace(BASELINE, round=2), False),
            (replace(BASELINE_RUN, base_round=0), {}, None, True),
            (replace(BASELINE_RUN, base_round=0), {}, BASELINE, False),
            (BASELINE_RUN, {"desired_since": at(1)}, BASELINE, False),
            (replace(BASELINE_RUN, base_round=0, started_at=at(2)), {"desired_since": at(1)}, BASELINE, True),
        ],
        ids=[
            "recovery with an open gap",
            "recovery without one",
            "baseline",
            "a gap during a baseline run",
            "it left a baseline",
            "the first one",
            "the first one left a baseline",
            "desired again since",
            "begun since it was desired again",
        ],
    )
    def test_it_has_the_same_purpose_and_the_same_baseline(
        self, run: SyncRun, changes: dict[str, Any], baseline: Baseline | None, expected: bool
    ) -> None:
        """Else another one begins."""
        row = subscription(**{"desired_since": None, **changes})
        assert rules.can_continue(run, row, baseline) is expected


class TestNextRequest:
    """What to ask next."""

    def test_the_hierarchy_comes_first_then_the_folders(self) -> None:
        """Each from where it was left."""
        assert rules.next_request(OF_ALL, "s", log_of()) == SyncHierarchyRequest("s")
        assert rules.next_request(RUN, "s", log_of()) == SyncItemsRequest("inbox", "s")
        assert rules.next_request(RUN, None, log_of()) == SyncItemsRequest("inbox")

    def test_the_lookup_of_unconfirmed_items_comes_last(self) -> None:
        """As many at once as one request takes."""
        ids = [f"{number:04}" for number in range(MAX_ITEMS + 1)]
        log = log_of(*(pushed("Created", each) for each in ids))
        assert rules.next_request(DONE, None, log) == LookupRequest(tuple(ids[:MAX_ITEMS]))
        rest = replace(DONE, confirmed=tuple(ids[:MAX_ITEMS]))
        assert rules.next_request(rest, None, log) == LookupRequest(tuple(ids[MAX_ITEMS:]))
        assert rules.next_request(replace(DONE, confirmed=tuple(ids)), None, log) is None

    def test_a_run_that_emits_no_events_looks_nothing_up(self) -> None:
        """It would publish what is missing."""
        log = log_of(pushed("Created", "a"))
        assert rules.next_request(replace(DONE, base_round=0), None, log) is None


class TestAnswer:
    """Which rule an answer goes to."""

    def test_each_answer_goes_to_the_rule_of_its_request(self) -> None:
        """A page of items, a page of the hierarchy, and a lookup."""
        step = rules.on_answer(RUN, SyncItemsRequest("inbox", "s"), items(), context())
        assert step.run.folders == ("drafts",)
        step = rules.on_answer(OF_ALL, SyncHierarchyRequest("s"), HierarchyPage("after", (), is_last=True), context())
        assert step.run.folders == OF_ALL.found
        step = rules.on_answer(DONE, LookupRequest(("a",)), found(missing="a"), context())
        assert step.run.confirmed == ("a",)

    def test_the_answer_to_another_request_is_an_error(self) -> None:
        """Of the adapter."""
        with pytest.raises(TypeError, match="ItemsPage is no answer to LookupRequest"):
            rules.on_answer(DONE, LookupRequest(("a",)), items(), context())


class TestVersion:
    """The store raises it with every step, whatever the rules return."""

    def test_it_follows_the_run_that_is_stored(self) -> None:
        """The first one is 1."""
        assert SyncStep(None, replace(RUN, version=0)).stored_run.version == 1
        assert SyncStep(RUN, RUN).stored_run == replace(RUN, version=8)

    def test_rules_leave_it_alone(self) -> None:
        """None of them knows how often the step is stored."""
        steps = [
            on_items(RUN, items()),
            on_folders(OF_ALL),
            rules.on_lookup(DONE, LookupRequest(("a",)), found("a"), context()),
            rules.on_refused(RUN, SyncItemsRequest("inbox", "s"), STATE_UNKNOWN, context()),
            rules.finish(DONE, NOON),
        ]
        assert [step.run.version for step in steps] == [RUN.version] * 5

    def test_the_step_that_ends_a_run_says_when(self) -> None:
        """Confirmation waits for pushes after that."""
        assert rules.finish(DONE, at(5)) == Step(replace(DONE, finished_at=at(5)))
