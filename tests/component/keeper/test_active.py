"""The keeper sends nothing for a subscription whose pushes arrive."""

from datetime import datetime

import pytest

from ewspush.domain.check_result import CheckOutcome
from ewspush.domain.subscription import GapReason
from tests.builders import NOON, created, message, status, subscription
from tests.component.keeper.scenario import BUSY, MINUTE, Scenario, silent


@pytest.mark.parametrize("minutes", [0, 1, 29.99])
def test_the_next_check_is_when_the_silence_would_be_too_long(minutes: float) -> None:
    """Twice StatusFrequency after the last push, in one write."""
    scenario = Scenario(subscription())
    scenario.wait(minutes)
    scenario.post(message("w1", status("w1")))
    writes = scenario.ledger.writes.calls
    assert scenario.check() is CheckOutcome.ALIVE
    assert scenario.ledger.writes.calls == writes + 1
    assert scenario.row.next_check_at == NOON + (minutes + 30) * MINUTE
    assert scenario.sent() == []


@pytest.mark.parametrize("next_check_at", [NOON + MINUTE, None])
def test_one_that_is_not_due_is_skipped(next_check_at: datetime | None) -> None:
    """The due index may lag behind the row."""
    scenario = Scenario(subscription(next_check_at=next_check_at))
    assert scenario.check() is CheckOutcome.SKIPPED
    assert scenario.ledger.requests == ["read"]


def test_one_that_does_not_exist_is_skipped() -> None:
    """The row was removed."""
    scenario = Scenario(subscription())
    scenario.ledger.rows.clear()
    assert scenario.check() is CheckOutcome.SKIPPED


def test_a_suspicion_is_cleared_where_the_old_generation_goes_on() -> None:
    """The renewal was refused, and the pushes of the old generation arrive again."""
    scenario = silent(BUSY, resume_is_trusted=False)
    scenario.check()
    scenario.post(message("w1", status("w1")))
    assert scenario.row.suspected_gap_reason is GapReason.RESUME_UNPROVEN
    assert scenario.check(1) is CheckOutcome.ALIVE
    assert scenario.row.suspected_gap_reason is None
    assert scenario.row.suspected_gap_since is None
    scenario.wait(1)
    scenario.post(message("w1", created("a", "w2")))
    assert scenario.gaps() == []
