"""Retries of failed notifications, faults of deliveries, and the end of subscriptions."""

from collections.abc import Callable

import pytest

from tests.unit.mailsim.world import MINUTE, OK, UNSUBSCRIBE, World, ack, event_types

INTERVALS = {
    1: [30, 60],
    2: [30, 60, 120],
    5: [30, 60, 120, 240],
    15: [30, 60, 120, 240, 480],
    30: [30, 60, 120, 240, 480, 960],
    60: [30, 60, 120, 240, 480, 960, 1920],
}
"""Exchange, StatusFrequency page: for 30 minutes it lists these; the rule gives the others."""


def waits_until_dead(world: World) -> list[float]:
    """Fail every POST until none comes any more; return the waits between them, in seconds."""
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
    """Then the subscription is dead, without a notification."""
    world = World("exchange")
    subscription_id, _ = world.subscribed(minutes=minutes)
    assert waits_until_dead(world) == INTERVALS[minutes]
    assert world.state(subscription_id) == "dead"


def test_exchange_posts_thirteen_times_in_a_day() -> None:
    """With StatusFrequency 1440."""
    world = World("exchange")
    world.subscribed(minutes=1440)
    assert len(waits_until_dead(world)) == 12


@pytest.mark.parametrize(
    ("minutes", "waits"),
    [(1, [10, 20]), (5, [10, 20, 40, 80]), (11, [10, 20, 40, 80, 160, 320])],
)
def test_workmail_retries_for_status_frequency_in_total(minutes: int, waits: list[float]) -> None:
    """A StatusFrequency of 5 means retries for at most 5 minutes, with exponential back-off."""
    world = World()
    subscription_id, _ = world.subscribed(minutes=minutes)
    assert waits_until_dead(world) == waits
    assert world.state(subscription_id) == "dead"


def test_the_first_wait_and_the_factor_are_settings() -> None:
    """WorkMail's are not published."""
    world = World(settings={"first_retry_seconds": 1, "retry_factor": 3})
    world.subscribed(minutes=1)
    assert waits_until_dead(world) == [1, 3, 9, 27]


def test_nothing_is_posted_to_a_dead_subscription() -> None:
    """Even if new mail arrives."""
    world = World()
    world.subscribed()
    waits_until_dead(world)
    world.mail()
    assert world.due() == []
    assert world.wait() is None


def test_a_success_resets_the_back_off() -> None:
    """The back-off counts the failures of one notification."""
    world = World()
    subscription_id, _ = world.subscribed(minutes=1)
    for _ in range(5):
        world.mail()
        world.answer(world.post(), b"", 500)
        assert world.wait() == 10
        world.acknowledged_post()
    assert world.state(subscription_id) == "live"


def test_an_invalid_ack_is_a_failure() -> None:
    """The same notification comes again, byte for byte."""
    world = World()
    world.subscribed()
    world.mail()
    post = world.post()
    world.answer(post, ack("UNSUBSCRIBE"))
    assert world.wait() == 10
    assert world.post().body == post.body
    assert [each["verdict"] for each in world.get("deliveries")] == ["failed"]


def test_a_retry_can_include_newer_events() -> None:
    """It is not published that retries are identical."""
    world = World(settings={"resend": "rebuilt"})
    world.subscribed()
    world.mail()
    world.answer(world.post(), b"", 500)
    world.mail()
    world.wait()
    assert len(event_types(world.acknowledged_post())) == 6


def test_cut_fails_posts_without_sending_them() -> None:
    """The retries are as usual."""
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
    first = world.acknowledged_post()
    world.wait()
    assert world.acknowledged_post().body == first.body
    assert [(each["attempt"], each["verdict"]) for each in world.get("deliveries")] == [(1, "failed"), (2, "ok")]


def test_a_duplicate_is_sent_at_once_and_its_response_is_ignored() -> None:
    """Not even an Unsubscribe has an effect."""
    world = World()
    subscription_id, _ = world.subscribed()
    world.call("faults", duplicate=1)
    world.mail()
    post, copy = world.due()
    assert post.body == copy.body
    world.answer(copy, UNSUBSCRIBE)
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
