"""Conditional updates: the one place that raises the revision, and fields that exist."""

from datetime import timedelta
from typing import get_type_hints

import pytest

from ewspush.domain.subscription import State, Subscription, SubscriptionChanges
from ewspush.domain.updates import (
    AtWatermark,
    ConditionalUpdate,
    GenerationPending,
    NoActivitySince,
    Precondition,
    SameRevision,
)
from tests.builders import NOON, subscription

ROW = subscription(revision=4)
EACH_PRECONDITION = [
    AtWatermark(1, "w1"),
    AtWatermark(1, None),
    SameRevision(ROW),
    NoActivitySince(ROW),
    GenerationPending(2),
]


def test_a_write_that_was_decided_after_reading_the_row_raises_the_revision() -> None:
    """Here alone, so no rule can forget it."""
    update = ConditionalUpdate(ROW.key, SameRevision(ROW), {"attempts": 2})
    assert update.stored_changes == {"attempts": 2, "revision": 5}
    assert update.changes == {"attempts": 2}


@pytest.mark.parametrize("precondition", [each for each in EACH_PRECONDITION if not isinstance(each, SameRevision)])
def test_any_other_write_leaves_it(precondition: Precondition) -> None:
    """A heartbeat and a check of the keeper come between a read and a write without harm."""
    assert ConditionalUpdate(ROW.key, precondition, {"last_seen_at": NOON}).stored_changes == {"last_seen_at": NOON}


def test_what_may_change_is_a_field_of_the_subscription_with_the_same_type() -> None:
    """The type checker compares no dataclass with a TypedDict."""
    fields, changes = get_type_hints(Subscription), get_type_hints(SubscriptionChanges)
    assert changes == {name: fields.get(name) for name in changes}


def test_what_never_changes_is_what_the_row_was_added_with() -> None:
    """Whose it is, and its partition of the due index."""
    unchanged = get_type_hints(Subscription).keys() - get_type_hints(SubscriptionChanges).keys()
    assert unchanged == {"key", "mailbox", "due_shard"}


@pytest.mark.parametrize("precondition", EACH_PRECONDITION)
def test_a_precondition_requires_fields_that_can_change(precondition: Precondition) -> None:
    """Any other would be met always, or never."""
    assert precondition.required.keys() <= get_type_hints(SubscriptionChanges).keys()


@pytest.mark.parametrize("precondition", [SameRevision(ROW), NoActivitySince(ROW)])
def test_the_row_that_was_read_meets_it(precondition: SameRevision | NoActivitySince) -> None:
    """Each field as it was."""
    assert all(getattr(ROW, name) == value for name, value in precondition.required.items())


def test_a_heartbeat_does_not_get_in_the_way_of_a_write_decided_after_reading() -> None:
    """Else a recovery would lose its race against every heartbeat."""
    required = SameRevision(ROW).required
    assert not required.keys() & {"last_seen_at", "last_event_at", "more_events_at", "next_check_at"}


@pytest.mark.parametrize("watermark", ["w1", None])
def test_an_ordinary_push_is_stored_while_a_gap_is_open(watermark: str | None) -> None:
    """It requires that no gap is suspected, for its first push would decide that."""
    required = AtWatermark(1, watermark).required
    assert required.items() >= {"state": State.ACTIVE, "generation": 1, "suspected_gap_since": None}.items()
    assert "oldest_open_gap_at" not in required


def test_a_check_of_another_keeper_is_activity() -> None:
    """Of two that are due with the same row, one gets to renew it."""
    checked = subscription(revision=4, next_check_at=NOON + timedelta(minutes=30))
    assert NoActivitySince(ROW).required != NoActivitySince(checked).required
