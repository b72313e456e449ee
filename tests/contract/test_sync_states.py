"""What every `SyncStates` promises, the in-memory twin and DynamoDB alike."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import pytest

from ewspush.adapters.sync_states import MAX_TEXT_CHARACTERS
from ewspush.domain.ports import SubscriptionLedger, SyncStates
from ewspush.domain.recovering.rules import HIERARCHY, Purpose, SyncRun
from ewspush.domain.subscription import LoggedNotification, logged_at
from ewspush.domain.updates import ConditionalUpdate, SameRevision
from tests.aws import aws_of
from tests.stories import NOON, subscription
from tests.twins.ledger import MemoryLedger
from tests.twins.sync_states import MemorySyncStates

ROW: Final = subscription()
KEY: Final = ROW.subscription
WORK: Final = SyncRun(KEY, Purpose.RECOVERY, round=2, source=1, begun_at=NOON, places=("inbox", "drafts"), version=1)
MEGABYTE: Final = 1024 * 1024
PAGE: Final = 4
"""Items a page of a query here; a real page holds a megabyte of them."""


@dataclass(frozen=True)
class Stores:
    """Sync states, and the ledger whose log they add to."""

    states: SyncStates
    ledger: SubscriptionLedger

    def logged(self) -> list[LoggedNotification]:
        """Return what is in the log."""
        return list(self.ledger.recent(KEY, NOON))


@pytest.fixture(params=["memory", "moto", pytest.param("engines", marks=pytest.mark.engines)])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    """Return empty ones of each kind."""
    if request.param == "memory":
        ledger = MemoryLedger(ROW)
        yield Stores(MemorySyncStates(ledger), ledger)
        return
    with aws_of(request) as aws:
        aws.dynamodb.meta.events.register("provide-client-params.dynamodb.Query", _in_small_pages)
        aws.ledger().add(ROW)
        yield Stores(aws.sync_states(), aws.ledger())


def _in_small_pages(params: dict[str, Any], **_: object) -> dict[str, Any]:
    return params | {"Limit": PAGE}


def logged(*ids: str, minute: int = 1) -> LoggedNotification:
    """Return what a step adds to the log."""
    documents: tuple[dict[str, Any], ...] = tuple({"id": each, "data": {"origin": "sync"}} for each in ids)
    return logged_at(KEY, 1, NOON + timedelta(minutes=minute), documents)


def entry(*ids: str, minute: int = 1, revision: int = 0) -> ConditionalUpdate:
    """Return the entry that adds it to the log, if the row has that revision."""
    row = replace(ROW, revision=revision)
    return ConditionalUpdate(KEY, SameRevision(row), {"revision": revision + 1}, logged(*ids, minute=minute))


def stepped(work: SyncRun, **changes: Any) -> SyncRun:
    """Return the run one step further."""
    return replace(work, version=work.version + 1, **changes)


class TestWork:
    """The newest run, and the lock that its version is."""

    def test_there_is_none_at_first(self, stores: Stores) -> None:
        """None, not an error."""
        assert stores.states.work(KEY) is None

    def test_it_reads_back_as_it_was_stored(self, stores: Stores) -> None:
        """With every field set."""
        work = replace(
            WORK,
            found=("AAMk/1+=", "łódź"),
            new=("n",),
            seen=("s", "t"),
            is_silent=True,
            recovered=12,
            unrecovered=1,
            attempts=3,
            ended_at=NOON + timedelta(milliseconds=1500),
        )
        assert stores.states.advance(None, work)
        assert stores.states.work(KEY) == work

    @pytest.mark.parametrize("places", [None, ()])
    def test_folders_yet_to_be_found_are_not_none_left_to_do(
        self, stores: Stores, places: tuple[str, ...] | None
    ) -> None:
        """One begins with the hierarchy, the other is done."""
        assert stores.states.advance(None, replace(WORK, places=places))
        work = stores.states.work(KEY)
        assert work is not None
        assert work.places == places

    def test_with_three_thousand_folders_it_is_stored_whole(self, stores: Stores) -> None:
        """Their ids are longer than an item can be; so is a step that leaves one fewer."""
        places = tuple(f"{number:06d}{'A' * 144}=" for number in range(3000))
        long = replace(WORK, places=places, found=places, seen=places)
        assert stores.states.advance(None, long)
        assert stores.states.work(KEY) == long
        after = stepped(long, places=places[1:])
        assert stores.states.advance(long, after, places[0], "state")
        assert stores.states.work(KEY) == after

    def test_one_that_became_short_leaves_nothing_of_the_long_one(self, stores: Stores) -> None:
        """What was in further items does not come back."""
        long = replace(WORK, places=tuple("A" * 1000 + str(number) for number in range(1000)))
        short = stepped(long, places=("inbox",))
        assert stores.states.advance(None, long)
        assert stores.states.advance(long, short)
        assert stores.states.work(KEY) == short

    def test_of_two_that_begin_one_succeeds(self, stores: Stores) -> None:
        """And changes nothing of the other's."""
        assert stores.states.advance(None, WORK)
        assert not stores.states.advance(None, replace(WORK, round=9))
        assert stores.states.work(KEY) == WORK

    def test_of_two_that_make_a_step_one_succeeds(self, stores: Stores) -> None:
        """With the state and the log entry that belong to it, and none of the other's."""
        stores.states.advance(None, WORK)
        first, second = stepped(WORK, recovered=1), stepped(WORK, recovered=2)
        assert stores.states.advance(WORK, first, "inbox", "of the first", entry("a"))
        assert not stores.states.advance(WORK, second, "inbox", "of the second", entry("b", minute=2, revision=1))
        assert stores.states.work(KEY) == first
        assert stores.states.state(KEY, 2, "inbox") == "of the first"
        assert stores.logged() == [logged("a")]

    @pytest.mark.parametrize("version", [0, 2])
    def test_a_step_from_another_version_changes_nothing(self, stores: Stores, version: int) -> None:
        """Older or newer; or where there is no run at all."""
        before = replace(WORK, version=version)
        assert not stores.states.advance(before, stepped(before), "inbox", "state", entry("a"))
        assert stores.states.work(KEY) is None
        stores.states.advance(None, WORK)
        assert not stores.states.advance(before, stepped(before), "inbox", "state", entry("a"))
        assert stores.states.work(KEY) == WORK
        assert stores.states.state(KEY, 2, "inbox") is None
        assert stores.logged() == []

    def test_a_new_run_takes_the_place_of_the_last(self, stores: Stores) -> None:
        """Its version goes on from there."""
        stores.states.advance(None, WORK)
        new = stepped(WORK, round=3, purpose=Purpose.BASELINE, places=None)
        assert stores.states.advance(WORK, new)
        assert stores.states.work(KEY) == new

    def test_another_subscription_has_a_run_of_its_own(self, stores: Stores) -> None:
        """And states."""
        other = replace(WORK, subscription="other")
        assert stores.states.advance(None, WORK, "inbox", "mine")
        assert stores.states.advance(None, other, "inbox", "theirs")
        stores.states.forget("other", before=3)
        assert stores.states.work(KEY) == WORK
        assert stores.states.state(KEY, 2, "inbox") == "mine"
        assert stores.states.state("other", 2, "inbox") is None


class TestStates:
    """A text for each place in each round."""

    @pytest.mark.parametrize("place", ["inbox", HIERARCHY, "AAMk/+=" * 100, "łódź 🙂"])
    @pytest.mark.parametrize("text", ["H4sIAAA=", ""])
    def test_one_reads_back_as_it_was_stored(self, stores: Stores, place: str, text: str) -> None:
        """Of any folder, and of the folders themselves; an empty one is none to begin from, but is there."""
        assert stores.states.advance(None, WORK, place, text)
        assert stores.states.state(KEY, 2, place) == text
        assert list(stores.states.places(KEY, 2)) == [place]

    def test_there_is_none_of_another_place_or_round(self, stores: Stores) -> None:
        """None, not an error."""
        stores.states.advance(None, WORK, "inbox", "state")
        assert stores.states.state(KEY, 2, "drafts") is None
        assert stores.states.state(KEY, 1, "inbox") is None
        assert stores.states.state("other", 2, "inbox") is None

    @pytest.mark.parametrize(
        "characters", [MAX_TEXT_CHARACTERS - 1, MAX_TEXT_CHARACTERS, MAX_TEXT_CHARACTERS + 1, MEGABYTE]
    )
    def test_a_long_one_reads_back_whole(self, stores: Stores, characters: int) -> None:
        """More than an item can hold."""
        text = "".join(f"{number:08d}" for number in range(characters // 8 + 1))[:characters]
        assert stores.states.advance(None, WORK, "inbox", text)
        assert stores.states.state(KEY, 2, "inbox") == text
        assert list(stores.states.places(KEY, 2)) == ["inbox"]

    def test_a_short_one_takes_the_place_of_a_long_one(self, stores: Stores) -> None:
        """Page after page the state of a place is written over."""
        stores.states.advance(None, WORK, "inbox", "x" * MEGABYTE)
        after = stepped(WORK)
        assert stores.states.advance(WORK, after, "inbox", "short")
        assert stores.states.state(KEY, 2, "inbox") == "short"
        assert stores.states.advance(after, stepped(after), "inbox", "y" * MEGABYTE)
        assert stores.states.state(KEY, 2, "inbox") == "y" * MEGABYTE

    def test_rounds_stand_beside_each_other(self, stores: Stores) -> None:
        """Until the older ones are dropped."""
        work = WORK
        stores.states.advance(None, work, "inbox", "2")
        for number in (3, 10, 100):
            before, work = work, stepped(work, round=number)
            assert stores.states.advance(before, work, "inbox", str(number))
        assert [stores.states.state(KEY, number, "inbox") for number in (2, 3, 10, 100)] == ["2", "3", "10", "100"]
        stores.states.forget(KEY, before=10)
        states = [stores.states.state(KEY, number, "inbox") for number in (2, 3, 10, 100)]
        assert states == [None, None, "10", "100"]
        assert stores.states.work(KEY) == work

    def test_a_long_one_is_forgotten_whole(self, stores: Stores) -> None:
        """A later state of that name has nothing of it."""
        stores.states.advance(None, WORK, "inbox", "x" * MEGABYTE)
        stores.states.forget(KEY, before=3)
        assert stores.states.state(KEY, 2, "inbox") is None
        assert list(stores.states.places(KEY, 2)) == []

    def test_more_places_than_a_query_tells_at_once_are_listed(self, stores: Stores) -> None:
        """Those of other rounds are left out, and the further items of long states are no places."""
        first, work = replace(WORK, round=1), stepped(WORK)
        names = [f"{number:04d}{'A' * 140}=" for number in range(5 * PAGE)]
        assert stores.states.advance(None, first, "old", "state")
        assert stores.states.advance(first, work, names[0], "x" * MEGABYTE)
        for name in names[1:]:
            before, work = work, stepped(work)
            assert stores.states.advance(before, work, name, "H4sI" * 100)
        assert sorted(stores.states.places(KEY, 2)) == names
        assert list(stores.states.places(KEY, 1)) == ["old"]
        stores.states.forget(KEY, before=2)
        assert list(stores.states.places(KEY, 1)) == []
        assert sorted(stores.states.places(KEY, 2)) == names


class TestLog:
    """What a step adds to the log."""

    def test_a_post_that_came_between_is_in_its_way(self, stores: Stores) -> None:
        """Nothing is stored then: what the step tells was judged by a log that did not have the POST."""
        stores.states.advance(None, WORK)
        assert stores.ledger.write(entry("b", minute=2)).stored
        assert not stores.states.advance(WORK, stepped(WORK), "inbox", "state", entry("a"))
        assert stores.states.work(KEY) == WORK
        assert stores.states.state(KEY, 2, "inbox") is None
        assert stores.logged() == [logged("b", minute=2)]

    def test_it_is_in_the_way_of_a_post(self, stores: Stores) -> None:
        """Whose events were judged by a log that did not have the step's."""
        stores.states.advance(None, WORK)
        assert stores.states.advance(WORK, stepped(WORK), "inbox", "state", entry("a"))
        outcome = stores.ledger.write(entry("b", minute=2))
        assert (outcome.stored, outcome.row) == (False, replace(ROW, revision=1))

    def test_it_is_stored_together_with_the_step(self, stores: Stores) -> None:
        """And reads back like that of a POST."""
        stores.states.advance(None, WORK)
        assert stores.states.advance(WORK, stepped(WORK), "inbox", "state", entry("a", "b"))
        assert stores.logged() == [logged("a", "b")]
        assert stores.states.state(KEY, 2, "inbox") == "state"

    def test_a_page_beside_a_long_state_is_stored_whole(self, stores: Stores) -> None:
        """512 changes, in as many items as it takes, in the same write."""
        ids = [f"{number:04d}" + "x" * 1000 for number in range(512)]
        stores.states.advance(None, WORK)
        assert stores.states.advance(WORK, stepped(WORK), "inbox", "y" * MEGABYTE, entry(*ids))
        pieces = sorted(stores.logged(), key=lambda piece: piece.arrival)
        assert [document["id"] for piece in pieces for document in piece.events] == ids
        assert stores.states.state(KEY, 2, "inbox") == "y" * MEGABYTE
