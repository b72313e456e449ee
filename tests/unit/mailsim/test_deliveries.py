"""What is posted when, and what failures come to."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from tests.unit.mailsim.world import MINUTE, OK, UNSUBSCRIBE, World, ack, event_types, texts

INTERVALS = {
    1: [30, 60],
    2: [30, 60, 120],
    5: [30, 60, 120, 240],
    15: [30, 60, 120, 240, 480],
    30: [30, 60, 120, 240, 480, 960],
    60: [30, 60, 120, 240, 480, 960, 1920],
}
"""Exchange, StatusFrequency page: for 30 minutes it lists these; the rule gives the others."""


def failing(world: World) -> list[float]:
    """Fail every POST until there is none any more; return the waits between them, in seconds."""
    waits: list[float] = []
    world.wait()
    while True:
        world.answer(world.post(), b"", 503)
        waited = world.wait()
        if waited is None:
            return waits
        waits.append(waited)


@pytest.mark.parametrize("minutes", INTERVALS)
def test_exchange_doubles_its_waits_until_one_exceeds_status_frequency(minutes: int) -> None:
    """Then the subscription is gone, and nobody is told."""
    world = World("exchange")
    subscription_id, _ = world.subscribed(minutes=minutes)
    assert failing(world) == INTERVALS[minutes]
    assert world.state(subscription_id) == "dead"


def test_exchange_posts_thirteen_times_over_a_day() -> None:
    """StatusFrequency 1440."""
    world = World("exchange")
    world.subscribed(minutes=1440)
    assert len(failing(world)) == 12


@pytest.mark.parametrize(
    ("minutes", "waits"),
    [(1, [10, 20]), (5, [10, 20, 40, 80]), (11, [10, 20, 40, 80, 160, 320])],
)
def test_workmail_gives_up_after_status_frequency_in_all(minutes: int, waits: list[float]) -> None:
    """A StatusFrequency of 5 means retried for at most 5 minutes, with exponential back-off."""
    world = World()
    subscription_id, _ = world.subscribed(minutes=minutes)
    assert failing(world) == waits
    assert world.state(subscription_id) == "dead"


def test_the_first_wait_and_the_factor_are_settings() -> None:
    """WorkMail's are not published."""
    world = World(settings={"first_retry_seconds": 1, "retry_factor": 3})
    world.subscribed(minutes=1)
    assert failing(world) == [1, 3, 9, 27]


def test_nothing_is_posted_to_a_dead_subscription() -> None:
    """Mail goes on arriving."""
    world = World()
    world.subscribed()
    failing(world)
    world.mail()
    assert world.due() == []
    assert world.wait() is None


def test_a_success_starts_the_waits_afresh() -> None:
    """Back-off counts the failures of one notification."""
    world = World()
    subscription_id, _ = world.subscribed(minutes=1)
    for _ in range(5):
        world.mail()
        world.answer(world.post(), b"", 500)
        assert world.wait() == 10
        world.told()
    assert world.state(subscription_id) == "live"


def test_one_post_is_in_flight() -> None:
    """What happens meanwhile waits, then goes out at once."""
    world = World()
    world.subscribed()
    first = world.mail()
    post = world.post()
    second = world.mail()
    assert world.due() == []
    world.answer(post)
    assert texts(post.body, "MoreEvents") == ["false"]
    following = world.told()
    assert first.encode() in post.body
    assert second.encode() not in post.body
    assert second.encode() in following.body


def test_watermarks_form_a_chain() -> None:
    """PreviousWatermark is the last watermark acknowledged, heartbeats included."""
    for profile in ("workmail", "exchange"):
        world = World(profile)
        _, watermark = world.subscribed()
        posts = []
        for step in range(6):
            if step % 2:
                world.mail()
            world.wait()
            posts.append(world.told())
        assert texts(posts[0].body, "PreviousWatermark") == [watermark]
        for previous, following in pairwise(posts):
            assert texts(following.body, "PreviousWatermark") == texts(previous.body, "Watermark")[-1:]
        assert world.get("subscriptions")[0]["watermark"] == texts(posts[-1].body, "Watermark")[-1]


def test_heartbeats_come_at_status_frequency() -> None:
    """In silence; an event puts them off."""
    world = World()
    world.subscribed(minutes=5)
    assert [(world.wait(), event_types(world.told())) for _ in range(2)] == [(5 * MINUTE, ["StatusEvent"])] * 2
    world.now += 4 * MINUTE
    world.mail()
    world.told()
    assert world.wait() == 5 * MINUTE


def test_exchange_sends_a_heartbeat_at_once() -> None:
    """Users see one right after subscribing."""
    world = World("exchange")
    world.subscribed()
    assert event_types(world.told()) == ["StatusEvent"]


def test_a_heartbeat_tells_the_current_watermark_though_nothing_subscribed_to_has_happened() -> None:
    """The server moves it."""
    world = World()
    _, watermark = world.subscribed(folder="calendar")
    world.mail()
    world.wait()
    beat = world.told()
    assert texts(beat.body, "PreviousWatermark") == [watermark]
    assert texts(beat.body, "Watermark") == [world.get("changes", mailbox="user@example.com")[-1]["watermark"]]


def test_a_heartbeat_may_tell_zero_and_leave_the_chain_alone() -> None:
    """As in the WorkMail guide's sample."""
    world = World(settings={"heartbeat_watermark": "zero"})
    _, watermark = world.subscribed()
    world.wait()
    assert texts(world.told().body, "Watermark") == ["AAAAAAAAAAA="]
    world.mail()
    assert texts(world.told().body, "PreviousWatermark") == [watermark]


def test_unsubscribe_ends_it() -> None:
    """At once, whatever waits."""
    world = World()
    subscription_id, _ = world.subscribed()
    world.mail()
    post = world.post()
    world.mail()
    world.answer(post, UNSUBSCRIBE)
    assert world.state(subscription_id) == "unsubscribed"
    assert world.due() == []


def test_a_wrong_ack_is_a_failure() -> None:
    """The same notification comes again, byte for byte."""
    world = World()
    world.subscribed()
    world.mail()
    post = world.post()
    world.answer(post, ack("UNSUBSCRIBE"))
    assert world.wait() == 10
    assert world.post().body == post.body
    assert [each["verdict"] for each in world.get("deliveries")] == ["failed"]


def test_a_resend_may_take_in_what_happened_meanwhile() -> None:
    """Nobody says that it is identical."""
    world = World(settings={"resend": "rebuilt"})
    world.subscribed()
    world.mail()
    world.answer(world.post(), b"", 500)
    world.mail()
    world.wait()
    assert len(event_types(world.told())) == 6


def test_many_events_come_in_batches_and_equal_watermarks_stay_together() -> None:
    """MoreEvents says that more follow; a batch that cut through a watermark could not be resumed from."""
    world = World("exchange", {"events_per_post": 2, "first_post": "after_status_frequency"})
    world.subscribed()
    world.mail()
    world.mail()
    posts = [world.told(), world.told()]
    assert [len(event_types(post)) for post in posts] == [3, 3]
    assert [texts(post.body, "MoreEvents") for post in posts] == [["true"], ["false"]]


def test_cut_means_no_answer() -> None:
    """Nothing is even tried; the waits are the same."""
    world = World()
    subscription_id, _ = world.subscribed(minutes=1)
    world.call("faults", cut=True)
    waits: list[float | None] = []
    while world.core.next_due() is not None:
        waits.append(world.wait())
        assert world.due() == []
    assert waits == [MINUTE, 10, 20]
    assert world.state(subscription_id) == "dead"
    assert [each["http_status"] for each in world.get("deliveries")] == [None] * 3


def test_a_lost_ack_is_a_failure() -> None:
    """The receiver has the notification, and gets it again."""
    world = World()
    world.subscribed()
    world.call("faults", drop_acks=1)
    world.mail()
    first = world.told()
    world.wait()
    assert world.told().body == first.body
    assert [(each["attempt"], each["verdict"]) for each in world.get("deliveries")] == [(1, "failed"), (2, "ok")]


def test_a_duplicate_is_sent_at_once_and_its_answer_does_not_count() -> None:
    """Not even an Unsubscribe."""
    world = World()
    subscription_id, _ = world.subscribed()
    world.call("faults", duplicate=1)
    world.mail()
    post, twin = world.due()
    assert post.body == twin.body
    world.answer(twin, UNSUBSCRIBE)
    world.answer(post, OK)
    assert world.state(subscription_id) == "live"
    world.mail()
    assert len(world.due()) == 1


def restart(world: World) -> None:
    """Restart the server."""
    world.call("faults", restart=True)


def disable(world: World) -> None:
    """Disable the user."""
    world.call("mailboxes/user@example.com/disable")


@pytest.mark.parametrize("end", [restart, disable])
def test_subscriptions_are_lost_silently(end: Callable[[World], None]) -> None:
    """Even with a POST in flight."""
    world = World()
    subscription_id, _ = world.subscribed()
    world.mail()
    post = world.post()
    end(world)
    world.answer(post)
    assert world.state(subscription_id) == "dead"
    assert world.wait() is None


def test_an_error_notification_is_the_last_one() -> None:
    """It names the subscription, and has no Notification element."""
    world = World()
    subscription_id, _ = world.subscribed()
    world.call("faults", error_notification="ErrorReadEventsFailed", mailbox="user@example.com")
    last = world.told()
    assert texts(last.body, "ResponseCode") == ["ErrorReadEventsFailed"]
    assert texts(last.body, "Value") == [subscription_id]
    assert texts(last.body, "Notification") == []
    assert world.state(subscription_id) == "dead"
    assert world.get("deliveries")[-1]["kind"] == "error"
