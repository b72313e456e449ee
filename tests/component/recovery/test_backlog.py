"""A recovery begins when the backlog of the new generation is in: the sync then finds most of it published."""

from typing import Any

import pytest

from tests.component.recovery.scenario import MINUTE, PROFILES, STATUS_FREQUENCY, Scenario, once


def lost(profile: str, **settings: Any) -> Scenario:
    """Return a scenario where the server has just ended the subscription; it will resume from the watermark."""
    scenario = Scenario(profile, resume_is_trusted=profile == "exchange", **settings).with_baseline()
    scenario.run(60)
    scenario.faults(error_notification="ErrorReadEventsFailed")
    scenario.deliver()
    assert scenario.has_open_gap
    return scenario


def minutes_until_sync(scenario: Scenario) -> float:
    """Return after how many minutes the next sync request is sent."""
    now, asked = scenario.minutes, len(scenario.answers())
    scenario.run_until(lambda: len(scenario.answers()) > asked)
    started_at = scenario.world.core.started_at / MINUTE.total_seconds()
    return scenario.answers()[asked][0] - (now - started_at)


@pytest.mark.parametrize("profile", PROFILES)
def test_without_a_backlog_it_begins_one_status_frequency_after_the_gap(profile: str) -> None:
    """The push that opened the gap may be the first of many."""
    scenario = Scenario(profile, resume_is_trusted=profile == "exchange").with_baseline()
    scenario.outage(scenario.mail)
    scenario.wait_for_gap()
    opened_at = scenario.subscription.oldest_open_gap_at
    assert opened_at is not None
    since_gap = (scenario.clock() - opened_at) / MINUTE
    assert STATUS_FREQUENCY <= minutes_until_sync(scenario) + since_gap <= STATUS_FREQUENCY + 1


@pytest.mark.parametrize("profile", PROFILES)
def test_it_waits_for_one_status_frequency_after_the_last_push_with_more_events(profile: str) -> None:
    """However long the backlog is; almost nothing is left for the sync, and nothing comes twice."""
    scenario = lost(profile, events_per_post=1)
    items = [scenario.mail() for _ in range(12)]
    scenario.check()
    syncs = scenario.server.syncs
    more_at = scenario.minutes
    while posts := scenario.world.due():
        assert scenario.server.syncs == syncs
        scenario.world.now += 2 * MINUTE.total_seconds()
        more_at = scenario.minutes if b">true</t:MoreEvents>" in posts[0].body else more_at
        scenario.post(posts[0])
        scenario.check()
    assert scenario.subscription.more_events_at is not None
    assert scenario.subscription.oldest_open_gap_at is not None
    backlog = scenario.subscription.more_events_at - scenario.subscription.oldest_open_gap_at
    assert backlog > STATUS_FREQUENCY * MINUTE
    since_more_events = scenario.minutes - more_at
    assert STATUS_FREQUENCY <= minutes_until_sync(scenario) + since_more_events <= STATUS_FREQUENCY + 1
    scenario.wait_for_recovery()
    assert not scenario.published()
    assert scenario.published("push") & once(*(("created", each) for each in items)) == once(
        *(("created", each) for each in items)
    )
    assert scenario.is_closed_with(0)


def test_it_begins_at_once_after_a_heartbeat() -> None:
    """It is the first push of the renewed subscription: nothing waits on the server."""
    scenario = lost("exchange")
    scenario.world.now += MINUTE.total_seconds()
    scenario.check()
    scenario.deliver()
    assert scenario.subscription.last_event_at is None
    assert minutes_until_sync(scenario) <= 1
    scenario.wait_for_recovery()
    assert scenario.is_closed_with(0)


def test_it_begins_at_once_after_a_heartbeat_that_comes_late() -> None:
    """Amazon WorkMail sends the first one after StatusFrequency."""
    scenario = lost("workmail")
    scenario.check()
    assert STATUS_FREQUENCY <= minutes_until_sync(scenario) <= STATUS_FREQUENCY + 1
