"""Gaps that follow each other, or that open while a sync run is under way."""

from ewspush.domain.recovering.closing import REFRESH_MINUTES
from ewspush.domain.sync_run import Purpose
from tests.component.recovery.scenario import ALL, PATIENCE, Scenario, once


def test_a_second_gap_right_after_a_recovery_is_recovered_too() -> None:
    """Its range reaches back beyond the recovery, which has published all of that."""
    scenario = Scenario().with_baseline()
    created: list[str] = []
    scenario.outage(lambda: created.append(scenario.mail()))
    scenario.wait_for_recovery()
    scenario.outage(lambda: created.append(scenario.mail()))
    scenario.wait_for_recovery()
    assert scenario.published() == once(*(("created", each) for each in created))
    assert scenario.conclusions() == [(None, [gap["id"]], 1) for gap in scenario.gaps()]


def test_a_second_gap_during_a_recovery_is_recovered_too() -> None:
    """The first run ends, and another one follows."""
    scenario = Scenario(folders=ALL).with_baseline()
    created: list[str] = []
    scenario.outage(lambda: created.append(scenario.mail()))
    scenario.calls_per_check = 2
    scenario.wait_for_gap()
    scenario.wait_for_sync()
    scenario.run(1)
    assert scenario.sync_run.purpose is Purpose.RECOVERY
    assert scenario.sync_run.finished_at is None
    scenario.calls_per_check = 0
    scenario.outage(lambda: created.append(scenario.mail()))
    scenario.calls_per_check = 1000
    scenario.run(PATIENCE)
    assert not scenario.has_open_gap
    assert scenario.published() == once(*(("created", each) for each in created))
    assert scenario.closed_gaps() == sorted(gap["id"] for gap in scenario.gaps())
    assert len(scenario.gaps()) == 2
    assert sum(recovered for _, _, recovered in scenario.conclusions()) == 2


def test_a_gap_during_a_baseline_run_is_recovered_from_the_last_baseline() -> None:
    """The run under way ends for a recovery."""
    scenario = Scenario(folders=ALL).with_baseline()
    scenario.run(REFRESH_MINUTES - 40)
    scenario.calls_per_check = 1
    before = scenario.server.syncs
    scenario.run_until(lambda: scenario.server.syncs > before + 2)
    assert scenario.sync_run.purpose is Purpose.BASELINE
    scenario.calls_per_check = 0
    created: list[str] = []
    scenario.outage(lambda: created.append(scenario.mail()))
    scenario.calls_per_check = 1000
    scenario.wait_for_recovery()
    assert scenario.published() == once(("created", created[0]))
    assert scenario.is_closed_with(1)
