"""A call to EWS ends in time, whatever the server does: no piece need be late for all of them to take too long."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any, Final

import pytest

from ewspush.adapters import ews
from ewspush.errors import UnavailableError
from ewspush.protocol.response_codes import NO_CONNECTION
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed
from tests.integration.ews_server import MADE, Page, Server, asked

TOTAL_SECONDS: Final = 0.4
PIECE_SECONDS: Final = 0.02
"""Long before any time-out of a single read."""

PIECES: Final = 500
"""Together ten seconds."""


@pytest.fixture(autouse=True)
def _short_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ews, "_TOTAL_SECONDS", TOTAL_SECONDS)


@contextmanager
def dripping(first: bytes, piece: bytes) -> Iterator[str]:
    """Run a server that answers with `first`, and then `piece` again and again; return its address."""
    done = Event()

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(64 * 1024)
            try:
                connection.sendall(first)
                for _ in range(PIECES):
                    if done.wait(PIECE_SECONDS):
                        return
                    connection.sendall(piece)
            except OSError:  # the client has closed the connection
                return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/EWS/Exchange.asmx"
        finally:
            done.set()
            thread.join()


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 100 Continue\r\n", b"X-Early: 1\r\n"),
        (b"HTTP/1.1 200 OK\r\n", b"X-Line: 1\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    ],
    ids=[
        "status line",
        "interim response",
        "header lines",
        "one header line",
        "body",
        "body of known length",
        "chunks",
    ],
)
def test_an_answer_that_drips_ends_with_the_call(first: bytes, piece: bytes) -> None:
    """The subscription may exist."""
    with dripping(first, piece) as url:
        began_at = time.monotonic()
        with pytest.raises(UnavailableError):
            asked(url)
        assert time.monotonic() - began_at < TOTAL_SECONDS + 1


def test_a_server_that_stays_silent_may_have_made_the_subscription() -> None:
    """It accepted the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening, pytest.raises(UnavailableError):
        asked(f"http://127.0.0.1:{listening.getsockname()[1]}/")


def test_a_handshake_that_never_ends_sent_nothing() -> None:
    """It takes no longer than the call."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        began_at = time.monotonic()
        answer = asked(f"https://127.0.0.1:{listening.getsockname()[1]}/")
        assert time.monotonic() - began_at < TOTAL_SECONDS + 1
    assert isinstance(answer, Refused)
    assert answer.response_code == NO_CONNECTION


def test_a_slow_answer_that_ends_in_time_is_read() -> None:
    """In pieces of 50 bytes."""
    with Server() as server:
        server.pages = [Page(200, MADE, drips=True)]
        assert asked(server.url) == Subscribed("S2", "w1")


class TestAddresses:
    """A name can have several."""

    def test_all_of_them_are_tried(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The first that accepts the connection gets the request."""
        with Server() as server, socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
            closed.close()
            _resolve_to(monkeypatch, [("127.0.0.1", port), ("127.0.0.1", server.server_port)])
            assert asked("http://mail.example/EWS/Exchange.asmx") == Subscribed("S2", "w1")
            assert server.got[0].headers["Host"] == "mail.example"

    def test_none_of_them_says_why(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing was sent."""
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        _resolve_to(monkeypatch, [("127.0.0.1", port)] * 2)
        assert asked("http://mail.example/") == Refused(NO_CONNECTION, "Connection refused")

    @pytest.mark.parametrize("host", ["no-such-host.invalid", f"{'a' * 70}.example", ""])
    def test_a_name_without_one_is_no_connection(self, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Also one that no address can have."""
        if host.endswith(".invalid"):
            _resolve_to(monkeypatch, [])
        answer = asked(f"http://{host}:1/")
        assert isinstance(answer, Refused)
        assert answer.response_code == NO_CONNECTION
        assert answer.text


def _resolve_to(monkeypatch: pytest.MonkeyPatch, addresses: list[tuple[str, int]]) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]

    def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        return found

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
