"""The core on real sockets: a server for EWS, the WorkMail API and the control API, and a pump that POSTs."""

import json
import logging
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from threading import Condition, Thread
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import urllib3

from mailsim import workmail_api
from mailsim.control_api import Control
from mailsim.core import Core
from mailsim.deliveries import Post

EWS_PATH: Final = "/EWS/Exchange.asmx"

MAX_POSTS_AT_ONCE: Final = 8
MAX_REQUEST_BYTES: Final = 4 * 1024 * 1024

_HEADERS: Final = {
    "Content-Type": "text/xml; charset=utf-8",
    "SOAPAction": '"http://schemas.microsoft.com/exchange/services/2006/messages/SendNotification"',
}
"""NotificationService.wsdl; what WorkMail sends is not published."""

_XML: Final = "text/xml; charset=utf-8"
_JSON: Final = "application/json"
_AWS_JSON: Final = "application/x-amz-json-1.1"

_log = logging.getLogger("mailsim")


class Station:
    """The core, shared by all threads under one lock, and the pump that posts what is due."""

    def __init__(self, core: Core) -> None:
        """Nothing is posted until `start`."""
        self.core = core
        self.control = Control(core)
        self.changed = Condition()
        self._due: SimpleQueue[Post] = SimpleQueue()
        self._http = urllib3.PoolManager(maxsize=MAX_POSTS_AT_ONCE, retries=False)

    def start(self) -> None:
        """Begin to post. The threads end with the process, POSTs in flight or not."""
        for work in (self._pump, *[self._deliver_all] * MAX_POSTS_AT_ONCE):
            Thread(target=work, daemon=True).start()

    def _pump(self) -> None:
        with self.changed:
            while True:
                for post in self.core.due(time.time()):
                    self._due.put(post)
                due_at = self.core.next_due()
                self.changed.wait(None if due_at is None else max(due_at - time.time(), 0))

    def _deliver_all(self) -> None:
        while True:
            self._deliver(self._due.get(), self.core.profile.ack_timeout_seconds)

    def _deliver(self, post: Post, timeout_seconds: float) -> None:
        status, content_type, body = self._posted(post, timeout_seconds)
        with self.changed:
            self.core.answered(post.delivery_id, status, content_type, body, time.time())
            self.changed.notify_all()
        _log.info("posted %s bytes for %s: %s", len(post.body), post.subscription_id, status)

    def _posted(self, post: Post, timeout_seconds: float) -> tuple[int | None, str | None, bytes]:
        """POST, and read a little more of the answer than may count. A redirect is an answer like any other."""
        try:
            response = self._http.request(
                "POST",
                post.url,
                body=post.body,
                headers=_HEADERS,
                redirect=False,
                preload_content=False,
                timeout=urllib3.Timeout(total=timeout_seconds),
            )
            body = response.read(self.core.profile.ack_max_bytes + 1, decode_content=False)
            response.close()
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:  # ValueError: a URL that can't be used
            _log.info("no answer for %s: %s", post.subscription_id, type(error).__name__)
            return None, None, b""
        return response.status, response.headers.get("Content-Type"), body


class Server(ThreadingHTTPServer):
    """All three APIs on one port of 127.0.0.1."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, station: Station) -> None:
        """Listen on `port`; 0 is any free one."""
        super().__init__(("127.0.0.1", port), _Exchange)
        self.station = station

    @property
    def urls(self) -> dict[str, str]:
        """Where the APIs are."""
        base = f"http://127.0.0.1:{self.server_port}"
        return {"ews": f"{base}{EWS_PATH}", "workmail": f"{base}/", "control": f"{base}/control"}


class _Exchange(BaseHTTPRequestHandler):
    """One connection. An answer leaves in one write: two would cost 40 ms of waiting."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1024 * 1024

    def do_GET(self) -> None:
        """Answer a control call that only reads."""
        self._control("GET", dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        """Answer EWS, the WorkMail API, or a control call."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_REQUEST_BYTES:
            self._answer(413, _JSON, b"{}")
            self.close_connection = True
            return
        body = self.rfile.read(length)
        path = urlsplit(self.path).path
        if path.lower() == EWS_PATH.lower():
            self._ews(body)
            return
        try:
            given = json.loads(body or b"{}")
        except ValueError:
            given = None
        if not isinstance(given, dict):
            self._json(400, {"error": "a JSON object is expected"})
        elif path == "/":
            self._workmail(given)
        else:
            self._control("POST", given)

    def _ews(self, body: bytes) -> None:
        station = self.server.station
        with station.changed:
            status, answer = station.core.handle_ews(body, self.headers.get("Authorization"), time.time())
            station.changed.notify_all()
        if status is None:
            self.close_connection = True
            return
        challenge = {"WWW-Authenticate": 'Basic realm="EWS"'} if status == HTTPStatus.UNAUTHORIZED else {}
        self._answer(status, _XML, answer, challenge)

    def _workmail(self, given: dict[str, Any]) -> None:
        with self.server.station.changed:
            status, answer = workmail_api.handle(self.server.station.core, self.headers.get("X-Amz-Target", ""), given)
        self._json(status, answer, _AWS_JSON)

    def _control(self, method: str, given: dict[str, Any]) -> None:
        station = self.server.station
        first, *path = [unquote(part) for part in urlsplit(self.path).path.split("/") if part] or [""]
        if first != "control":
            self._json(404, {"error": "nothing here"})
            return
        with station.changed:
            status, answer = station.control.handle(method, path, given, time.time())
            station.changed.notify_all()
        self._json(status, answer)

    def _json(self, status: int, answer: object, content_type: str = _JSON) -> None:
        self._answer(status, content_type, json.dumps(answer).encode())

    def _answer(self, status: int, content_type: str, body: bytes, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        headers = {"Content-Type": content_type, "Content-Length": str(len(body)), **(more or {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Log at a level that is off by default."""
        _log.debug(format, *args)
