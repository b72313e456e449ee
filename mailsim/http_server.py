"""The HTTP server for EWS, the WorkMail API and the control API."""

import json
import logging
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from mailsim import workmail_api
from mailsim.request_body import BodyError, read_body
from mailsim.runtime import Runtime

EWS_PATH: Final = "/EWS/Exchange.asmx"

_JSON: Final = "application/json"
_AWS_JSON: Final = "application/x-amz-json-1.1"

_log = logging.getLogger("mailsim")


class Server(ThreadingHTTPServer):
    """All three APIs on one port of 127.0.0.1; port 0 is any free one."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, runtime: Runtime) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.runtime = runtime

    @property
    def urls(self) -> dict[str, str]:
        """The URLs of the APIs, for the ready line."""
        base = f"http://127.0.0.1:{self.server_port}"
        return {"ews": f"{base}{EWS_PATH}", "workmail": f"{base}/", "control": f"{base}/control"}


class _Handler(BaseHTTPRequestHandler):
    """One connection. A response is sent in one write: two would cost 40 ms of waiting."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1024 * 1024

    def handle_expect_100(self) -> bool:
        """Send the interim response before the body is read; the base class leaves it in the buffer."""
        self.send_response_only(HTTPStatus.CONTINUE)
        self.end_headers()
        self.wfile.flush()
        return True

    def do_GET(self) -> None:
        """Answer a control call that only reads."""
        self._control("GET", dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        """Answer EWS, the WorkMail API, or a control call."""
        try:
            body = read_body(self.headers, self.rfile)
        except BodyError as error:
            self._send_json(error.status, {"error": str(error)})
            self.close_connection = True
            return
        path = urlsplit(self.path).path
        if path.lower() == EWS_PATH.lower():
            self._ews(body)
            return
        try:
            given = json.loads(body or b"{}")
        except ValueError:
            given = None
        if not isinstance(given, dict):
            self._send_json(400, {"error": "the body must be a JSON object"})
        elif path == "/":
            self._workmail(given)
        else:
            self._control("POST", given)

    def _ews(self, body: bytes) -> None:
        runtime = self.server.runtime
        with runtime.changed:
            response = runtime.core.respond(body, self.headers.get("Authorization"), time.time())
            runtime.changed.notify_all()
        if response.status is None:
            self.close_connection = True
            return
        challenge = {"WWW-Authenticate": 'Basic realm="EWS"'} if response.status == HTTPStatus.UNAUTHORIZED else {}
        self._send(response.status, response.content_type, response.body, challenge)

    def _workmail(self, given: dict[str, Any]) -> None:
        runtime, target = self.server.runtime, self.headers.get("X-Amz-Target", "")
        with runtime.changed:
            status, response = workmail_api.handle(runtime.core, target, given)
        self._send_json(status, response, _AWS_JSON)

    def _control(self, method: str, given: dict[str, Any]) -> None:
        runtime = self.server.runtime
        first, *path = [unquote(part) for part in urlsplit(self.path).path.split("/") if part] or [""]
        if first != "control":
            self._send_json(404, {"error": "no API at this path"})
            return
        with runtime.changed:
            status, response = runtime.control_api.handle(method, path, given, time.time())
            runtime.changed.notify_all()
        self._send_json(status, response)

    def _send_json(self, status: int, response: object, content_type: str = _JSON) -> None:
        self._send(status, content_type, json.dumps(response).encode())

    def _send(self, status: int, content_type: str, body: bytes, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        headers = {"Content-Type": content_type, "Content-Length": str(len(body)), **(more or {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the Date header, by the server's clock."""
        offset = self.server.runtime.core.profile.clock_offset_seconds
        return super().date_time_string(time.time() + offset if timestamp is None else timestamp)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Log at a level that is off by default."""
        _log.debug(format, *args)
