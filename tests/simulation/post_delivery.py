"""Carries the POSTs of the mail server to the responder, and its answers back."""

from collections import deque
from typing import TYPE_CHECKING, Any, Final

from ewspush.domain.subscription import SubscriptionKey
from mailsim.deliveries import Post
from tests.simulation.failpoints import Killed
from tests.simulation.fault_kinds import MAX_POST_DELAY_MINUTES

if TYPE_CHECKING:
    from tests.simulation.system import System

_SLOW_DUPLICATES: Final = 0.5
"""Share of the second copies of a POST that arrive late."""


class PostDelivery:
    """The network between the mail server and us, with the responder behind it."""

    def __init__(self, system: "System") -> None:
        self.delays_minutes: list[float] = []
        """Of the next POSTs, the last first."""
        self.max_events: int | None = None
        """What is in front of us refuses more events in one POST; None is no limit."""
        self._system = system
        self._responder = system.processes.responder()
        self._outbox: deque[Post] = deque()

    def next_at(self) -> float:
        """Return when the next POST is due; infinity where there is none."""
        moment = self._system.core.next_due()
        return float("inf") if moment is None else moment

    def deliver_due(self) -> None:
        """Deliver the POSTs that are due, and those that follow at once."""
        while True:
            for post in self._system.core.due(self._system.time.now):
                self._collect(post)
            if not self._outbox:
                return
            self._send(self._outbox.popleft())

    def _collect(self, post: Post) -> None:
        is_duplicate = bool(self._outbox) and self._outbox[-1].body == post.body
        if is_duplicate and self._system.random.random() < _SLOW_DUPLICATES:
            self._delay(post, 60 * MAX_POST_DELAY_MINUTES * self._system.random.random())
        else:
            self._outbox.append(post)

    def _send(self, post: Post) -> None:
        if self.delays_minutes:
            self._delay(post, 60 * self.delays_minutes.pop())
        else:
            self._arrive(post)

    def _delay(self, post: Post, seconds: float) -> None:
        """Let a POST arrive later; the server waits for its answer until its own time limit."""
        time = self._system.time
        time.note(f"  POST {post.delivery_id} arrives {seconds:.0f} s from now")
        time.at(time.now + seconds, lambda: self._arrive(post))
        limit = self._system.core.profile.ack_timeout_seconds
        time.at(time.now + limit, lambda: self._answer(post, None, b""))

    def _answer(self, post: Post, status: int | None, body: bytes) -> None:
        self._system.core.on_post_response(post.delivery_id, status, "text/xml", body, self._system.time.now)

    def _arrive(self, post: Post) -> None:
        """Let the responder answer a POST; an answer after the time limit is none."""
        if self.max_events is not None and post.body.count(b"TimeStamp>") > 2 * self.max_events:
            self._answer(post, 413, b"")
            return
        system, began_at = self._system, self._system.time.now
        segments = post.url.split("/")[-3:]
        parameters = dict(zip(("subscription", "generation", "signature"), segments, strict=True))
        event = {"body": post.body.decode(), "isBase64Encoded": False, "pathParameters": parameters}
        record = system.checker.post_begins(
            SubscriptionKey(parameters["subscription"]), int(parameters["generation"]), post
        )
        answer = self._respond(event)
        is_late = system.time.now - began_at > system.core.profile.ack_timeout_seconds
        system.checker.post_ends(record, answer)
        if is_late:
            self._answer(post, None, b"")
        else:
            self._answer(post, answer["statusCode"], answer["body"].encode())

    def _respond(self, event: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._responder.respond(event)
        except Killed:
            self._responder = self._system.processes.responder()
            return {"statusCode": 502, "body": ""}
