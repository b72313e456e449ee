"""Subscribe succeeds, and no push arrives: what changes is published by sync until one does."""

import pytest

from ewspush.domain.subscription import GapReason
from tests.component.recovery.scenario import DAY, PROFILES, Scenario, once


def behind_a_firewall(profile: str = "exchange") -> Scenario:
    """Return the scenario of a mailbox whose callbacks can't be reached any more."""
    scenario = Scenario(profile, resume_is_trusted=profile == "exchange").with_baseline()
    scenario.mail()
    scenario.run(60)
    scenario.faults(cut=True)
    scenario.run_until(lambda: scenario.subscription.unreachable_since is not None)
    return scenario


@pytest.mark.parametrize("profile", PROFILES)
class TestUntilAPushArrives:
    """The door is shut for a day."""

    def test_changes_are_published_by_sync(self, profile: str) -> None:
        """Each within its turn: after a quarter of the time that no push has arrived, four hours at the longest."""
        scenario = behind_a_firewall(profile)
        mails = []
        for _ in range(6):
            mails.append(scenario.mail())
            scenario.run(4 * 60 + 30)
        assert scenario.published() == once(*(("created", mail) for mail in mails))

    def test_there_is_one_gap_and_it_is_closed_with_all_events_after_the_first_push(self, profile: str) -> None:
        """However many syncs there were."""
        scenario = behind_a_firewall(profile)
        for _ in range(3):
            scenario.mail()
            scenario.run(DAY / 3)
        assert [gap["data"]["reason"] for gap in scenario.gaps()] == [GapReason.UNREACHABLE]
        assert scenario.conclusions() == []
        scenario.faults(cut=False)
        scenario.run(60)
        mail = scenario.mail()
        scenario.run(DAY)
        assert scenario.published("push")["created", mail] == 1
        assert scenario.is_closed_with(3)

    def test_few_requests_are_made(self, profile: str) -> None:
        """A Subscribe every half an hour, for it is a canary; a sync ever less often."""
        scenario = behind_a_firewall(profile)
        scenario.run(DAY)
        before, syncs_before = len(scenario.answers("Subscribe")), len(scenario.answers())
        scenario.run(2 * DAY)
        assert len(scenario.answers("Subscribe")) - before <= 2 * 48
        assert len(scenario.answers()) - syncs_before <= 2 * 6 * 3  # hierarchy and two folders, every four hours
