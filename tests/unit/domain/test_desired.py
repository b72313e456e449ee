"""Desired subscriptions: new rows, rows that follow what is desired, and rows that are retired."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

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
from ewspush.domain.gaps import complete_until
from ewspush.domain.recovering.rules import is_current
from ewspush.domain.subscription import GapReason, State, Subscription, SubscriptionChanges
from ewspush.domain.updates import ConditionalUpdate, SameRevision
from tests.builders import MAILBOX, NOON, TIMING, subscription

DESIRED: Final = DesiredSubscription(MAILBOX)
LATER: Final = NOON + timedelta(hours=1)


def after(row: Subscription, changes: SubscriptionChanges) -> Subscription:
    """Return the row once `changes`, which were decided after reading it, are stored."""
    return replace(row, **ConditionalUpdate(row.key, SameRevision(row), changes).stored_changes)


def follow(row: Subscription, desired: DesiredSubscription, now: datetime = LATER) -> Subscription:
    """Return the row once it follows `desired`."""
    return after(row, changes_toward(row, desired, TIMING, now))


class TestNewSubscription:
    """A new row."""

    def test_it_is_due_at_once_and_what_comes_late_is_a_gap_from_now_on(self) -> None:
        """In no generation yet."""
        row = new_subscription(DESIRED, NOON)
        assert (row.state, row.generation, row.next_check_at) == (State.WANTED, 0, NOON)
        assert (row.suspected_gap_since, row.suspected_gap_reason) == (NOON, None)

    def test_it_holds_all_that_is_desired(self) -> None:
        """Its settings, and since when."""
        row = new_subscription(DesiredSubscription(MAILBOX, "calendar", ("calendar",), ("CreatedEvent",), 5), NOON)
        assert (row.mailbox, row.folders, row.event_types) == (MAILBOX, ("calendar",), ("CreatedEvent",))
        assert (row.status_frequency_minutes, row.desired_since) == (5, NOON)

    def test_its_key_is_that_of_mailbox_and_name_and_does_not_hold_the_address(self) -> None:
        """In whatever case the address is written, whatever the settings are."""
        key = DESIRED.key
        assert new_subscription(DESIRED, NOON).key == key
        assert DesiredSubscription("ALICE@example.com", folders=("inbox",)).key == key
        assert key not in {DesiredSubscription(MAILBOX, "other").key, DesiredSubscription("bob@example.com").key}
        assert "alice" not in key

    def test_rows_spread_over_all_partitions(self) -> None:
        """About evenly, and always the same one for a key."""
        rows = [new_subscription(DesiredSubscription(f"user{number}@example.com"), NOON) for number in range(400)]
        shards = [row.due_shard for row in rows]
        assert {shards.count(str(shard)) > 20 for shard in range(SHARDS)} == {True}
        assert new_subscription(DESIRED, NOON).due_shard == new_subscription(DESIRED, LATER).due_shard

    def test_free_busy_is_no_default(self) -> None:
        """Amazon WorkMail's guide does not list it."""
        assert set(EVENT_TYPES) - set(DEFAULT_EVENT_TYPES) == {"FreeBusyChangedEvent"}


class TestChanges:
    """A row that follows other settings."""

    def test_a_gap_of_the_old_subscription_goes_back_by_its_own_frequency(self) -> None:
        """However short the new one is: the old server subscription retried by the old one."""
        row = follow(subscription(), replace(DESIRED, status_frequency_minutes=1))
        assert (row.status_frequency_minutes, row.suspected_gap_since) == (1, complete_until(subscription(), TIMING))

    @pytest.mark.parametrize("state", [State.WANTED, State.ACTIVE, State.LAPSED])
    def test_the_same_settings_change_nothing(self, state: State) -> None:
        """However often they are applied."""
        assert changes_toward(subscription(state=state), DESIRED, TIMING, LATER) == {}

    @pytest.mark.parametrize(
        "desired",
        [
            replace(DESIRED, folders=("inbox",)),
            replace(DESIRED, event_types=("NewMailEvent",)),
            replace(DESIRED, status_frequency_minutes=5),
        ],
    )
    def test_other_settings_make_a_new_generation_due(self, desired: DesiredSubscription) -> None:
        """The one that lives goes on until then, from the same watermark."""
        row = follow(subscription(), desired)
        assert (row.folders, row.event_types) == (desired.folders, desired.event_types)
        assert row.status_frequency_minutes == desired.status_frequency_minutes
        assert (row.next_check_at, row.generation, row.watermark, row.revision) == (LATER, 1, "w1", 1)
        assert row.min_generation > row.generation

    def test_of_three_changes_at_once_the_third_waits_for_what_the_first_superseded(self) -> None:
        """That lives until its next POST arrives, and with the two after it there would be four."""
        row, frequencies, asked_at = subscription(), (5, 15, 5, 15), []
        for minute, frequency in enumerate(frequencies):
            now = LATER + timedelta(minutes=minute)
            row = follow(row, replace(DESIRED, status_frequency_minutes=frequency), now)
            asked_at.append(row.next_check_at)
        lives_for = [timedelta(minutes=each) + TIMING.max_delivery_window(each) for each in (15, 5)]
        first_ends_at = LATER + lives_for[0]
        second_ends_at = LATER + timedelta(minutes=1) + lives_for[1]
        assert asked_at == [LATER, LATER + timedelta(minutes=1), first_ends_at, max(second_ends_at, now)]

    def test_a_change_after_these_times_is_due_at_once(self) -> None:
        """No superseded generation can live any more."""
        row = subscription(superseded_until=(LATER - timedelta(hours=1), LATER))
        row = follow(row, replace(DESIRED, folders=("inbox",)))
        assert row.next_check_at == LATER

    def test_before_the_first_subscribe_a_change_supersedes_nothing(self) -> None:
        """However often the file is changed."""
        row = new_subscription(DESIRED, NOON)
        for frequency in (5, 1, 5):
            row = follow(row, replace(DESIRED, status_frequency_minutes=frequency))
        assert (row.next_check_at, row.superseded_until) == (LATER, ())

    def test_a_pending_generation_does_not_count(self) -> None:
        """Its answer is not awaited any more, and its number is not used again."""
        row = subscription(pending_generation=4, state=State.LAPSED)
        row = follow(row, replace(DESIRED, folders=("inbox",)))
        assert row.pending_generation is not None
        assert row.pending_generation > 4
        assert row.min_generation > 4

    @pytest.mark.parametrize(("generation", "state"), [(0, State.WANTED), (1, State.LAPSED)])
    def test_a_suspended_one_is_tried_at_once(self, generation: int, state: State) -> None:
        """Also where its settings stay."""
        row = subscription(state=State.SUSPENDED, generation=generation, attempts=9, last_error="why")
        row = follow(row, DESIRED)
        assert (row.state, row.next_check_at, row.revision) == (state, LATER, 1)

    def test_a_retired_one_begins_like_a_new_one(self) -> None:
        """In a generation that none of its callbacks has, and with nothing known of the mailbox."""
        row = subscription(
            previous_watermark="w0",
            lost_code="x",
            attempts=7,
            last_error="why",
            generation=3,
            pending_generation=5,
            awaiting_first_push=True,
            last_event_at=NOON,
            more_events_at=NOON,
            suspected_gap_since=NOON,
            suspected_gap_reason=GapReason.NOT_RESUMED,
            oldest_open_gap_at=NOON,
            next_sync_at=NOON,
        )
        ended = after(row, retirement(row))
        row = follow(ended, DESIRED)
        assert row.generation > 5
        assert row.revision == ended.revision + 1
        assert replace(row, generation=0, revision=0, superseded_until=()) == new_subscription(DESIRED, LATER)

    def test_a_retired_one_can_come_back_with_other_settings(self) -> None:
        """In one step."""
        row = follow(after(subscription(), retirement(subscription())), replace(DESIRED, folders=("inbox",)))
        assert (row.state, row.folders) == (State.WANTED, ("inbox",))

    def test_a_baseline_from_before_it_was_retired_does_not_count(self) -> None:
        """What happened while it was retired is not published."""
        row = follow(after(subscription(), retirement(subscription())), DESIRED)
        assert not is_current(NOON, row)
        assert is_current(LATER, row)


class TestRetirement:
    """A row that is not desired any more."""

    @pytest.mark.parametrize(("generation", "pending", "newest"), [(1, None, 1), (1, 2, 2), (3, 7, 7), (0, None, 0)])
    def test_it_is_never_due_and_keeps_its_newest_number(
        self, generation: int, pending: int | None, newest: int
    ) -> None:
        """So that no answer meets a pending generation."""
        row = subscription(generation=generation, pending_generation=pending)
        row = after(row, retirement(row))
        assert (row.state, row.next_check_at) == (State.RETIRED, None)
        assert (row.generation, row.pending_generation, row.revision) == (newest, None, 1)

    def test_generations_only_rise_however_often_it_is_desired_and_retired(self) -> None:
        """No server subscription that is left can be taken for its successor."""
        row = subscription()
        seen = [row.newest_generation]
        for turn in range(5):
            row = replace(row, pending_generation=row.newest_generation + 1)
            seen.append(row.newest_generation)
            row = after(row, retirement(row))
            row = follow(row, replace(DESIRED, folders=("inbox",) * (turn % 2)))
            seen.append(row.newest_generation)
        assert seen == sorted(set(seen))


class TestShards:
    """Which keeper checks which partition."""

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

    def test_every_row_is_in_a_partition_that_a_keeper_checks(self) -> None:
        """By the number that `new_subscription` gives."""
        row = new_subscription(DESIRED, NOON)
        assert row.due_shard in shards_of(0, 1)
