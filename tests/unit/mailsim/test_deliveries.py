"""When notifications are POSTed, and what they contain."""

from itertools import pairwise

from tests.unit.mailsim.world import MINUTE, UNSUBSCRIBE, World, event_types, texts


def test_only_one_post_is_in_flight() -> None:
    """Newer events are queued, then go out at once."""
    world = World()
    world.subscribed()
    first = world.mail()
    post = world.post()
    second = world.mail()
    assert world.due() == []
    world.answer(post)
    assert texts(post.body, "MoreEvents") == ["false"]
    following = world.acknowledged_post()
    assert first.encode() in post.body
    assert second.encode() not in post.body
    assert second.encode() in following.body


def test_watermarks_form_a_chain() -> None:
    """PreviousWatermark is the last acknowledged watermark, heartbeats included."""
    for profile in ("workmail", "exchange"):
        world = World(profile)
        _, watermark = world.subscribed()
        posts = []
        for step in range(6):
            if step % 2:
                world.mail()
            world.wait()
            posts.append(world.acknowledged_post())
        assert texts(posts[0].body, "PreviousWatermark") == [watermark]
        for previous, following in pairwise(posts):
            assert texts(following.body, "PreviousWatermark") == texts(previous.body, "Watermark")[-1:]
        assert world.get("subscriptions")[0]["watermark"] == texts(posts[-1].body, "Watermark")[-1]


def test_heartbeats_come_at_status_frequency() -> None:
    """Counted from the last acknowledged notification."""
    world = World()
    world.subscribed(minutes=5)
    heartbeats = [(world.wait(), event_types(world.acknowledged_post())) for _ in range(2)]
    assert heartbeats == [(5 * MINUTE, ["StatusEvent"])] * 2
    world.now += 4 * MINUTE
    world.mail()
    world.acknowledged_post()
    assert world.wait() == 5 * MINUTE


def test_exchange_sends_a_heartbeat_at_once() -> None:
    """Users see one right after subscribing."""
    world = World("exchange")
    world.subscribed()
    assert event_types(world.acknowledged_post()) == ["StatusEvent"]


def test_a_heartbeat_contains_the_current_watermark_of_the_mailbox() -> None:
    """Events that the subscription does not receive move it, too."""
    world = World()
    _, watermark = world.subscribed(folder="calendar")
    world.mail()
    world.wait()
    heartbeat = world.acknowledged_post()
    assert texts(heartbeat.body, "PreviousWatermark") == [watermark]
    assert texts(heartbeat.body, "Watermark") == [world.get("changes", mailbox="user@example.com")[-1]["watermark"]]


def test_a_heartbeat_can_contain_zero_and_not_move_the_chain() -> None:
    """As in the WorkMail guide's sample."""
    world = World(settings={"heartbeat_watermark": "zero"})
    _, watermark = world.subscribed()
    world.wait()
    assert texts(world.acknowledged_post().body, "Watermark") == ["AAAAAAAAAAA="]
    world.mail()
    assert texts(world.acknowledged_post().body, "PreviousWatermark") == [watermark]


def test_unsubscribe_ends_the_subscription() -> None:
    """At once, even if events are queued."""
    world = World()
    subscription_id, _ = world.subscribed()
    world.mail()
    post = world.post()
    world.mail()
    world.answer(post, UNSUBSCRIBE)
    assert world.state(subscription_id) == "unsubscribed"
    assert world.due() == []


def test_events_with_equal_watermarks_stay_in_one_batch() -> None:
    """MoreEvents announces the next batch; a resume could not start between equal watermarks."""
    world = World("exchange", {"events_per_post": 2, "first_post": "after_status_frequency"})
    world.subscribed()
    world.mail()
    world.mail()
    posts = [world.acknowledged_post(), world.acknowledged_post()]
    assert [len(event_types(post)) for post in posts] == [3, 3]
    assert [texts(post.body, "MoreEvents") for post in posts] == [["true"], ["false"]]


def test_an_error_notification_is_the_last_one() -> None:
    """It names the subscription, and has no Notification element."""
    world = World()
    subscription_id, _ = world.subscribed()
    world.call("faults", error_notification="ErrorReadEventsFailed", mailbox="user@example.com")
    last = world.acknowledged_post()
    assert texts(last.body, "ResponseCode") == ["ErrorReadEventsFailed"]
    assert texts(last.body, "Value") == [subscription_id]
    assert texts(last.body, "Notification") == []
    assert world.state(subscription_id) == "dead"
    assert world.get("deliveries")[-1]["kind"] == "error"
