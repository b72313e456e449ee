"""The EWS client and mailsim, which shares no code with it."""

from collections.abc import Iterator
from dataclasses import replace
from threading import Thread

import pytest

from ewspush.adapters.ews import EwsServer
from ewspush.domain.ports import Credentials
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed
from mailsim.http_server import Server as MailsimServer
from mailsim.runtime import Runtime
from tests.integration.ews_server import REQUEST, VERSION, Clock
from tests.twins.credentials import MemoryCredentials
from tests.unit.mailsim.world import EMAIL, World, basic


@pytest.fixture
def world() -> World:
    """Return a mail server with a user, and an account that may impersonate every mailbox."""
    world = World()
    world.call("users", email="keeper@example.com", password="password", impersonates=True)
    return world


@pytest.fixture
def url(world: World) -> Iterator[str]:
    """Return the URL of EWS; nothing is pushed."""
    with MailsimServer(0, Runtime(world.core)) as listening:
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield listening.urls["ews"]
        listening.shutdown()
        thread.join()


@pytest.mark.parametrize("email", [EMAIL, "keeper@example.com"])
def test_it_makes_a_subscription(world: World, url: str, email: str) -> None:
    """For a mailbox that signs in as itself, and for one that is impersonated."""
    credentials = Credentials(basic(email=email), impersonates=email != EMAIL)
    mailboxes = EwsServer(url, VERSION, MemoryCredentials({EMAIL: credentials}), Clock())
    answer = mailboxes.subscribe(EMAIL, replace(REQUEST, watermark=None))
    assert isinstance(answer, Subscribed)
    (made,) = world.get("subscriptions")
    assert (made["subscription_id"], made["mailbox"], made["url"]) == (answer.subscription_id, EMAIL, REQUEST.url)
    assert made["status_frequency"] == 15


@pytest.mark.parametrize(
    ("version", "password", "code"),
    [(VERSION, "wrong", "HTTP 401"), ("Exchange2013", "password", "ErrorInvalidServerVersion")],
)
def test_it_refuses_as_the_real_one_does(url: str, version: str, password: str, code: str) -> None:
    """With a status, or in a fault."""
    credentials = Credentials(basic(password), impersonates=False)
    answer = EwsServer(url, version, MemoryCredentials({EMAIL: credentials}), Clock()).subscribe(EMAIL, REQUEST)
    assert isinstance(answer, Refused)
    assert answer.response_code == code
