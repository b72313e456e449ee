"""One HTTP connection that ends by a deadline, whatever drips: an address, the handshake, header lines or the body.

Only the look-up of the name is left to the resolver, which has time-outs of its own.
"""

import io
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, IncompleteRead
from typing import Final, Self
from urllib.parse import urlsplit

_PIECE_BYTES: Final = 64 * 1024


class NotConnectedError(Exception):
    """Raised where no connection was made, so that nothing was sent; the message says why."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Status, header fields in their order, and the body as far as it was taken."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Connection:
    """A connection to the server of `url`; `with` makes it, and raises `NotConnectedError`.

    All that is done with it ends within `total_seconds`, the connection to each address within `connect_seconds`.
    """

    def __init__(self, url: str, trust: ssl.SSLContext, *, connect_seconds: float, total_seconds: float) -> None:
        self._url = url
        self._trust = trust
        self._connect_seconds = connect_seconds
        self._ends_at = time.monotonic() + total_seconds
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        try:
            self._connect()
        except (OSError, ValueError) as error:  # ValueError: a name that no address can have
            self._close()
            raise NotConnectedError(_reason(error)) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def post(self, body: bytes, headers: dict[str, str], max_bytes: int) -> HttpAnswer:
        """Return the answer to a POST, and of its body a little more than `max_bytes` at most; redirects are answers.

        Raises OSError or HTTPException where the answer breaks off, or does not end in time.
        """
        parts = urlsplit(self._url)
        connection = HTTPConnection(parts.hostname or "", parts.port or _default_port(parts.scheme))
        connection.default_port = _default_port(parts.scheme)  # which the Host header leaves out
        connection.sock = _TimedSocket(self._connected(), self._left)
        connection.request("POST", f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}", body, headers)
        response = connection.getresponse()
        content = b""
        while len(content) <= max_bytes and (piece := response.read1(_PIECE_BYTES)):
            content += piece
        if response.length and len(content) <= max_bytes:
            raise IncompleteRead(content, response.length)
        return HttpAnswer(response.status, response.getheaders(), content)

    def _connect(self) -> None:
        parts = urlsplit(self._url)
        host, port = parts.hostname or "", parts.port or _default_port(parts.scheme)
        failed: OSError = ConnectionError("the name has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            self._close()
            self._socket = socket.socket(family, kind, protocol)
            try:
                self._socket.settimeout(self._left(self._connect_seconds))
                self._socket.connect(address)
            except OSError as error:
                failed = error
                continue
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if parts.scheme == "https":
                self._socket.settimeout(self._left(self._connect_seconds))
                self._socket = self._trust.wrap_socket(self._socket, server_hostname=host)
            return
        raise failed

    def _connected(self) -> socket.socket:
        if self._socket is None:
            message = "the connection is closed"
            raise ConnectionError(message)
        return self._socket

    def _left(self, at_most_seconds: float | None = None) -> float:
        """Return how many seconds are left. Raises TimeoutError where none are."""
        left = self._ends_at - time.monotonic()
        if left <= 0:
            message = "the answer takes too long"
            raise TimeoutError(message)
        return left if at_most_seconds is None else min(left, at_most_seconds)

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class _TimedSocket:
    """What http.client needs of a socket, each call bounded by what is left. Its `close` leaves the answer readable."""

    def __init__(self, connected: socket.socket, left: Callable[[], float]) -> None:
        self._socket = connected
        self._left = left

    def sendall(self, data: bytes) -> None:
        self._socket.settimeout(self._left())
        self._socket.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._socket, self._left))

    def close(self) -> None:
        """Do nothing: http.client closes before it has read the body; `Connection` closes in the end."""


class _TimedReader(io.RawIOBase):
    """Reads from a socket; each read gets no more time than is left."""

    def __init__(self, connected: socket.socket, left: Callable[[], float]) -> None:
        super().__init__()
        self._socket = connected
        self._left = left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # Buffer has no name before Python 3.12
        self._socket.settimeout(self._left())
        return self._socket.recv_into(buffer)


def _default_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _reason(error: OSError | ValueError) -> str:
    """Return why there is no connection, without numbers of errors."""
    certificate = getattr(error, "verify_message", "")
    return certificate or getattr(error, "strerror", None) or str(error) or type(error).__name__
