"""Folders that can't be synchronized: all others go on, the gap stays open, and they are named and tried again."""

import pytest

from tests.component.recovery.scenario import ALL, DAY, NAMED, Scenario, once

REFUSALS = [
    {"refuse_sync": "ErrorAccessDenied", "folder": "drafts"},
    {"refuse_sync": "ErrorInternalServerError", "folder": "drafts"},
    {"endless_pages": "drafts"},
]


@pytest.mark.parametrize("folders", [NAMED, ALL])
@pytest.mark.parametrize("faults", REFUSALS, ids=lambda faults: next(iter(faults.values())))
class TestOneFolder:
    """One folder of several."""

    def test_the_baseline_is_taken_without_it(self, faults: dict[str, str], folders: tuple[str, ...]) -> None:
        """And says so; the next one tries it again."""
        scenario = Scenario(folders=folders)
        scenario.faults(times=3, **faults)
        scenario.with_baseline()
        assert (scenario.subscription.last_error or "").startswith("not synchronized: ")
        scenario.faults(endless_pages=None)
        scenario.run(DAY + 120)
        assert scenario.subscription.last_error is None

    def test_a_recovery_publishes_the_others_and_leaves_the_gap_open(
        self, faults: dict[str, str], folders: tuple[str, ...]
    ) -> None:
        """What the refused one missed is not known."""
        scenario = Scenario(folders=folders).with_baseline()
        scenario.begin_outage()
        mail = scenario.mail()
        scenario.end_outage()
        scenario.faults(times=10_000, **faults)
        scenario.wait_for_recovery()
        assert scenario.published()["created", mail] == 1
        assert [reason for reason, _, _ in scenario.conclusions()] == ["not-recovered"]

    def test_few_requests_are_made_for_it(self, faults: dict[str, str], folders: tuple[str, ...]) -> None:
        """A handful for each baseline."""
        scenario = Scenario(folders=folders)
        scenario.faults(times=10_000, **faults)
        scenario.with_baseline()
        before = len(scenario.answers())
        scenario.run(2 * DAY)
        assert len(scenario.answers()) - before <= 2 * (12 + 16)


def test_without_the_list_of_folders_those_of_the_baseline_are_asked_for() -> None:
    """New ones are not known; the gap stays open."""
    scenario = Scenario(folders=ALL).with_baseline()
    scenario.begin_outage()
    mail = scenario.mail()
    scenario.end_outage()
    scenario.faults(refuse_sync="ErrorAccessDenied", folder="hierarchy", times=10_000)
    scenario.wait_for_recovery()
    assert scenario.published() == once(("created", mail))
    assert [reason for reason, _, _ in scenario.conclusions()] == ["not-recovered"]
    assert scenario.subscription.last_error == "not synchronized: the list of folders (ErrorAccessDenied)"
