"""The number of sync requests that one check may send."""

from collections import Counter

import pytest

from ewspush.domain.subscription import State
from tests.component.recovery.scenario import ALL, DAY, NAMED, Scenario, once


@pytest.mark.parametrize("calls", [1, 5])
@pytest.mark.parametrize("folders", [ALL, NAMED])
def test_a_run_continues_where_the_last_check_ended(calls: int, folders: tuple[str, ...]) -> None:
    """No request is sent twice, and no check sends more than it may."""
    scenario = Scenario(folders=folders).with_baseline()
    whole = scenario.server.syncs
    scenario.begin_outage()
    new = scenario.mail()
    scenario.end_outage()
    scenario.calls_per_check = calls
    scenario.wait_for_recovery()
    assert scenario.server.syncs == 2 * whole
    most = max(Counter(at for at, _ in scenario.answers()[whole:]).values())
    assert most == min(calls, whole)
    assert scenario.published() == once(("created", new))
    assert scenario.is_closed_with(1)


def test_without_any_no_sync_is_sent_and_renewals_go_on() -> None:
    """Silence is noticed as ever."""
    scenario = Scenario().with_baseline()
    syncs = scenario.server.syncs
    scenario.calls_per_check = 0
    scenario.outage()
    scenario.wait_for_gap()
    scenario.run(DAY)
    scenario.faults(restart=True)
    subscribes = len(scenario.answers("Subscribe"))
    scenario.run(45)
    assert scenario.server.syncs == syncs
    assert len(scenario.answers("Subscribe")) > subscribes
    assert scenario.subscription.state is State.ACTIVE
