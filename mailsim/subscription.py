"""One push subscription: its event queue, its notification in flight, its retries and its end.

idle      an event queued, or StatusFrequency minutes without one  -> posting
posting   one POST in flight; new events are queued meanwhile
OK           -> idle, queued events go out at once
Unsubscribe  -> unsubscribed
failed       -> waiting, then posting again; waits grow; over the limit -> dead, silently
"""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from mailsim.acknowledgement import Verdict
from mailsim.mailbox_events import LoggedEvent
from mailsim.notifications import build_error_notification, build_event_notification, build_heartbeat
from mailsim.profiles import Profile
from mailsim.subscribe_request import SubscribeRequest
from mailsim.watermarks import encode_watermark

NotificationKind = Literal["event", "status", "error"]


class State(StrEnum):
    """The state of a subscription."""

    LIVE = "live"
    DEAD = "dead"
    UNSUBSCRIBED = "unsubscribed"


def is_visible(logged: LoggedEvent, folders: frozenset[str] | None, reached: frozenset[str]) -> bool:
    """Whether subscriptions to `folders` (None is all) receive an event that reaches the folders `reached`."""
    audience = logged.event.audience
    if folders is None:
        return audience != "named_folders"
    return audience != "all_folders" and not folders.isdisjoint(reached)


@dataclass(slots=True)
class Notification:
    """A notification until it is acknowledged. `counter` is the chain's watermark after it."""

    kind: NotificationKind
    body: bytes
    counter: int
    events: tuple[LoggedEvent, ...] = ()
    attempt: int = 0
    interval_seconds: float = 0
    """The last wait between two attempts, in protocol time."""
    first_failed_at: float | None = None
    retry_at: float | None = None
    """None while a POST is in flight."""


@dataclass(slots=True)
class Subscription:
    """A subscription. `counter` is the last acknowledged watermark; times are seconds since the epoch."""

    id: str
    mailbox: str
    request: SubscribeRequest
    folders: frozenset[str] | None
    """None is all folders."""
    counter: int
    next_heartbeat_at: float
    """If no event comes before."""
    state: State = State.LIVE
    queue: deque[LoggedEvent] = field(default_factory=deque)
    unacknowledged: Notification | None = None
    error_code: str | None = None
    """The code of the error notification that ends it."""

    def matches(self, logged: LoggedEvent, reached: frozenset[str]) -> bool:
        """Whether it receives an event that reaches the folders `reached`."""
        if logged.event.type not in self.request.event_types:
            return False
        return is_visible(logged, self.folders, reached)

    def due_at(self) -> float | None:
        """Return the time of the next POST: None while one is in flight or after the end, 0 for at once."""
        if self.state is not State.LIVE:
            return None
        if self.unacknowledged is not None:
            return self.unacknowledged.retry_at
        return 0.0 if self.queue or self.error_code else self.next_heartbeat_at

    def begin_attempt(self, profile: Profile, current: int) -> Notification:
        """Return the notification to POST now; it is in flight then. `current` is the mailbox's counter."""
        notification = self.unacknowledged
        if notification is not None and notification.kind == "event" and profile.resend == "rebuilt":
            self.queue.extendleft(reversed(notification.events))
            rebuilt = self._next_events(profile)
            notification.body, notification.counter = rebuilt.body, rebuilt.counter
            notification.events = rebuilt.events
        self.unacknowledged = notification = notification or self._next(profile, current)
        notification.attempt += 1
        notification.retry_at = None
        return notification

    def end_attempt(self, profile: Profile, verdict: Verdict, now: float, minute_seconds: float) -> None:
        """Apply the verdict on the POST in flight."""
        notification = self.unacknowledged
        if notification is None:
            return
        if verdict == "failed":
            self._retry_or_die(profile, notification, now, minute_seconds)
            return
        self.unacknowledged = None
        self.counter = notification.counter
        self.next_heartbeat_at = now + self.request.status_frequency_minutes * minute_seconds
        if verdict == "unsubscribe":
            self.state = State.UNSUBSCRIBED
        elif notification.kind == "error":
            self.state = State.DEAD

    def _retry_or_die(self, profile: Profile, notification: Notification, now: float, minute_seconds: float) -> None:
        """Schedule the next attempt, or die silently where that exceeds the profile's limit."""
        scale = minute_seconds / 60
        last, window = notification.interval_seconds, self.request.status_frequency_minutes * 60
        interval = last * profile.retry_factor if last else profile.first_retry_seconds
        notification.first_failed_at = now if notification.first_failed_at is None else notification.first_failed_at
        failing_seconds = (now - notification.first_failed_at) / scale
        if (interval if profile.retry_limit == "interval" else failing_seconds + interval) > window:
            self.state = State.DEAD
        notification.interval_seconds = interval
        notification.retry_at = now + interval * scale

    def _next(self, profile: Profile, current: int) -> Notification:
        if self.error_code is not None:
            return Notification("error", build_error_notification(profile, self.id, self.error_code), self.counter)
        return self._next_events(profile) if self.queue else self._next_heartbeat(profile, current)

    def _next_events(self, profile: Profile) -> Notification:
        """Take events off the queue. Those with the same watermark stay together, else a resume would lose some."""
        taken: list[LoggedEvent] = []
        while self.queue and (len(taken) < profile.events_per_post or self.queue[0].counter == taken[-1].counter):
            taken.append(self.queue.popleft())
        head = (self.id, encode_watermark(profile, self.mailbox, self.counter), bool(self.queue))
        body = build_event_notification(profile, self.mailbox, head, taken)
        return Notification("event", body, taken[-1].counter, tuple(taken))

    def _next_heartbeat(self, profile: Profile, current: int) -> Notification:
        """Return a heartbeat with the mailbox's current watermark, as on Exchange (StatusEvent page)."""
        is_zero = profile.heartbeat_watermark == "zero"
        watermark, previous = (0, 0) if is_zero else (current, self.counter)
        head = (self.id, encode_watermark(profile, self.mailbox, previous), False)
        body = build_heartbeat(profile, head, encode_watermark(profile, self.mailbox, watermark))
        return Notification("status", body, self.counter if is_zero else current)
