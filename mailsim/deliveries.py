"""The POSTs of a server: which are due, which are in flight, and how they were answered."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from mailsim.acknowledgement import Verdict, parse_acknowledgement
from mailsim.faults import Faults
from mailsim.profiles import Profile
from mailsim.subscription import Notification, NotificationKind, State, Subscription

MAX_LOGGED_DELIVERIES: Final = 10_000
"""Older deliveries are dropped, so that a long run does not fill the memory."""


@dataclass(frozen=True, slots=True)
class Post:
    """A POST to make now. Its response goes to `Core.on_post_response`."""

    delivery_id: int
    subscription_id: str
    url: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """A finished POST, with the field names of the control API. A status of None is no response."""

    subscription_id: str
    at: float
    kind: NotificationKind
    attempt: int
    http_status: int | None
    verdict: Verdict
    request: str
    response: str | None


@dataclass(frozen=True, slots=True)
class _PostInFlight:
    subscription: Subscription
    at: float
    kind: NotificationKind
    attempt: int
    body: bytes
    is_duplicate: bool
    """The second copy of a notification; its verdict does not affect the subscription."""


class Deliveries:
    """All deliveries of a server, one at a time for each subscription."""

    def __init__(self, faults: Callable[[], Faults], minute_seconds: float) -> None:
        self.finished: deque[Delivery] = deque(maxlen=MAX_LOGGED_DELIVERIES)
        self._faults = faults
        self._minute_seconds = minute_seconds
        self._in_flight: dict[int, _PostInFlight] = {}
        self._last_id = 0

    def due(self, profile: Profile, live: Iterable[tuple[Subscription, int]], now: float) -> list[Post]:
        """Return the POSTs to make now. `live`: the live subscriptions, each with its mailbox's counter."""
        posts = []
        for subscription, current in live:
            notification = self._next_sent(profile, subscription, current, now)
            if notification is not None:
                posts += self._posts(profile, subscription, notification, now)
        return posts

    def on_response(  # an HTTP response
        self, profile: Profile, delivery_id: int, status: int | None, body: bytes, now: float
    ) -> None:
        """Finish a POST; a status of None is no response. Unknown ids are ignored."""
        posted = self._in_flight.pop(delivery_id, None)
        if posted is None:
            return
        if not posted.is_duplicate and self._faults().use("drop_acks"):
            status, body = None, b""
        verdict = parse_acknowledgement(status, body, profile.ack_max_bytes)
        self._log(posted, status, verdict, body)
        if not posted.is_duplicate and posted.subscription.state is State.LIVE:
            posted.subscription.end_attempt(profile, verdict, now, self._minute_seconds)

    def _next_sent(self, profile: Profile, subscription: Subscription, current: int, now: float) -> Notification | None:
        """Return the notification to send now, if any. Skipped ones are over as if they were acknowledged."""
        while (due_at := subscription.due_at()) is not None and due_at <= now:
            notification = subscription.begin_attempt(profile, current)
            if notification.attempt > 1 or not self._faults().use("skip_notifications"):
                return notification
            subscription.end_attempt(profile, "ok", now, self._minute_seconds)
        return None

    def _posts(
        self, profile: Profile, subscription: Subscription, notification: Notification, now: float
    ) -> list[Post]:
        faults = self._faults()
        copies = 1 if faults.callbacks_unreachable or not faults.use("duplicate") else 2
        posts = [self._post(subscription, notification, now, is_duplicate=copy > 0) for copy in range(copies)]
        if not faults.callbacks_unreachable:
            return posts
        for post in posts:
            self.on_response(profile, post.delivery_id, None, b"", now)
        return []

    def _post(self, subscription: Subscription, notification: Notification, now: float, *, is_duplicate: bool) -> Post:
        self._last_id += 1
        identity = (subscription, now, notification.kind, notification.attempt)
        self._in_flight[self._last_id] = _PostInFlight(*identity, notification.body, is_duplicate)
        return Post(self._last_id, subscription.id, subscription.request.url, notification.body)

    def _log(self, posted: _PostInFlight, status: int | None, verdict: Verdict, body: bytes) -> None:
        request, response = posted.body.decode(), None if status is None else body.decode("utf-8", "replace")
        identity = (posted.subscription.id, posted.at, posted.kind, posted.attempt)
        self.finished.append(Delivery(*identity, status, verdict, request, response))
