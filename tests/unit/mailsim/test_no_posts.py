"""The setting `posts`: a server that accepts Subscribe and never posts."""

import pytest

from tests.unit.mailsim.world import MINUTE, World, event_types


@pytest.mark.parametrize("profile", ["workmail", "exchange"])
def test_nothing_is_posted(profile: str) -> None:
    """Neither an event nor a heartbeat nor an error, however long one waits."""
    world = World(profile, {"posts": False})
    world.subscribed(minutes=5)
    world.mail()
    world.call("faults", error_notification="ErrorReadEventsFailed")
    for _ in range(5):
        assert world.wait() is None
        assert world.due() == []
        world.now += 5 * MINUTE
    assert world.get("deliveries") == []


@pytest.mark.parametrize("profile", ["workmail", "exchange"])
def test_a_subscription_lives_for_status_frequency(profile: str) -> None:
    """Then it ends silently."""
    world = World(profile, {"posts": False})
    subscription_id, _ = world.subscribed(minutes=5)
    world.now += 5 * MINUTE - 1
    assert world.due() == []
    assert world.state(subscription_id) == "live"
    world.now += 1
    assert world.due() == []
    assert world.state(subscription_id) == "dead"


def test_every_subscribe_is_accepted() -> None:
    """A client that renews what is silent never exceeds the quota, also where nobody asks what is due."""
    world = World(settings={"posts": False, "quota": 1})
    for _ in range(10):
        world.subscribed(minutes=5)
        world.now += 5 * MINUTE
    assert world.state(world.get("subscriptions")[-2]["subscription_id"]) == "dead"


def test_a_server_can_begin_to_post() -> None:
    """What was queued meanwhile comes first."""
    world = World(settings={"posts": False})
    world.subscribed(minutes=5)
    world.mail()
    assert world.due() == []
    world.call("settings", posts=True)
    assert world.wait() == 0
    assert event_types(world.acknowledged_post())[0] == "CreatedEvent"
