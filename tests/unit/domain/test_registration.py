"""What somebody wants: rows made, changed and given up."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from ewspush.domain.desired import (
    DEFAULT_EVENT_TYPES,
    EVENT_TYPES,
    SHARDS,
    DesiredSubscription,
    changes_toward,
    new_subscription,
    retirement,
    shards_of,
)
from ewspush.domain.gaps import complete_until, max_delivery_window
from ewspush.domain.subscription import State, Subscription
from tests.stories import MAILBOX, NOON, subscription

WISH: Final = DesiredSubscription(MAILBOX)
LATER: Final = NOON + timedelta(hours=1)


def after(row: Subscription, changes: Any) -> Subscription:
    """Return the row with its changes."""
    return replace(row, **changes)


class TestWanted:
    """A new row."""

    def test_it_is_due_at_once_and_what_comes_late_is_a_gap_from_now_on(self) -> None:
        """In no generation yet."""
        row = new_subscription(WISH, NOON)
        assert (row.state, row.generation, row.next_check_at) == (State.WANTED, 0, NOON)
        assert (row.suspected_gap_since, row.suspected_gap_reason) == (NOON, None)

    def test_it_holds_the_wish(self) -> None:
        """All of it."""
        wish = DesiredSubscription(MAILBOX, "calendar", ("calendar",), ("CreatedEvent",), 5)
        row = new_subscription(wish, NOON)
        assert (row.mailbox, row.folders, row.event_types) == (MAILBOX, ("calendar",), ("CreatedEvent",))
        assert row.status_frequency_minutes == 5

    def test_its_key_is_that_of_mailbox_and_name_and_tells_no_address(self) -> None:
        """In whatever case the address is written, whatever else is wanted."""
        key = WISH.subscription
        assert (
            new_subscription(WISH, NOON).subscription
            == key
            == DesiredSubscription("ALICE@example.com", folders=("inbox",)).subscription
        )
        assert key not in {
            DesiredSubscription(MAILBOX, "other").subscription,
            DesiredSubscription("bob@example.com").subscription,
        }
        assert "alice" not in key

    def test_rows_spread_over_all_partitions(self) -> None:
        """About evenly, and always the same one for a key."""
        rows = [new_subscription(DesiredSubscription(f"user{number}@example.com"), NOON) for number in range(400)]
        shards = [row.due_shard for row in rows]
        assert {shards.count(str(shard)) > 20 for shard in range(SHARDS)} == {True}
        assert new_subscription(WISH, NOON).due_shard == new_subscription(WISH, LATER).due_shard

    def test_free_busy_is_wanted_only_where_it_is_asked_for(self) -> None:
        """Amazon WorkMail's guide does not list it."""
        assert set(EVENT_TYPES) - set(DEFAULT_EVENT_TYPES) == {"FreeBusyChangedEvent"}


class TestChanged:
    """A row that follows another wish."""

    def test_a_gap_of_the_old_subscription_goes_back_by_its_own_frequency(self) -> None:
        """However short the new one is: the old server re-sent by the old one."""
        row = after(subscription(), changes_toward(subscription(), replace(WISH, status_frequency_minutes=1), LATER))
        assert (row.status_frequency_minutes, row.suspected_gap_since) == (1, complete_until(subscription()))

    @pytest.mark.parametrize("state", [State.WANTED, State.ACTIVE, State.LAPSED])
    def test_the_same_wish_changes_nothing(self, state: State) -> None:
        """However often it is said."""
        assert changes_toward(subscription(state=state), WISH, LATER) == {}

    @pytest.mark.parametrize(
        "wish",
        [
            replace(WISH, folders=("inbox",)),
            replace(WISH, event_types=("NewMailEvent",)),
            replace(WISH, status_frequency_minutes=5),
        ],
    )
    def test_another_wish_makes_it_due_in_a_generation_to_come(self, wish: DesiredSubscription) -> None:
        """The one that lives goes on until then, from the same watermark."""
        row = after(subscription(), changes_toward(subscription(), wish, LATER))
        assert (row.folders, row.event_types) == (wish.folders, wish.event_types)
        assert row.status_frequency_minutes == wish.status_frequency_minutes
        assert (row.next_check_at, row.generation, row.watermark, row.revision) == (LATER, 1, "w1", 1)
        assert row.min_generation > row.generation

    def test_of_three_changes_at_once_the_third_waits_for_what_the_first_superseded(self) -> None:
        """It lives until its next POST comes through, and with the two after it there would be four."""
        row, frequencies, asked_at = subscription(), (5, 15, 5, 15), []
        for minute, frequency in enumerate(frequencies):
            now = LATER + timedelta(minutes=minute)
            row = after(row, changes_toward(row, replace(WISH, status_frequency_minutes=frequency), now))
            asked_at.append(row.next_check_at)
        lives_for = [timedelta(minutes=each) + max_delivery_window(each) for each in (15, 5)]
        first_ends_at = LATER + lives_for[0]
        second_ends_at = LATER + timedelta(minutes=1) + lives_for[1]
        assert asked_at == [LATER, LATER + timedelta(minutes=1), first_ends_at, max(second_ends_at, now)]

    def test_a_change_after_all_that_is_asked_for_at_once(self) -> None:
        """Nothing of what was superseded can live any more."""
        row = subscription(superseded_until=(LATER - timedelta(hours=1), LATER))
        row = after(row, changes_toward(row, replace(WISH, folders=("inbox",)), LATER))
        assert row.next_check_at == LATER

    def test_what_was_never_asked_for_supersedes_nothing(self) -> None:
        """However often the file is changed before the first Subscribe."""
        row = new_subscription(WISH, NOON)
        for frequency in (5, 1, 5):
            row = after(row, changes_toward(row, replace(WISH, status_frequency_minutes=frequency), LATER))
        assert (row.next_check_at, row.superseded_until) == (LATER, ())

    def test_a_generation_under_way_is_passed_over(self) -> None:
        """Its answer is not awaited any more, and its number not used again."""
        row = subscription(pending_generation=4, state=State.LAPSED)
        row = after(row, changes_toward(row, replace(WISH, folders=("inbox",)), LATER))
        assert row.pending_generation is not None
        assert row.pending_generation > 4
        assert row.min_generation > 4

    @pytest.mark.parametrize(("generation", "state"), [(0, State.WANTED), (1, State.LAPSED)])
    def test_a_suspended_one_is_tried_at_once(self, generation: int, state: State) -> None:
        """By the same wish said again."""
        row = subscription(state=State.SUSPENDED, generation=generation, attempts=9, last_error="why")
        row = after(row, changes_toward(row, WISH, LATER))
        assert (row.state, row.next_check_at, row.revision) == (state, LATER, 1)

    def test_a_retired_one_begins_anew(self) -> None:
        """In a number that none of its callbacks has, with nothing known of the mailbox."""
        row = subscription(
            previous_watermark="w0",
            lost_code="x",
            attempts=7,
            last_error="why",
            generation=3,
            pending_generation=5,
            awaiting_first_push=True,
            last_event_at=NOON,
            oldest_open_gap_at=NOON,
            baseline_round=4,
            baseline_started_at=NOON,
            baseline_valid_from=NOON,
            next_sync_at=NOON,
        )
        ended = after(row, retirement(row))
        row = after(ended, changes_toward(ended, WISH, LATER))
        assert (row.state, row.next_check_at, row.attempts) == (State.WANTED, LATER, 0)
        assert row.generation > 5
        known = (row.watermark, row.previous_watermark, row.last_seen_at, row.lost_code, row.last_error)
        assert known == (None,) * 5
        assert (row.awaiting_first_push, row.last_event_at) == (None, None)
        assert (
            row.oldest_open_gap_at,
            row.baseline_round,
            row.baseline_started_at,
            row.baseline_valid_from,
            row.next_sync_at,
        ) == (
            *(None, 0, LATER),
            *(None, None),
        )
        assert (row.suspected_gap_since, row.suspected_gap_reason) == (LATER, None)
        assert row.revision == ended.revision + 1

    def test_a_retired_one_can_come_back_with_another_wish(self) -> None:
        """In one step."""
        ended = after(subscription(), retirement(subscription()))
        row = after(ended, changes_toward(ended, replace(WISH, folders=("inbox",)), LATER))
        assert (row.state, row.folders) == (State.WANTED, ("inbox",))


class TestRetired:
    """A row that is given up."""

    @pytest.mark.parametrize(("generation", "pending", "newest"), [(1, None, 1), (1, 2, 2), (3, 7, 7), (0, None, 0)])
    def test_it_is_never_due_and_knows_its_newest_number(
        self, generation: int, pending: int | None, newest: int
    ) -> None:
        """So that no answer finds the generation that it awaits."""
        row = subscription(generation=generation, pending_generation=pending)
        row = after(row, retirement(row))
        assert (row.state, row.next_check_at) == (State.RETIRED, None)
        assert (row.generation, row.pending_generation, row.revision) == (newest, None, 1)

    def test_numbers_only_rise_however_often_it_comes_and_goes(self) -> None:
        """Nothing that is left of it can be taken for its successor."""
        row = subscription()
        seen = [row.newest_generation]
        for turn in range(5):
            row = replace(row, pending_generation=row.newest_generation + 1)
            seen.append(row.newest_generation)
            row = after(row, retirement(row))
            row = after(row, changes_toward(row, replace(WISH, folders=("inbox",) * (turn % 2)), LATER))
            seen.append(row.newest_generation)
        assert seen == sorted(set(seen))


class TestShards:
    """Who looks after which partition."""

    @pytest.mark.parametrize("keepers", [1, 2, 4, 8])
    def test_each_partition_has_exactly_one_keeper_and_each_keeper_the_same_share(self, keepers: int) -> None:
        """However many there are."""
        shares = [shards_of(keeper, keepers) for keeper in range(keepers)]
        assert sorted(shard for share in shares for shard in share) == [str(shard) for shard in range(SHARDS)]
        assert {len(share) for share in shares} == {SHARDS // keepers}

    @pytest.mark.parametrize("keepers", [3, 5, 7])
    def test_uneven_numbers_leave_none_out(self, keepers: int) -> None:
        """Shares differ by one at most."""
        shares = [shards_of(keeper, keepers) for keeper in range(keepers)]
        assert sorted(shard for share in shares for shard in share) == [str(shard) for shard in range(SHARDS)]

    def test_every_row_is_in_a_partition_that_is_looked_after(self) -> None:
        """By the numbers that `wanted` gives."""
        row = new_subscription(WISH, NOON)
        assert row.due_shard in shards_of(0, 1)
