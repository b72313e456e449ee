"""Baselines: the sync states that a recovery begins from."""

from datetime import timedelta

import pytest

from ewspush.domain.desired import changes_toward, retirement
from ewspush.domain.recovering.closing import REFRESH_MINUTES, SPREAD_MINUTES
from ewspush.domain.sync_run import HIERARCHY
from tests.component.recovery.scenario import ALL, FOLDERS_OF_ALL, NAMED, PROFILES, Scenario, once


@pytest.mark.parametrize(("jitter", "minutes"), [(0.0, 0), (0.5, SPREAD_MINUTES / 2), (0.99, SPREAD_MINUTES)])
def test_the_first_baselines_of_many_subscriptions_are_spread(jitter: float, minutes: float) -> None:
    """Over a quarter of an hour from the check that finds the subscription alive."""
    scenario = Scenario(jitter=jitter)
    scenario.run_until(lambda: scenario.subscription.next_sync_at is not None)
    checked_at = scenario.minutes - 1
    scenario.run_until(lambda: scenario.server.syncs > 0)
    assert minutes <= scenario.minutes - checked_at <= minutes + 2


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("folders", "states"), [(ALL, FOLDERS_OF_ALL + 1), (NAMED, 2)])
def test_it_has_a_state_of_every_folder_and_publishes_nothing(
    profile: str, folders: tuple[str, ...], states: int
) -> None:
    """What is in a mailbox already is no change; the folders of all folders come from the hierarchy."""
    scenario = Scenario(profile, folders=folders)
    for _ in range(3):
        scenario.mail()
    scenario.with_baseline()
    assert scenario.documents == []
    assert len(scenario.baseline_folders) == states
    assert (HIERARCHY in scenario.baseline_folders) is (folders == ALL)


def test_it_counts_once_no_gap_can_begin_before_it() -> None:
    """A gap reaches back from the last push by at least twice StatusFrequency."""
    scenario = Scenario()
    scenario.run_until(lambda: scenario.server.syncs == len(NAMED))
    asked_at = scenario.clock()
    scenario.run(29)
    assert scenario.baseline is None
    baseline = scenario.with_baseline().baseline
    assert baseline is not None
    assert baseline.valid_from <= asked_at
    subscription = scenario.subscription
    assert subscription.last_seen_at is not None
    silence = scenario.timing.silence(subscription.status_frequency_minutes)
    assert subscription.last_seen_at - silence >= baseline.valid_from


@pytest.mark.parametrize("folders", [ALL, NAMED])
def test_a_new_one_is_taken_each_day_from_where_the_last_one_ends(folders: tuple[str, ...]) -> None:
    """It publishes nothing, and takes the place of the last."""
    scenario = Scenario(folders=folders).with_baseline()
    first, syncs = scenario.baseline, scenario.server.syncs
    scenario.mail()
    scenario.run(REFRESH_MINUTES)
    second = scenario.with_baseline().baseline
    assert first is not None
    assert second is not None
    assert timedelta(days=1) <= second.valid_from - first.valid_from <= timedelta(days=1, hours=2)
    assert scenario.server.syncs == 2 * syncs
    assert scenario.rounds == {second.round}
    assert not scenario.published()


def test_until_a_new_one_counts_the_last_one_holds() -> None:
    """The gap begins after the sync and before it was confirmed."""
    scenario = Scenario().with_baseline()
    scenario.run(REFRESH_MINUTES - 10)
    before = scenario.round
    scenario.wait_for_sync()
    new: list[str] = []
    scenario.outage(lambda: new.append(scenario.mail()))
    assert scenario.round == before
    scenario.wait_for_recovery()
    assert scenario.published() == once(("created", new[0]))
    assert scenario.is_closed_with(1)


def test_what_happened_while_the_subscription_was_retired_is_not_published() -> None:
    """A new baseline is taken, which knows what came meanwhile; so its deletion in a gap is published."""
    scenario = Scenario(folders=ALL).with_baseline()
    scenario.change(retirement(scenario.subscription))
    scenario.run(60)
    new = scenario.mail()
    changes = changes_toward(scenario.subscription, scenario.desired, scenario.timing, scenario.clock())
    scenario.change(changes)
    scenario.with_baseline()
    scenario.outage(lambda: scenario.item(new, "delete"))
    scenario.wait_for_recovery()
    assert scenario.published() == once(("deleted", new))
    assert scenario.is_closed_with(1)


def test_it_has_the_folders_that_are_there() -> None:
    """One created since the last baseline, and not one that was deleted."""
    scenario = Scenario(folders=ALL)
    deleted = scenario.folder("deleted")
    scenario.with_baseline()
    created = scenario.folder("created")
    scenario.world.act("folders", deleted, "delete")
    scenario.run(REFRESH_MINUTES)
    scenario.with_baseline()
    folders = scenario.baseline_folders
    assert (created in folders, deleted in folders) == (True, False)
