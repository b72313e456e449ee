"""Which credentials an EWS request has, and what follows where the server refuses them."""

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest

from ewspush.errors import UnavailableError
from ewspush.protocol.response_codes import NO_CREDENTIALS
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed
from tests.builders import MAILBOX, NOON
from tests.integration.ews_server import (
    BUSY,
    FRESH,
    KEEPER,
    MADE,
    OWN,
    REQUEST,
    Clock,
    Page,
    Server,
    asked,
    client,
)


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a server that makes every subscription."""
    with Server() as server:
        yield server


def test_a_refused_request_is_sent_once_more_with_fresh_ones(server: Server) -> None:
    """The password was changed meanwhile."""
    server.pages = [Page(401), Page(200, MADE)]
    assert asked(server.url, fresh=FRESH) == Subscribed("S2", "w1")
    assert [got.headers["Authorization"] for got in server.got] == [OWN.authorization, FRESH.authorization]


def test_a_refused_request_is_not_sent_again_without_fresh_ones(server: Server) -> None:
    """Directories lock accounts that fail too often."""
    server.pages = [Page(401)]
    assert asked(server.url) == Refused("HTTP 401")
    assert len(server.got) == 1


def test_fresh_ones_that_are_refused_too_end_the_attempts(server: Server) -> None:
    """Two requests at most."""
    server.pages = [Page(401)]
    assert asked(server.url, fresh=FRESH) == Refused("HTTP 401")
    assert len(server.got) == 2


def test_refused_ones_are_not_sent_for_five_minutes_for_any_mailbox(server: Server) -> None:
    """Then they are sent again: Exchange also answers 401 when it is overloaded."""
    clock = Clock()
    mailboxes = client(server.url, clock=clock)
    server.pages = [Page(401), Page(200, MADE)]
    assert mailboxes.subscribe(MAILBOX, REQUEST) == Refused("HTTP 401")
    for minutes in (0, 4.99):
        clock.now = NOON + timedelta(minutes=minutes)
        assert mailboxes.subscribe("bob@example.com", REQUEST) == Refused("HTTP 401")
    assert len(server.got) == 1
    clock.now = NOON + timedelta(minutes=5)
    assert mailboxes.subscribe("bob@example.com", REQUEST) == Subscribed("S2", "w1")


@pytest.mark.parametrize(
    ("challenges", "text"),
    [
        ("Negotiate, NTLM", "sign in by Negotiate, NTLM, not by Basic"),
        ('Bearer realm="a, b", error="invalid_token"', "sign in by Bearer, not by Basic"),
        ('Negotiate, Basic realm="mail"', None),
        ('basic realm="mail"', None),
        ("", None),
    ],
)
def test_a_server_that_takes_no_password_says_what_it_takes(server: Server, challenges: str, text: str | None) -> None:
    """For every mailbox that waits meanwhile: no other password would help."""
    server.pages = [Page(401, b"<html><title>401</title>" if text else b"", {"WWW-Authenticate": challenges})]
    mailboxes = client(server.url)
    for mailbox in (MAILBOX, "bob@example.com"):
        assert mailboxes.subscribe(mailbox, REQUEST) == Refused("HTTP 401", text)
    assert len(server.got) == 1


def test_without_any_nothing_is_sent(server: Server) -> None:
    """They are read once more: the secret may have been filled meanwhile."""
    assert asked(server.url, known=None) == Refused(NO_CREDENTIALS)
    assert server.got == []
    assert asked(server.url, known=None, fresh=FRESH) == Subscribed("S2", "w1")


def test_they_are_in_no_log_and_no_error(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """Nor is the path of the callback, which is a secret too, or the address."""
    caplog.set_level(logging.DEBUG)
    server.pages = [Page(401), Page(500, BUSY), Page(0)]
    mailboxes = client(server.url, fresh=FRESH)
    mailboxes.subscribe(MAILBOX, REQUEST)
    with pytest.raises(UnavailableError) as failure:
        mailboxes.subscribe(MAILBOX, REQUEST)
    said = f"{caplog.text} {failure.value!r} {failure.value.__cause__!r} {mailboxes!r} {OWN!r} {KEEPER}"
    for secret in ("b3du", "a2Vl", "secret-path", "alice"):
        assert secret not in said
