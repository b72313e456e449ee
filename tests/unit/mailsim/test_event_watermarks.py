"""The setting `event_watermark`: an event carries its own watermark, or that which it follows."""

import pytest

from tests.unit.mailsim.world import EMAIL, World, event_types, texts


def following(profile: str = "workmail", **settings: object) -> World:
    """Return a server whose events carry the watermark that they follow."""
    return World(profile, {"event_watermark": "following", "first_post": "after_status_frequency", **settings})


@pytest.mark.parametrize("profile", ["workmail", "exchange"])
def test_events_carry_the_watermark_that_they_follow(profile: str) -> None:
    """All events of a POST carry its PreviousWatermark; the next POST begins where this one ended."""
    world = following(profile)
    _, watermark = world.subscribed()
    world.mail()
    first = world.acknowledged_post()
    assert texts(first.body, "PreviousWatermark") == [watermark]
    assert texts(first.body, "Watermark") == [watermark] * 3
    reached = world.get("changes", mailbox=EMAIL)[-1]["watermark"]
    assert world.get("subscriptions")[0]["watermark"] == reached
    world.mail()
    second = world.acknowledged_post()
    assert texts(second.body, "PreviousWatermark") == [reached]
    assert texts(second.body, "Watermark") == [reached] * 3


def test_a_heartbeat_carries_the_current_watermark() -> None:
    """As with `own`."""
    world = following()
    world.subscribed()
    world.mail()
    world.acknowledged_post()
    world.wait()
    heartbeat = world.acknowledged_post()
    assert event_types(heartbeat) == ["StatusEvent"]
    assert texts(heartbeat.body, "Watermark") == [world.get("changes", mailbox=EMAIL)[-1]["watermark"]]


def test_to_resume_from_an_event_repeats_it() -> None:
    """Nothing is lost, and some events come twice."""
    world = following(events_per_post=1)
    world.subscribed()
    item_id = world.mail()
    last = [world.acknowledged_post() for _ in range(3)][-1]
    world.call("faults", restart=True)
    world.subscribed(watermark=texts(last.body, "Watermark")[0])
    again = world.acknowledged_post()
    assert event_types(again) == event_types(last) == ["ModifiedEvent"]
    assert item_id.encode() not in again.body
    assert world.due() == []
