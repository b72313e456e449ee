"""The core at run time: one lock for all threads, and the threads that POST what is due."""

import logging
import time
from queue import SimpleQueue
from threading import Condition, Thread
from typing import Final

import urllib3

from mailsim.control_api import ControlApi
from mailsim.core import Core
from mailsim.deliveries import Post

MAX_CONCURRENT_POSTS: Final = 8

_HEADERS: Final = {
    "Content-Type": "text/xml; charset=utf-8",
    "SOAPAction": '"http://schemas.microsoft.com/exchange/services/2006/messages/SendNotification"',
}
"""NotificationService.wsdl; WorkMail's headers are not published."""

_log = logging.getLogger("mailsim")


class Runtime:
    """The core and its control API. Hold `changed` to use them, and notify it after every call."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.control_api = ControlApi(core)
        self.changed = Condition()
        self._due: SimpleQueue[Post] = SimpleQueue()
        self._http = urllib3.PoolManager(maxsize=MAX_CONCURRENT_POSTS, retries=False)

    def start(self) -> None:
        """Start to POST. The threads end with the process, even with a POST in flight."""
        for target in (self._queue_due_posts, *[self._post_from_queue] * MAX_CONCURRENT_POSTS):
            Thread(target=target, daemon=True).start()

    def _queue_due_posts(self) -> None:
        with self.changed:
            while True:
                for post in self.core.due(time.time()):
                    self._due.put(post)
                due_at = self.core.next_due()
                self.changed.wait(None if due_at is None else max(due_at - time.time(), 0))

    def _post_from_queue(self) -> None:
        while True:
            self._deliver(self._due.get(), self.core.profile.ack_timeout_seconds)

    def _deliver(self, post: Post, timeout_seconds: float) -> None:
        status, content_type, body = self._send(post, timeout_seconds)
        with self.changed:
            self.core.on_post_response(post.delivery_id, status, content_type, body, time.time())
            self.changed.notify_all()
        _log.info("posted %s bytes for %s: %s", len(post.body), post.subscription_id, status)

    def _send(self, post: Post, timeout_seconds: float) -> tuple[int | None, str | None, bytes]:
        """POST, and return the response up to one byte over `ack_max_bytes`. Redirects are not followed."""
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
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:  # ValueError: an unusable URL
            _log.info("no response for %s: %s", post.subscription_id, type(error).__name__)
            return None, None, b""
        return response.status, response.headers.get("Content-Type"), body
