"""What becomes of everything that happened in a gap: events of origin sync, and an event that closes the gap."""

from collections import Counter

import pytest

from ewspush.domain.subscription import GapReason, State
from ewspush.protocol.synchronization import MAX_CHANGES
from tests.component.recovery.scenario import ALL, DAY, NAMED, PROFILES, Scenario, once
from tests.unit.mailsim.world import EMAIL


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("folders", [ALL, NAMED])
def test_two_days_without_the_watermark_are_published(profile: str, folders: tuple[str, ...]) -> None:
    """Every create, update, move, copy and delete, once, and the gap is closed with their count."""
    scenario = Scenario(profile, folders=folders, resume_is_trusted=profile == "exchange")
    modified, moved, deleted, read, copied, untouched = (scenario.mail() for _ in range(6))
    scenario.with_baseline()
    scenario.begin_outage()
    new = scenario.mail()
    scenario.item(modified, "modify")
    moved_to = scenario.item(moved, "move", folder="drafts")
    scenario.run(DAY)
    scenario.item(deleted, "delete")
    scenario.item(read, "read", read=True)
    copy = scenario.item(copied, "copy", folder="drafts")
    scenario.end_outage(DAY)
    scenario.wait_for_recovery()
    expected = once(
        ("created", new),
        ("modified", modified),
        ("deleted", moved),
        ("created", moved_to),
        ("deleted", deleted),
        ("modified", read),
        ("created", copy),
    )
    assert scenario.published() == expected
    assert scenario.kinds_of(untouched) == []
    assert scenario.is_closed_with(len(expected))
    assert [gap["data"]["reason"] for gap in scenario.gaps()] == [GapReason.WATERMARK_REFUSED]
    scenario.run(2 * DAY)
    assert scenario.published() == expected


@pytest.mark.parametrize("profile", PROFILES)
def test_a_resume_that_was_none_is_recovered(profile: str) -> None:
    """The server takes the watermark, and starts from now."""
    scenario = Scenario(profile, resume_is_trusted=False, resume="ignored")
    old = scenario.mail()
    scenario.with_baseline()
    scenario.begin_outage()
    new = scenario.mail()
    scenario.item(old, "modify")
    scenario.run(300)
    scenario.is_up = True
    scenario.faults(cut=False)
    scenario.wait_for_recovery()
    assert scenario.published() == once(("created", new), ("modified", old))
    assert [gap["data"]["reason"] for gap in scenario.gaps()] == [GapReason.RESUME_UNPROVEN]
    assert scenario.is_closed_with(2)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("resume", ["honoured", "refused"])
def test_after_an_error_notification_everything_is_published_once(profile: str, resume: str) -> None:
    """By push, where the renewed subscription resumes from the watermark, or else by a sync."""
    scenario = Scenario(profile, resume_is_trusted=profile == "exchange", resume=resume)
    old = scenario.mail()
    scenario.with_baseline()
    scenario.faults(error_notification="ErrorReadEventsFailed")
    scenario.deliver()
    assert scenario.subscription.state is State.LAPSED
    new = scenario.mail()
    scenario.item(old, "modify")
    scenario.wait_for_recovery()
    scenario.run(60)
    published = scenario.published("push", "sync")
    assert {published["created", new], published["modified", old]} == {1}
    assert GapReason.SUBSCRIPTION_LOST in {gap["data"]["reason"] for gap in scenario.gaps()}
    assert scenario.closed_gaps() == sorted(gap["id"] for gap in scenario.gaps())
    assert {reason for reason, _, _ in scenario.conclusions()} == {None}


def test_what_a_broken_chain_missed_is_recovered() -> None:
    """The server skips a change, and goes on as if it had sent it."""
    scenario = Scenario().with_baseline()
    missed = scenario.mail()
    (server_subscription,) = scenario.world.core.subscriptions.values()
    server_subscription.counter = server_subscription.queue[-1].counter
    server_subscription.queue.clear()
    pushed = scenario.mail()
    scenario.wait_for_recovery()
    assert scenario.published() == once(("created", missed))
    assert scenario.published("push")["created", pushed] == 1
    assert [gap["data"]["reason"] for gap in scenario.gaps()] == [GapReason.CHAIN_MISMATCH]
    assert scenario.is_closed_with(1)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_mailbox_that_was_disabled_and_restored_is_recovered(profile: str) -> None:
    """Mail reached it meanwhile; its server subscription is gone, and its watermark is refused."""
    scenario = Scenario(profile, resume_is_trusted=profile == "exchange")
    old = scenario.mail()
    scenario.with_baseline()
    scenario.world.call(f"mailboxes/{EMAIL}/disable")
    scenario.run(60)
    assert scenario.subscription.state is State.SUSPENDED
    new = scenario.mail()
    scenario.item(old, "delete")
    scenario.world.call("settings", resume="refused")
    scenario.world.call(f"mailboxes/{EMAIL}/enable")
    scenario.run(DAY)
    scenario.run_until(lambda: bool(scenario.conclusions()))
    assert scenario.published() == once(("created", new), ("deleted", old))
    assert scenario.is_closed_with(2)


def test_what_came_and_went_in_a_gap_is_not_seen() -> None:
    """A sync returns net changes: the gap is closed with nothing in it."""
    scenario = Scenario().with_baseline()
    scenario.outage(lambda: scenario.item(scenario.mail(), "delete"))
    scenario.wait_for_recovery()
    assert not scenario.published()
    assert scenario.is_closed_with(0)


def test_only_events_that_are_subscribed_to_are_published() -> None:
    """A subscription to new items alone gets no deletion."""
    scenario = Scenario(event_types=("CreatedEvent",))
    old = scenario.mail()
    scenario.with_baseline()
    scenario.begin_outage()
    scenario.item(old, "delete")
    new = scenario.mail()
    scenario.end_outage()
    scenario.wait_for_recovery()
    assert scenario.published() == once(("created", new))
    assert scenario.is_closed_with(1)


def test_more_items_than_fit_a_page_are_published_page_by_page() -> None:
    """1,500 of them, with one request a check."""
    scenario = Scenario().with_baseline()
    ids: list[str] = []
    scenario.outage(lambda: ids.extend(scenario.mail() for _ in range(1500)))
    scenario.wait_for_gap()
    scenario.calls_per_check = 1
    before = scenario.server.syncs
    scenario.run_until(lambda: not scenario.has_open_gap)
    assert scenario.published() == Counter(("created", each) for each in ids)
    assert scenario.is_closed_with(1500)
    assert scenario.server.syncs - before == -(-1500 // MAX_CHANGES) + 1


def test_a_recovery_is_a_baseline_for_the_next() -> None:
    """Each publishes what happened since, and the first one's states are dropped."""
    scenario = Scenario().with_baseline()
    created: list[str] = []
    for number in (1, 2):
        scenario.outage(lambda: created.append(scenario.mail()))
        scenario.wait_for_recovery()
        assert scenario.published() == once(*(("created", each) for each in created))
        assert scenario.rounds == {scenario.round}
        assert len(scenario.conclusions()) == number
        scenario.run(60)
    assert [(reason, recovered) for reason, _, recovered in scenario.conclusions()] == [(None, 1), (None, 1)]
