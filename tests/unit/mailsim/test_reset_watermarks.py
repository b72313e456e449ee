"""The fault `reset_watermarks`: a restored server, whose counter of watermarks restarts lower."""

import pytest

from tests.unit.mailsim.world import EMAIL, World, event_types, subscribe, texts

INVALID = (200, "ErrorInvalidWatermark")


def watermarks(world: World) -> list[str]:
    """Return the watermarks of all changes so far."""
    return [str(each["watermark"]) for each in world.get("changes", mailbox=EMAIL)]


@pytest.mark.parametrize("profile", ["workmail", "exchange"])
def test_watermarks_are_given_once_more(profile: str) -> None:
    """In the same order; the log of changes keeps both."""
    world = World(profile)
    world.mail()
    before = watermarks(world)
    world.call("faults", reset_watermarks=True)
    world.mail()
    assert watermarks(world) == before * 2


def test_a_subscription_goes_on_with_lower_watermarks() -> None:
    """Its next notification continues the chain, and the watermark in it is lower."""
    world = World()
    world.subscribed()
    for _ in range(3):
        world.mail()
        last = texts(world.acknowledged_post().body, "Watermark")[-1]
    world.call("faults", reset_watermarks=True)
    world.wait()
    heartbeat = world.acknowledged_post()
    assert texts(heartbeat.body, "PreviousWatermark") == [last]
    world.mail()
    post = world.acknowledged_post()
    assert texts(post.body, "PreviousWatermark") == texts(heartbeat.body, "Watermark")
    assert texts(post.body, "Watermark") == watermarks(world)[:3]


def test_an_earlier_watermark_is_unknown_until_the_counter_reaches_it() -> None:
    """Then a subscription resumes from it, and gets the later events of another time only."""
    world = World()
    world.subscribed()
    world.mail()
    last = texts(world.acknowledged_post().body, "Watermark")[-1]
    world.call("faults", reset_watermarks=True, restart=True)
    assert world.state(world.get("subscriptions")[0]["subscription_id"]) == "dead"
    assert world.code(subscribe(watermark=last)) == INVALID
    unseen = world.mail()
    world.subscribed(watermark=last)
    assert world.due() == []
    later = world.mail()
    body = world.acknowledged_post().body
    assert (unseen.encode() in body, later.encode() in body) == (False, True)


def test_a_watermark_from_after_the_reset_is_honoured() -> None:
    """Events from before it do not come back."""
    world = World()
    before = world.mail()
    world.call("faults", reset_watermarks=True)
    _, watermark = world.subscribed()
    world.call("faults", restart=True)
    after = world.mail()
    world.subscribed(watermark=watermark)
    post = world.acknowledged_post()
    assert len(event_types(post)) == 3
    assert (before.encode() in post.body, after.encode() in post.body) == (False, True)
    world.call("faults", forget_watermarks=True)
    assert world.code(subscribe(watermark=watermark)) == INVALID
