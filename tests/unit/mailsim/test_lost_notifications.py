"""The fault `skip_notifications`: notifications that the server believes it has sent."""

from tests.unit.mailsim.world import MINUTE, World, event_types, texts


def test_a_lost_notification_breaks_the_chain() -> None:
    """The next one begins where the lost one ended."""
    world = World()
    _, watermark = world.subscribed()
    world.call("faults", skip_notifications=1)
    lost = world.mail()
    assert world.due() == []
    received = world.mail()
    post = world.acknowledged_post()
    assert texts(post.body, "PreviousWatermark") != [watermark]
    assert texts(post.body, "PreviousWatermark") == [world.get("changes", mailbox="user@example.com")[2]["watermark"]]
    assert (lost.encode() in post.body, received.encode() in post.body) == (False, True)


def test_the_server_takes_it_for_acknowledged() -> None:
    """It is not sent again, its watermark is the subscription's, and the next heartbeat comes at its time."""
    world = World()
    world.subscribed(minutes=5)
    world.call("faults", skip_notifications=1)
    world.mail()
    assert world.due() == []
    assert (
        world.get("subscriptions")[0]["watermark"] == world.get("changes", mailbox="user@example.com")[-1]["watermark"]
    )
    assert world.get("deliveries") == []
    assert world.wait() == 5 * MINUTE
    assert event_types(world.acknowledged_post()) == ["StatusEvent"]


def test_several_notifications_can_be_lost_at_once() -> None:
    """Of a queue that is sent in pieces; what follows is sent."""
    world = World(settings={"events_per_post": 3})
    world.subscribed()
    items = [world.mail() for _ in range(3)]
    world.call("faults", skip_notifications=2)
    assert world.get("faults")["skip_notifications"] == 2
    body = world.acknowledged_post().body
    assert [item.encode() in body for item in items] == [False, False, True]
    assert "skip_notifications" not in world.get("faults")


def test_a_notification_that_failed_is_not_lost() -> None:
    """Its retry is sent: the fault is for new notifications."""
    world = World()
    world.subscribed()
    world.mail()
    failed = world.post()
    world.answer(failed, b"", 503)
    world.call("faults", skip_notifications=1)
    world.wait()
    assert world.acknowledged_post().body == failed.body
    world.mail()
    assert world.due() == []
