"""Impersonation of users by a service account, and changes of passwords."""

import pytest

from tests.unit.mailsim.world import EMAIL, EVENT_TYPES, World, basic, impersonating, push, request, subscribe, texts

SERVICE = "service@example.com"
CALLBACK = "<t:StatusFrequency>5</t:StatusFrequency><t:URL>http://127.0.0.1:9/</t:URL>"


def with_service_account(**settings: object) -> World:
    """Return a server with a user and an account that may impersonate."""
    world = World(settings=settings)
    world.call("users", email=SERVICE, password="secret", impersonates=True)
    return world


def subscribe_code(world: World, email: str | None, authorization: str | None = None) -> tuple[int, str]:
    """Return status and response code of a Subscribe by the service account, or with other credentials."""
    status, answer = world.ask(subscribe(email=email), authorization or basic("secret", SERVICE))
    return status, texts(answer, "ResponseCode")[0]


@pytest.mark.parametrize("element", ["SmtpAddress", "PrimarySmtpAddress", "PrincipalName"])
def test_a_service_account_acts_on_the_mailbox_it_names(element: str) -> None:
    """The subscription belongs to that mailbox, and counts towards its quota."""
    world = with_service_account(quota=1)
    body = request(push(EVENT_TYPES + CALLBACK), impersonating(EMAIL.title(), element))
    status, answer = world.ask(body, basic("secret", SERVICE))
    assert (status, texts(answer, "ResponseCode")) == (200, ["NoError"])
    assert world.get("subscriptions")[0]["mailbox"] == EMAIL
    assert subscribe_code(world, EMAIL) == (200, "ErrorExceededSubscriptionCount")
    assert subscribe_code(world, None) == (200, "NoError")
    assert subscribe_code(world, SERVICE) == (200, "ErrorExceededSubscriptionCount")


def test_other_accounts_may_not_impersonate() -> None:
    """The response does not reveal which addresses exist."""
    world = with_service_account()
    for email in (SERVICE, "nobody@example.com"):
        assert subscribe_code(world, email, basic()) == (500, "ErrorImpersonateUserDenied")


@pytest.mark.parametrize("what", ["unknown", "removed"])
def test_a_user_that_does_not_exist_can_not_be_impersonated(what: str) -> None:
    """Unknown or deleted."""
    world = with_service_account()
    if what == "removed":
        world.call(f"mailboxes/{EMAIL}/remove")
    email = EMAIL if what == "removed" else "nobody@example.com"
    assert subscribe_code(world, email) == (500, "ErrorNonExistentMailbox")


@pytest.mark.parametrize("answer", ["ErrorAccountDisabled", "ErrorNonExistentMailbox", "401"])
def test_a_disabled_user_can_not_be_impersonated(answer: str) -> None:
    """The response is that for the user itself."""
    world = with_service_account(disabled_answer=answer)
    world.call(f"mailboxes/{EMAIL}/disable")
    status, body = world.ask(subscribe(email=EMAIL), basic("secret", SERVICE))
    assert (status, texts(body, "ResponseCode") if body else []) == ((401, []) if answer == "401" else (500, [answer]))
    assert subscribe_code(world, None) == (200, "NoError")


def test_a_password_can_be_changed_and_changed_back() -> None:
    """The old credentials are invalid in between; the subscription lives on."""
    world = World()
    subscription_id, _ = world.subscribed()
    world.call(f"mailboxes/{EMAIL}/password", password="other")
    assert world.ask(subscribe())[0] == 401
    assert world.ask(subscribe(), basic("other"))[0] == 200
    world.call(f"mailboxes/{EMAIL}/password", password="password")
    assert world.ask(subscribe())[0] == 200
    assert world.state(subscription_id) == "live"
