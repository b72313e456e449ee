"""The request log, and responses that are lost."""

from typing import Any

from mailsim.request_log import MAX_LOGGED_REQUESTS
from tests.unit.mailsim.world import EMAIL, START, World, basic, request, subscribe

SERVICE = "service@example.com"


def logged(world: World, name: str) -> list[Any]:
    """Return one property of all requests so far."""
    return [each[name] for each in world.get("requests")]


def test_a_subscribe_response_can_be_lost() -> None:
    """The subscription exists nevertheless, and the next response arrives."""
    world = World()
    world.call("faults", lose_subscribe_answers=2)
    for _ in range(2):
        assert world.core.handle_ews(subscribe(), basic(), world.now) == (None, b"")
    assert [each["state"] for each in world.get("subscriptions")] == ["live", "live"]
    assert world.get("faults")["lose_subscribe_answers"] == 0
    world.subscribed()
    assert logged(world, "answer") == ["lost", "lost", "NoError"]
    world.mail()
    assert len(world.due()) == 3


def test_a_refused_subscribe_is_answered() -> None:
    """It does not use up the fault."""
    world = World()
    world.call("faults", lose_subscribe_answers=1, refuse_subscribe="ErrorServerBusy")
    assert world.code(subscribe()) == (500, "ErrorServerBusy")
    assert world.core.handle_ews(subscribe(), basic(), world.now) == (None, b"")


def test_every_request_is_logged() -> None:
    """With its time, its mailbox and its response code."""
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


def test_invalid_requests_are_logged() -> None:
    """Wrong credentials, another operation, no SOAP."""
    world = World()
    world.ask(subscribe(), basic("wrong"))
    world.core.handle_ews(subscribe(), None, world.now)
    world.code(request("<m:Paint/>"))
    world.code(b"junk")
    assert logged(world, "answer") == ["401", "401", "ErrorInvalidOperation", "ErrorInvalidRequest"]
    assert logged(world, "operation") == ["Subscribe", "Subscribe", "Paint", None]
    assert logged(world, "mailbox") == [EMAIL, None, EMAIL, EMAIL]


def test_the_logged_mailbox_is_the_impersonated_one() -> None:
    """Also where the impersonation is denied."""
    world = World()
    world.call("users", email=SERVICE, password="secret", impersonates=True)
    world.ask(subscribe(email=EMAIL), basic("secret", SERVICE))
    world.ask(subscribe(email=SERVICE))
    assert logged(world, "mailbox") == [EMAIL, SERVICE]
    assert logged(world, "answer") == ["NoError", "ErrorImpersonateUserDenied"]


def test_the_request_log_is_bounded() -> None:
    """A long run does not fill the memory."""
    assert World().core.request_log.maxlen == MAX_LOGGED_REQUESTS
