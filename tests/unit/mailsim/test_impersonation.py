"""One account that acts on the mailboxes of others, and passwords that change."""

import pytest

from tests.unit.mailsim.world import EMAIL, EVENT_TYPES, World, basic, impersonating, push, request, subscribe, texts

SERVICE = "service@example.com"
CALLBACK = "<t:StatusFrequency>5</t:StatusFrequency><t:URL>http://127.0.0.1:9/</t:URL>"


def serviced(**settings: object) -> World:
    """Return a server with a user and an account that may impersonate."""
    world = World(settings=settings)
    world.call("users", email=SERVICE, password="secret", impersonates=True)
    return world


def code(world: World, email: str | None, authorization: str | None = None) -> tuple[int, str]:
    """Return what the service account, or another one, gets for a Subscribe."""
    status, answer = world.ask(subscribe(email=email), authorization or basic("secret", SERVICE))
    return status, texts(answer, "ResponseCode")[0]


@pytest.mark.parametrize("element", ["SmtpAddress", "PrimarySmtpAddress"])
def test_a_service_account_acts_on_the_mailbox_it_names(element: str) -> None:
    """The subscription is of that mailbox, and counts there."""
    world = serviced(quota=1)
    asked = request(push(EVENT_TYPES + CALLBACK), impersonating(EMAIL.title(), element))
    status, answer = world.ask(asked, basic("secret", SERVICE))
    assert (status, texts(answer, "ResponseCode")) == (200, ["NoError"])
    assert world.get("subscriptions")[0]["mailbox"] == EMAIL
    assert code(world, EMAIL) == (200, "ErrorExceededSubscriptionCount")
    assert code(world, None) == (200, "NoError")
    assert code(world, SERVICE) == (200, "ErrorExceededSubscriptionCount")


def test_others_may_not_impersonate() -> None:
    """They do not even learn which addresses there are."""
    world = serviced()
    for email in (SERVICE, "nobody@example.com"):
        assert code(world, email, basic()) == (500, "ErrorImpersonateUserDenied")


@pytest.mark.parametrize("what", ["unknown", "removed"])
def test_who_is_not_there_can_not_be_impersonated(what: str) -> None:
    """Never was, or is not any more."""
    world = serviced()
    if what == "removed":
        world.call(f"mailboxes/{EMAIL}/remove")
    assert code(world, EMAIL if what == "removed" else "nobody@example.com") == (500, "ErrorNonExistentMailbox")


@pytest.mark.parametrize("answer", ["ErrorAccountDisabled", "ErrorNonExistentMailbox", "401"])
def test_a_disabled_user_is_unreachable_for_the_service_account_too(answer: str) -> None:
    """With the same answer as for the user."""
    world = serviced(disabled_answer=answer)
    world.call(f"mailboxes/{EMAIL}/disable")
    status, body = world.ask(subscribe(email=EMAIL), basic("secret", SERVICE))
    assert (status, texts(body, "ResponseCode") if body else []) == ((401, []) if answer == "401" else (500, [answer]))
    assert code(world, None) == (200, "NoError")


def test_a_password_can_be_changed_and_changed_back() -> None:
    """Credentials are revoked meanwhile; the subscription goes on."""
    world = World()
    subscription_id, _ = world.subscribed()
    world.call(f"mailboxes/{EMAIL}/password", password="other")
    assert world.ask(subscribe())[0] == 401
    assert world.ask(subscribe(), basic("other"))[0] == 200
    world.call(f"mailboxes/{EMAIL}/password", password="password")
    assert world.ask(subscribe())[0] == 200
    assert world.state(subscription_id) == "live"
