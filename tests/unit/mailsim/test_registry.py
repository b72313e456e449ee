"""Quota, resumption, refusals, and the end of subscriptions of disabled users."""

import pytest

from tests.unit.mailsim.world import EMAIL, MINUTE, UNSUBSCRIBE, World, basic, event_types, request, subscribe, texts

DAY = 24 * 60 * MINUTE


@pytest.mark.parametrize(("form", "status"), [("response", 200), ("fault", 500)])
def test_a_mailbox_can_have_three_subscriptions(form: str, status: int) -> None:
    """The fourth is refused until one of them ends."""
    world = World(settings={"quota_error": form})
    for _ in range(3):
        world.subscribed()
    assert world.code(subscribe()) == (status, "ErrorExceededSubscriptionCount")
    world.mail()
    world.answer(world.due()[0], UNSUBSCRIBE)
    assert world.code(subscribe()) == (200, "NoError")


def test_every_subscription_has_its_own_id_and_receives_all_events() -> None:
    """In both profiles."""
    for profile in ("workmail", "exchange"):
        world = World(profile, {"first_post": "after_status_frequency"})
        ids = {world.subscribed()[0] for _ in range(3)}
        world.mail()
        assert {texts(post.body, "SubscriptionId")[0] for post in world.due()} == ids
        assert len(ids) == 3


def with_missed_message(world: World) -> tuple[str, str]:
    """Lose a subscription, then deliver a message; return the last watermark and the item's id."""
    world.subscribed()
    world.mail("received")
    watermark = texts(world.acknowledged_post().body, "Watermark")[-1]
    world.call("faults", restart=True)
    return watermark, world.mail("missed")


@pytest.mark.parametrize("profile", ["workmail", "exchange"])
def test_a_subscription_resumes_from_a_watermark(profile: str) -> None:
    """It receives the later events and none before."""
    world = World(profile, {"first_post": "after_status_frequency"})
    watermark, item_id = with_missed_message(world)
    _, resumed = world.subscribed(watermark=watermark)
    post = world.acknowledged_post()
    assert resumed == watermark
    assert texts(post.body, "PreviousWatermark") == [watermark]
    assert len(event_types(post)) == 3
    assert item_id.encode() in post.body


def test_a_valid_watermark_can_be_refused() -> None:
    """With the setting `resume` at `refused`."""
    world = World(settings={"resume": "refused"})
    watermark, _ = with_missed_message(world)
    assert world.code(subscribe(watermark=watermark)) == (200, "ErrorInvalidWatermark")


def test_a_valid_watermark_can_be_ignored() -> None:
    """The subscription starts from now, without an error."""
    world = World(settings={"resume": "ignored"})
    watermark, _ = with_missed_message(world)
    _, started = world.subscribed(watermark=watermark)
    assert world.due() == []
    assert started == world.get("changes", mailbox=EMAIL)[-1]["watermark"]


@pytest.mark.parametrize(
    "watermark", ["AAAAAAAAAAA=", "//////////8=", "junk", "AQAAAOpvG0LURVdOhQkPOWZLPcJYGwAAAAAAAAE="]
)
@pytest.mark.parametrize("profile", ["workmail", "exchange"])
def test_an_unknown_watermark_is_invalid(profile: str, watermark: str) -> None:
    """Too old, from the future, or of another mailbox."""
    assert World(profile).code(subscribe(watermark=watermark)) == (200, "ErrorInvalidWatermark")


def test_watermarks_can_be_forgotten() -> None:
    """As after a move to another database; new ones are valid."""
    world = World()
    watermark, _ = with_missed_message(world)
    world.call("faults", forget_watermarks=True)
    assert world.code(subscribe(watermark=watermark)) == (200, "ErrorInvalidWatermark")
    _, fresh = world.subscribed()
    world.mail()
    world.call("faults", restart=True)
    assert world.code(subscribe(watermark=fresh)) == (200, "NoError")


def test_events_are_kept_for_thirty_days() -> None:
    """A watermark is invalid if any later event is older."""
    world = World()
    watermark, _ = with_missed_message(world)
    world.now += 30 * DAY
    assert world.code(subscribe(watermark=watermark)) == (200, "NoError")
    world.now += 1
    assert world.code(subscribe(watermark=watermark)) == (200, "ErrorInvalidWatermark")


def test_the_first_watermark_can_be_zero() -> None:
    """The WorkMail guide's sample: five bytes from Subscribe, eight in the first notification."""
    world = World(settings={"subscribe_watermark": "zero"})
    assert world.subscribed()[1] == "AAAAAAA="
    world.mail()
    assert texts(world.acknowledged_post().body, "PreviousWatermark") == ["AAAAAAAAAAA="]


def test_subscribe_can_be_refused_a_number_of_times() -> None:
    """ErrorServerBusy is a fault with a back-off; other codes are error responses."""
    world = World()
    world.call("faults", refuse_subscribe="ErrorServerBusy", times=2, back_off_ms=1500)
    for _ in range(2):
        status, answer = world.ask(subscribe())
        assert (status, texts(answer, "ResponseCode"), texts(answer, "Value")) == (500, ["ErrorServerBusy"], ["1500"])
    assert world.code(subscribe()) == (200, "NoError")
    world.call("faults", refuse_subscribe="ErrorMailboxMoveInProgress")
    assert world.code(subscribe()) == (200, "ErrorMailboxMoveInProgress")


@pytest.mark.parametrize(
    ("answer", "expected"), [("401", 401), ("ErrorNonExistentMailbox", 500), ("ErrorAccountDisabled", 500)]
)
def test_a_disabled_user_can_not_subscribe(answer: str, expected: int) -> None:
    """Until it is enabled again; the response of the servers is not published."""
    world = World(settings={"disabled_answer": answer})
    watermark, _ = with_missed_message(world)
    world.call(f"mailboxes/{EMAIL}/disable")
    assert world.ask(subscribe())[0] == expected
    world.now += 29 * DAY
    world.call(f"mailboxes/{EMAIL}/enable")
    assert world.code(subscribe(watermark=watermark)) == (200, "NoError")


def test_a_mailbox_is_kept_for_thirty_days() -> None:
    """Then the user gets an empty one, where old watermarks are invalid."""
    world = World()
    watermark, _ = with_missed_message(world)
    world.call(f"mailboxes/{EMAIL}/disable")
    world.now += 31 * DAY
    world.call(f"mailboxes/{EMAIL}/enable")
    assert world.get("changes", mailbox=EMAIL) == []
    assert world.code(subscribe(watermark=watermark)) == (200, "ErrorInvalidWatermark")


@pytest.mark.parametrize("operation", ["Unsubscribe", "GetEvents"])
def test_the_id_of_a_push_subscription_is_refused(operation: str) -> None:
    """Only an acknowledgement ends it; each error has its own code."""
    world = World()
    world.call("users", email="other@example.com", password="password")
    subscription_id, watermark = world.subscribed()
    since = f"<m:Watermark>{watermark}</m:Watermark>" if operation == "GetEvents" else ""

    def code(own_id: str, email: str = EMAIL) -> tuple[int, list[str]]:
        parts = f"<m:SubscriptionId>{own_id}</m:SubscriptionId>{since}"
        status, answer = world.ask(request(f"<m:{operation}>{parts}</m:{operation}>"), basic(email=email))
        return status, texts(answer, "ResponseCode")

    assert code(subscription_id) == (200, ["ErrorInvalidSubscription"])
    assert code(subscription_id, "other@example.com") == (200, ["ErrorSubscriptionAccessDenied"])
    assert code("unknown") == (200, ["ErrorSubscriptionNotFound"])
    assert world.state(subscription_id) == "live"
    world.call("faults", restart=True)
    assert code(subscription_id) == (200, ["ErrorSubscriptionNotFound"])
