"""What every ledger promises the keeper: what is due, and a write that succeeds for only one of many."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from ewspush.domain.ports import SubscriptionLedger
from ewspush.domain.subscription import State, Subscription, SubscriptionChanges, SubscriptionKey
from ewspush.domain.updates import ConditionalUpdate, GenerationPending, NoActivitySince
from tests.aws import aws_of
from tests.builders import NOON, subscription
from tests.twins.ledger import MemoryLedger

ROW: Final = subscription()
KEY: Final = ROW.key
PAGE: Final = 2
"""Keys a page here; a real page holds a megabyte of them."""


@pytest.fixture(params=["memory", "moto", pytest.param("engines", marks=pytest.mark.engines)])
def ledger(request: pytest.FixtureRequest) -> Iterator[SubscriptionLedger]:
    """Return an empty ledger of each kind."""
    if request.param == "memory":
        yield MemoryLedger()
        return
    with aws_of(request) as aws:
        aws.dynamodb.meta.events.register("provide-client-params.dynamodb.Query", _in_small_pages)
        yield aws.ledger()


def _in_small_pages(params: dict[str, Any], **_: object) -> dict[str, Any]:
    return params | {"Limit": PAGE}


def add(ledger: SubscriptionLedger, key: str, next_check_at: datetime | None, shard: str = "1") -> Subscription:
    """Add a row and return it."""
    row = replace(ROW, key=SubscriptionKey(key), next_check_at=next_check_at, due_shard=shard)
    assert ledger.add(row)
    return row


def at(minutes: float) -> datetime:
    """Return a time some minutes after noon."""
    return NOON + timedelta(minutes=minutes)


class TestDue:
    """The due index."""

    def test_what_is_due_comes_the_longest_due_first(self, ledger: SubscriptionLedger) -> None:
        """The present moment included, the future not."""
        for key, minutes in (("late", 2.0), ("now", 3.0), ("soon", 3.001), ("first", 1.0)):
            add(ledger, key, at(minutes))
        assert list(ledger.due("1", at(3))) == ["first", "late", "now"]

    def test_only_the_partition_that_is_asked_for_is_read(self, ledger: SubscriptionLedger) -> None:
        """The others have keepers of their own."""
        add(ledger, "mine", at(0))
        add(ledger, "theirs", at(0), shard="2")
        assert [list(ledger.due(shard, at(1))) for shard in ("1", "2", "3")] == [["mine"], ["theirs"], []]

    def test_what_is_never_due_is_not_in_it(self, ledger: SubscriptionLedger) -> None:
        """A retired row has no `next_check_at`."""
        add(ledger, "retired", None)
        row = add(ledger, "retiring", at(0))
        changes: SubscriptionChanges = {"next_check_at": None, "state": State.RETIRED}
        assert ledger.commit(ConditionalUpdate(row.key, NoActivitySince(row), changes)).stored
        assert list(ledger.due("1", at(9))) == []

    def test_there_may_be_more_than_a_page_of_it(self, ledger: SubscriptionLedger) -> None:
        """In order over all pages."""
        keys = [f"k{number}" for number in range(2 * PAGE + 1)]
        for minutes, key in enumerate(keys):
            add(ledger, key, at(minutes))
        assert list(ledger.due("1", at(len(keys)))) == keys

    def test_a_row_that_was_moved_on_leaves_it_until_then(self, ledger: SubscriptionLedger) -> None:
        """As each check does."""
        row = add(ledger, "k", at(0))
        assert ledger.commit(ConditionalUpdate(row.key, NoActivitySince(row), {"next_check_at": at(30)})).stored
        assert [list(ledger.due("1", at(minutes))) for minutes in (29, 30)] == [[], ["k"]]

    def test_all_that_are_due_at_the_same_moment_come(self, ledger: SubscriptionLedger) -> None:
        """Check times are to the millisecond, and many can share one."""
        for key in ("a", "b", "c"):
            add(ledger, key, at(0))
        assert sorted(ledger.due("1", at(0))) == ["a", "b", "c"]


class TestLock:
    """Writes of the keeper: each requires that no other process was faster."""

    def test_of_two_that_read_the_same_row_one_gets_it(self, ledger: SubscriptionLedger) -> None:
        """The other gets the row as it is by then."""
        ledger.add(ROW)
        first, second = ledger.read(KEY), ledger.read(KEY)
        assert first is not None
        assert second is not None
        changes: SubscriptionChanges = {
            "state": State.LAPSED,
            "pending_generation": 2,
            "next_check_at": at(46),
            "attempts": 1,
        }
        assert ledger.commit(ConditionalUpdate(KEY, NoActivitySince(first), changes)).stored
        result = ledger.commit(ConditionalUpdate(KEY, NoActivitySince(second), changes))
        assert result.subscription is not None
        assert (result.stored, result.subscription) == (False, ledger.read(KEY))
        assert (result.subscription.pending_generation, result.subscription.next_check_at) == (2, at(46))

    @pytest.mark.parametrize(
        ("changes", "stored"),
        [
            ({}, True),
            ({"last_seen_at": at(1)}, False),
            ({"last_seen_at": None}, False),
            ({"next_check_at": at(1)}, False),
            ({"next_check_at": None}, False),
            ({"pending_generation": 2}, False),
            ({"generation": 2}, False),
            ({"state": State.RETIRED}, False),
            ({"revision": 1}, False),
        ],
    )
    def test_whatever_happened_since_the_read_refuses_the_lock(
        self, ledger: SubscriptionLedger, changes: dict[str, Any], stored: bool
    ) -> None:
        """Each on its own; the row comes back as it is."""
        row = replace(ROW, **changes)
        ledger.add(row)
        result = ledger.commit(ConditionalUpdate(KEY, NoActivitySince(ROW), {"next_check_at": at(9)}))
        assert (result.stored, result.subscription) == (stored, None if stored else row)

    def test_a_row_without_any_push_can_be_locked(self, ledger: SubscriptionLedger) -> None:
        """The fields are absent, as the precondition requires."""
        row = replace(ROW, last_seen_at=None, pending_generation=None)
        ledger.add(row)
        assert ledger.commit(ConditionalUpdate(KEY, NoActivitySince(row), {"pending_generation": 2})).stored

    @pytest.mark.parametrize(("pending", "stored"), [(2, True), (3, False), (None, False)])
    def test_an_answer_counts_only_for_the_pending_generation(
        self, ledger: SubscriptionLedger, pending: int | None, stored: bool
    ) -> None:
        """Whatever else happened to the row."""
        row = replace(ROW, pending_generation=pending, revision=5, last_seen_at=at(8))
        ledger.add(row)
        changes: SubscriptionChanges = {
            "state": State.ACTIVE,
            "generation": 2,
            "pending_generation": None,
            "awaiting_first_push": True,
        }
        result = ledger.commit(ConditionalUpdate(KEY, GenerationPending(2), changes))
        assert (result.stored, result.subscription) == (stored, None if stored else row)
        now = ledger.read(KEY)
        assert now is not None
        assert (now.generation, now.pending_generation) == ((2, None) if stored else (1, pending))

    @pytest.mark.parametrize("precondition", [NoActivitySince(ROW), GenerationPending(2)])
    def test_a_row_that_is_gone_is_not_made_by_it(
        self, ledger: SubscriptionLedger, precondition: NoActivitySince | GenerationPending
    ) -> None:
        """It is no error either."""
        result = ledger.commit(ConditionalUpdate(KEY, precondition, {"next_check_at": at(9)}))
        assert (result.stored, result.subscription, ledger.read(KEY)) == (False, None, None)

    def test_a_write_may_only_remove(self, ledger: SubscriptionLedger) -> None:
        """A check of a retired row does."""
        row = replace(ROW, state=State.RETIRED, next_check_at=at(0))
        ledger.add(row)
        assert ledger.commit(ConditionalUpdate(KEY, NoActivitySince(row), {"next_check_at": None})).stored
        assert ledger.read(KEY) == replace(row, next_check_at=None)
