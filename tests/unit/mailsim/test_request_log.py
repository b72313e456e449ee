"""The log of requests, and answers that never arrive."""

from typing import Any

from mailsim.request_log import MAX_LOGGED_REQUESTS
from tests.unit.mailsim.world import EMAIL, START, World, basic, request, subscribe

SERVICE = "service@example.com"


def asked(world: World, name: str) -> list[Any]:
    """Return one property of all requests so far."""
    return [each[name] for each in world.get("requests")]


def test_an_answer_to_subscribe_can_get_lost() -> None:
    """The subscription is there all the same; the next answer arrives."""
    world = World()
    world.call("faults", lose_subscribe_answers=2)
    for _ in range(2):
        assert world.core.handle_ews(subscribe(), basic(), world.now) == (None, b"")
    assert [each["state"] for each in world.get("subscriptions")] == ["live", "live"]
    assert world.get("faults")["lose_subscribe_answers"] == 0
    world.subscribed()
    assert asked(world, "answer") == ["lost", "lost", "NoError"]
    world.mail()
    assert len(world.due()) == 3


def test_only_a_subscribe_that_was_carried_out_gets_lost() -> None:
    """A refusal arrives, and uses nothing up."""
    world = World()
    world.call("faults", lose_subscribe_answers=1, refuse_subscribe="ErrorServerBusy")
    assert world.code(subscribe()) == (500, "ErrorServerBusy")
    assert world.core.handle_ews(subscribe(), basic(), world.now) == (None, b"")


def test_every_request_is_logged() -> None:
    """With its time, its mailbox as far as it can be told, and what it got."""
    world = World(settings={"quota": 1})
    _, watermark = world.subscribed()
    world.now += 1
    world.code(subscribe(watermark=watermark))
    assert world.get("requests") == [
        {"operation": "Subscribe", "mailbox": EMAIL, "at": START, "answer": "NoError", "watermark": False},
        {
            "operation": "Subscribe",
            "mailbox": EMAIL,
            "at": START + 1,
            "answer": "ErrorExceededSubscriptionCount",
            "watermark": True,
        },
    ]


def test_requests_that_can_not_be_read_are_logged_too() -> None:
    """Wrong credentials, another operation, no SOAP."""
    world = World()
    world.ask(subscribe(), basic("wrong"))
    world.core.handle_ews(subscribe(), None, world.now)
    world.code(request("<m:Paint/>"))
    world.code(b"junk")
    assert asked(world, "answer") == ["401", "401", "ErrorInvalidRequest", "ErrorInvalidRequest"]
    assert asked(world, "operation") == ["Subscribe", "Subscribe", "Paint", None]
    assert asked(world, "mailbox") == [EMAIL, None, EMAIL, EMAIL]


def test_the_mailbox_is_the_impersonated_one() -> None:
    """Whether that was granted or not."""
    world = World()
    world.call("users", email=SERVICE, password="secret", impersonates=True)
    world.ask(subscribe(email=EMAIL), basic("secret", SERVICE))
    world.ask(subscribe(email=SERVICE))
    assert asked(world, "mailbox") == [EMAIL, SERVICE]
    assert asked(world, "answer") == ["NoError", "ErrorImpersonateUserDenied"]


def test_the_log_of_requests_is_bounded() -> None:
    """A long run does not fill the memory."""
    assert World().core.request_log.maxlen == MAX_LOGGED_REQUESTS
