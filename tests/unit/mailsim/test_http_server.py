"""How requests arrive: with a length, in chunks, or after `100 Continue`; on a socket of this machine."""

import json
import socket
from collections.abc import Iterator
from threading import Thread
from urllib.parse import urlsplit

import pytest

from mailsim.http_server import EWS_PATH, Server
from mailsim.request_body import MAX_BODY_BYTES
from mailsim.runtime import Runtime
from tests.unit.mailsim.world import World, basic, subscribe

HEAD = f"POST {EWS_PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {basic()}\r\n"
TIMEOUT_SECONDS = 10


@pytest.fixture
def connection() -> Iterator[socket.socket]:
    """Return a connection to a running server with one user."""
    with Server(0, Runtime(World().core)) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        with socket.create_connection(("127.0.0.1", urlsplit(server.urls["ews"]).port or 0), TIMEOUT_SECONDS) as open_:
            yield open_
        server.shutdown()


def send(connection: socket.socket, headers: str, body: bytes = b"", head: str = HEAD) -> None:
    """Send a request."""
    connection.sendall(f"{head}{headers}\r\n".encode() + body)


def response(connection: socket.socket) -> tuple[int, bytes]:
    """Return the status and the body of one response; an interim response has no body."""
    stream = connection.makefile("rb", buffering=0)
    status, length = int(stream.readline().split()[1]), 0
    while (line := stream.readline().strip().lower()) != b"":
        length = int(line.partition(b":")[2]) if line.startswith(b"content-length:") else length
    body = b""
    while len(body) < length:
        body += stream.read(length - len(body)) or b""
    return status, body


def chunked(body: bytes, size: int = 100) -> bytes:
    """Return a body in chunks, with an extension and a trailer."""
    chunks = (body[start : start + size] for start in range(0, len(body), size))
    return b"".join(b"%X;a=b\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\nTrailer: x\r\n\r\n"


def test_a_body_has_a_length(connection: socket.socket) -> None:
    """The connection serves the next request, too."""
    for _ in range(2):
        send(connection, f"Content-Length: {len(subscribe())}\r\n", subscribe())
        status, body = response(connection)
        assert status == 200
        assert b"NoError" in body


def test_a_body_comes_in_chunks(connection: socket.socket) -> None:
    """The connection serves the next request, too."""
    for _ in range(2):
        send(connection, "Transfer-Encoding: chunked\r\n", chunked(subscribe()))
        status, body = response(connection)
        assert status == 200
        assert b"NoError" in body


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_client_waits_for_100_continue(connection: socket.socket, framing: str) -> None:
    """The interim response comes before the body, as .NET clients expect."""
    is_chunked = framing == "chunked"
    headers = "Transfer-Encoding: chunked\r\n" if is_chunked else f"Content-Length: {len(subscribe())}\r\n"
    send(connection, f"{headers}Expect: 100-continue\r\n")
    assert response(connection) == (100, b"")
    connection.sendall(chunked(subscribe()) if is_chunked else subscribe())
    assert response(connection)[0] == 200


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (f"Content-Length: {MAX_BODY_BYTES + 1}\r\n", b"", 413),
        ("Content-Length: many\r\n", b"", 400),
        ("Content-Length: -1\r\n", b"", 400),
        ("Transfer-Encoding: gzip\r\n", b"", 501),
        ("Transfer-Encoding: chunked\r\n", b"size\r\n", 400),
        ("Transfer-Encoding: chunked\r\n", b"1\r\nab\r\n", 400),
        ("Transfer-Encoding: chunked\r\n", b"%x\r\n" % (MAX_BODY_BYTES + 1), 413),
        ("Transfer-Encoding: chunked\r\n", b"1\r\na\r\n%x\r\n" % MAX_BODY_BYTES, 413),
    ],
)
def test_an_unreadable_body_is_refused(connection: socket.socket, headers: str, body: bytes, status: int) -> None:
    """Then the connection is closed, as the next request would begin anywhere."""
    send(connection, headers, body)
    assert response(connection)[0] == status
    assert connection.recv(1) == b""


def test_a_body_that_ends_early_is_refused(connection: socket.socket) -> None:
    """The client has closed its side of the connection."""
    send(connection, "Content-Length: 10\r\n", b"short")
    connection.shutdown(socket.SHUT_WR)
    assert response(connection)[0] == 400


def test_the_control_api_accepts_chunks(connection: socket.socket) -> None:
    """All APIs share the server."""
    head = "POST /control/users HTTP/1.1\r\nHost: localhost\r\n"
    given = json.dumps({"email": "ben@example.com", "password": "password"}).encode()
    send(connection, "Transfer-Encoding: chunked\r\n", chunked(given, 7), head)
    assert response(connection) == (200, b'{"email": "ben@example.com"}')
