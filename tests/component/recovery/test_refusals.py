"""What the mail server answers to a sync instead of a page, and no answer at all."""

from itertools import pairwise
from typing import Any

import pytest

from tests.component.recovery.scenario import ALL, FOLDERS_OF_ALL, Scenario, once


def test_a_busy_server_is_asked_again_later_for_the_same_page() -> None:
    """After the time that it says, twice as long each time."""
    scenario = Scenario(folders=ALL).with_baseline()
    scenario.begin_outage()
    new = scenario.mail()
    scenario.end_outage()
    busy: dict[str, Any] = {"refuse_sync": "ErrorServerBusy", "times": 3, "back_off_ms": 120_000}
    scenario.server.on_request[scenario.server.syncs + 4] = lambda: scenario.faults(**busy)
    asked = len(scenario.answers())
    scenario.wait_for_recovery()
    answers = scenario.answers()[asked:]
    assert [code for _, code in answers].count("ErrorServerBusy") == 3
    assert len(answers) == FOLDERS_OF_ALL + 1 + 3
    refused = [at for at, code in answers if code != "NoError"]
    assert all(later - earlier >= 2 for earlier, later in pairwise(refused))
    assert scenario.published() == once(("created", new))
    assert scenario.is_closed_with(1)


def test_a_server_that_stays_busy_is_asked_at_longer_intervals() -> None:
    """Up to a quarter of an hour; the gap stays open, and nothing is concluded of it."""
    scenario = Scenario().with_baseline()
    scenario.outage(scenario.mail)
    scenario.faults(refuse_sync="ErrorServerBusy", times=1000)
    asked = len(scenario.answers())
    scenario.wait_for_gap()
    scenario.run(300)
    times = [at for at, _ in scenario.answers()[asked:]]
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert waits == sorted(waits)
    assert 10 <= waits[-1] <= 15
    assert scenario.conclusions() == []
    scenario.faults()
    scenario.run_until(lambda: not scenario.has_open_gap)
    assert scenario.is_closed_with(1)


@pytest.mark.parametrize("fault", ["refuse", "forget"])
def test_a_sync_without_an_answer_is_asked_again(fault: str) -> None:
    """It is not known whether the server got it; asking twice does no harm."""
    scenario = Scenario().with_baseline()
    scenario.begin_outage()
    new = scenario.mail()
    scenario.end_outage()
    scenario.wait_for_gap()
    calls = scenario.server.calls
    before = calls.calls
    setattr(calls, fault, [before + 1, before + 2])
    scenario.run_until(lambda: not scenario.has_open_gap)
    assert calls.calls > before + 2
    assert scenario.published() == once(("created", new))
    assert scenario.is_closed_with(1)
