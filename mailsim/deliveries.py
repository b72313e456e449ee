"""Which notification is posted when, and what its answer means."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from mailsim.acknowledgement import Verdict, judged
from mailsim.faults import Faults
from mailsim.profiles import Profile
from mailsim.subscription import Kind, Sending, State, Subscription

KEPT_DELIVERIES: Final = 10_000
"""How many deliveries are remembered, so that a long run does not fill the memory."""


@dataclass(frozen=True, slots=True)
class Post:
    """A POST to make now. Its answer goes to `Core.answered`."""

    delivery_id: int
    subscription_id: str
    url: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """A POST that was made, and its answer as the server saw it: a status of None is no answer."""

    subscription_id: str
    at: float
    kind: Kind
    attempt: int
    http_status: int | None
    verdict: Verdict
    request: str
    response: str | None


@dataclass(frozen=True, slots=True)
class _InFlight:
    subscription: Subscription
    at: float
    kind: Kind
    attempt: int
    body: bytes
    counts: bool
    """Whether the verdict is about the subscription; that on the twin of a duplicate is not."""


class Deliveries:
    """All deliveries of a server, one at a time for each subscription."""

    def __init__(self, faults: Callable[[], Faults], minute_seconds: float) -> None:
        """Start with none."""
        self.records: deque[Delivery] = deque(maxlen=KEPT_DELIVERIES)
        self._faults = faults
        self._minute_seconds = minute_seconds
        self._in_flight: dict[int, _InFlight] = {}
        self._started = 0

    def due(self, profile: Profile, waiting: Iterable[tuple[Subscription, int]], now: float) -> list[Post]:
        """Return the POSTs to make now. `waiting`: subscriptions, each with its mailbox's counter."""
        posts = []
        for subscription, current in waiting:
            due_at = subscription.due_at()
            if due_at is not None and due_at <= now:
                posts += self._posts(profile, subscription, subscription.start(profile, current), now)
        return posts

    def answered(  # an HTTP answer
        self, profile: Profile, delivery_id: int, status: int | None, body: bytes, now: float
    ) -> None:
        """Judge the answer to a POST; a status of None is no answer. Unknown ids are passed over."""
        posted = self._in_flight.pop(delivery_id, None)
        if posted is None:
            return
        if posted.counts and self._faults().drops_ack():
            status, body = None, b""
        verdict = judged(status, body, profile.ack_max_bytes)
        self._record(posted, status, verdict, body)
        if posted.counts and posted.subscription.state is State.LIVE:
            posted.subscription.settle(profile, verdict, now, self._minute_seconds)

    def _posts(self, profile: Profile, subscription: Subscription, sending: Sending, now: float) -> list[Post]:
        faults = self._faults()
        copies = 1 if faults.cut or not faults.duplicates() else 2
        posts = [self._post(subscription, sending, now, counts=copy == 0) for copy in range(copies)]
        if not faults.cut:
            return posts
        for post in posts:
            self.answered(profile, post.delivery_id, None, b"", now)
        return []

    def _post(self, subscription: Subscription, sending: Sending, now: float, *, counts: bool) -> Post:
        self._started += 1
        posted = _InFlight(subscription, now, sending.kind, sending.attempt, sending.body, counts)
        self._in_flight[self._started] = posted
        return Post(self._started, subscription.id, subscription.asked.url, sending.body)

    def _record(self, posted: _InFlight, status: int | None, verdict: Verdict, body: bytes) -> None:
        request, response = posted.body.decode(), None if status is None else body.decode("utf-8", "replace")
        identity = (posted.subscription.id, posted.at, posted.kind, posted.attempt)
        self.records.append(Delivery(*identity, status, verdict, request, response))
