"""An HTTP server for tests; each subclass answers in its own way."""

import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it arrived; the names in `headers` are spelled as the client spells them."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. A body in several pieces is sent piece by piece, and `headers` must say how long it is."""

    status: int
    body: bytes | Iterable[bytes] = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    closes_connection: bool = False


class HttpServer(ThreadingHTTPServer):
    """A server on a free port of 127.0.0.1, at `url`; `with` runs it in the background."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.connections = 0

    def respond(self, request: Request) -> Response | None:
        """Return the answer to a request; None closes the connection without one. Runs in the connection's thread."""
        raise NotImplementedError

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept and count a connection."""
        self.connections += 1
        return super().get_request()

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Exchange(BaseHTTPRequestHandler):
    """One connection. An answer in one piece is one write, without Nagle's delay of 40 ms."""

    server: HttpServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1024 * 1024

    def do_POST(self) -> None:
        """Answer."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        response = self.server.respond(Request(self.command, self.path, dict(self.headers), body))
        if response is None:
            self.close_connection = True
            return
        headers, pieces = dict(response.headers), response.body
        if isinstance(pieces, bytes):
            headers["Content-Length"] = str(len(pieces))
            pieces = [pieces]
        self.send_response(response.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self._send(pieces)
        self.close_connection = response.closes_connection

    do_GET = do_POST  # noqa: N815  # the base class's name

    def _send(self, pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            try:
                self.wfile.write(piece)
                self.wfile.flush()
            except OSError:  # the client has closed the connection
                return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Log nothing."""
