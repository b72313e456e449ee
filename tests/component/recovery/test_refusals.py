"""What the mail server answers to a sync instead of a page, and no answer at all."""

from itertools import pairwise
from typing import Any

import pytest

from ewspush.domain.recovering.lookups import MAX_TRIES
from ewspush.domain.subscription import GapReason
from tests.component.recovery.scenario import ALL, FOLDERS_OF_ALL, Change, Scenario, once


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


class TestBatchThatStops:
    """A lookup of many items, of which the server answers for some only."""

    @staticmethod
    def deletions(scenario: Scenario, number: int) -> list[Change]:
        """Let so many items come after the baseline and go in a gap; return the changes that a recovery publishes."""
        items = [scenario.mail() for _ in range(number)]
        scenario.run(120)
        scenario.outage(lambda: [scenario.item(each, "delete") for each in items])
        return [("deleted", each) for each in items]

    def test_the_rest_is_asked_for_again(self) -> None:
        """After a wait each time; the gap is closed once every item is settled."""
        scenario = Scenario().with_baseline()
        deletions = self.deletions(scenario, 30)
        scenario.server.stop_lookup = lambda _: 10
        scenario.wait_for_recovery()
        assert scenario.published() == once(*deletions)
        assert scenario.is_closed_with(30)
        times = [at for at, _ in scenario.answers("GetItem")]
        assert len(times) == 3
        assert all(later - earlier >= 0.5 for earlier, later in pairwise(times))

    def test_an_item_that_is_never_answered_for_costs_itself_alone(self) -> None:
        """The server stops at it: it is asked for last, and leaves the gap open in bounded time."""
        scenario = Scenario().with_baseline()
        deletions = self.deletions(scenario, 30)
        _, bad = min(deletions)
        scenario.server.stop_lookup = lambda ids: ids.index(bad) if bad in ids else len(ids)
        scenario.wait_for_recovery()
        assert scenario.published() == once(*deletions) - once(("deleted", bad))
        assert scenario.conclusions() == [(GapReason.NOT_RECOVERED, [scenario.gaps()[0]["id"]], 29)]
        assert len(scenario.answers("GetItem")) == MAX_TRIES

    def test_where_none_is_ever_answered_for_the_gap_stays_open(self) -> None:
        """Later gaps are recovered again."""
        scenario = Scenario().with_baseline()
        self.deletions(scenario, 3)
        scenario.server.stop_lookup = lambda _: 0
        scenario.wait_for_recovery()
        assert not scenario.published()
        assert scenario.conclusions() == [(GapReason.NOT_RECOVERED, [scenario.gaps()[0]["id"]], 0)]
        scenario.server.stop_lookup = None
        scenario.run(120)
        deletions = self.deletions(scenario, 2)
        scenario.run_until(lambda: len(scenario.conclusions()) == 2)
        assert scenario.published() == once(*deletions)
        assert scenario.conclusions()[1:] == [(None, [scenario.gaps()[-1]["id"]], 2)]
