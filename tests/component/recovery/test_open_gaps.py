"""Where a sync cannot return all of a gap, the gap stays open, and an event says so."""

import pytest

from ewspush.domain.subscription import GapReason, State
from tests.component.recovery.scenario import ALL, NAMED, PROFILES, Scenario, once


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("folders", [ALL, NAMED])
def test_without_sync_states_nothing_is_published(profile: str, folders: tuple[str, ...]) -> None:
    """Everything would look created. Later gaps are recovered again."""
    scenario = Scenario(profile, folders=folders, resume_is_trusted=profile == "exchange")
    for _ in range(3):
        scenario.mail()
    scenario.with_baseline()
    scenario.begin_outage()
    scenario.mail()
    scenario.faults(forget_sync_states=True)
    scenario.end_outage()
    scenario.wait_for_recovery()
    (gap,) = scenario.gaps()
    assert not scenario.published()
    assert scenario.conclusions() == [(GapReason.NOT_RECOVERED, [gap["id"]], 0)]
    scenario.run(120)
    scenario.begin_outage()
    new = scenario.mail()
    scenario.end_outage()
    scenario.wait_for_recovery()
    assert scenario.published() == once(("created", new))
    assert scenario.conclusions()[1:] == [(None, [scenario.gaps()[-1]["id"]], 1)]


def test_states_forgotten_during_the_run_leave_the_gap_open() -> None:
    """The folder before was published; the one under way is read from the beginning, and not published."""
    scenario = Scenario().with_baseline()
    scenario.begin_outage()
    new = scenario.mail()
    missed = scenario.mail(folder="drafts")
    scenario.end_outage()
    second_request = scenario.server.syncs + 2
    scenario.server.on_request[second_request] = lambda: scenario.faults(forget_sync_states=True)
    scenario.wait_for_recovery()
    assert scenario.published() == once(("created", new))
    assert ("created", missed) not in scenario.published("push", "sync")
    assert scenario.conclusions() == [(GapReason.NOT_RECOVERED, [scenario.gaps()[0]["id"]], 1)]


@pytest.mark.parametrize("folders", [ALL, NAMED])
def test_a_gap_before_the_first_baseline_stays_open(folders: tuple[str, ...]) -> None:
    """The run is a baseline, at least."""
    scenario = Scenario(folders=folders)
    scenario.mail()
    scenario.run(2)
    assert scenario.subscription.state is State.ACTIVE
    scenario.outage(scenario.mail)
    scenario.wait_for_recovery()
    assert not scenario.published()
    assert scenario.conclusions() == [(GapReason.NOT_RECOVERED, [scenario.gaps()[0]["id"]], 0)]
    assert scenario.round > 0


def test_a_gap_that_begins_before_the_baseline_stays_open() -> None:
    """The baseline run was under way, and never confirmed: it proves nothing of the time before."""
    scenario = Scenario()
    scenario.run_until(lambda: scenario.server.syncs == len(NAMED))
    scenario.outage(scenario.mail)
    scenario.wait_for_recovery()
    assert [reason for reason, _, _ in scenario.conclusions()] == [GapReason.NOT_RECOVERED]
