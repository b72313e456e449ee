"""Many mailboxes are unreachable for a day: few requests, one gap each, and back within minutes."""

from ewspush.domain.desired import shards_of
from ewspush.domain.reachability import CANARIES
from ewspush.handlers.keeper import MAX_UNREACHABLE_CALLS
from tests.component.keeper.shut_door import ShutDoor

MAILBOXES = 200


def test_a_day_behind_a_shut_door() -> None:
    """One Subscribe a mailbox and four hours besides the canaries; all live within a quarter of an hour after it."""
    outcome = ShutDoor(MAILBOXES).day()
    assert set(outcome.gaps.values()) == {1}
    assert len(outcome.gaps) == MAILBOXES
    often = [mailbox for mailbox, number in outcome.subscribes.items() if number > 24 / 4]
    assert len(often) == CANARIES * len(shards_of(0, 1))
    assert 0 < outcome.most_syncs_of_run <= MAX_UNREACHABLE_CALLS
    assert outcome.minutes_until_all_live <= 15
