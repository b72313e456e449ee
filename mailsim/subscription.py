"""One push subscription: what waits to be told, what is being told, and when it is given up.

idle      an event queued, or StatusFrequency minutes without one  -> posting
posting   one POST in flight; new events queue up meanwhile
OK           -> idle, queued events go out at once
Unsubscribe  -> unsubscribed
failed       -> waiting, then posting again; waits grow; over the limit -> dead, silently
"""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from mailsim import notifications
from mailsim.acknowledgement import Verdict
from mailsim.mailbox_events import Change
from mailsim.profiles import Profile
from mailsim.requests import Subscribe
from mailsim.watermarks import encoded

Kind = Literal["event", "status", "error"]


class State(StrEnum):
    """What has become of a subscription."""

    LIVE = "live"
    DEAD = "dead"
    UNSUBSCRIBED = "unsubscribed"


def is_heard(change: Change, folders: frozenset[str] | None, reached: frozenset[str]) -> bool:
    """Whether subscribers of `folders` (None is all) are told of a change whose folders are `reached`."""
    if folders is None:
        return change.told.audience != "named_folders"
    return change.told.audience != "all_folders" and not folders.isdisjoint(reached)


@dataclass(slots=True)
class Sending:
    """A notification until it is acknowledged. `counter` is the chain's next watermark."""

    kind: Kind
    body: bytes
    counter: int
    changes: tuple[Change, ...] = ()
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
    asked: Subscribe
    folders: frozenset[str] | None
    """None is all folders."""
    counter: int
    status_at: float
    """When the next heartbeat is due, if no event comes before."""
    state: State = State.LIVE
    queue: deque[Change] = field(default_factory=deque)
    sending: Sending | None = None
    last_words: str | None = None
    """The code of the error notification that ends it."""

    def wants(self, change: Change, reached: frozenset[str]) -> bool:
        """Whether to tell of a change, whose folders (and those they lie in, if that counts) are `reached`."""
        if change.told.type not in self.asked.event_types:
            return False
        return is_heard(change, self.folders, reached)

    def due_at(self) -> float | None:
        """Return when to POST next: None while one is in flight or all is over, 0 for at once."""
        if self.state is not State.LIVE:
            return None
        if self.sending is not None:
            return self.sending.retry_at
        return 0.0 if self.queue or self.last_words else self.status_at

    def start(self, profile: Profile, current: int) -> Sending:
        """Return what to POST now; `current` is the mailbox's counter. The subscription is posting then."""
        sending = self.sending
        if sending is not None and sending.kind == "event" and profile.resend == "rebuilt":
            self.queue.extendleft(reversed(sending.changes))
            rebuilt = self._batch(profile)
            sending.body, sending.counter, sending.changes = rebuilt.body, rebuilt.counter, rebuilt.changes
        self.sending = sending = sending or self._next(profile, current)
        sending.attempt += 1
        sending.retry_at = None
        return sending

    def settle(self, profile: Profile, verdict: Verdict, now: float, minute_seconds: float) -> None:
        """Take the verdict on the POST in flight."""
        sending = self.sending
        if sending is None:
            return
        if verdict == "failed":
            self._retry_or_die(profile, sending, now, minute_seconds)
            return
        self.sending = None
        self.counter = sending.counter
        self.status_at = now + self.asked.status_frequency_minutes * minute_seconds
        if verdict == "unsubscribe":
            self.state = State.UNSUBSCRIBED
        elif sending.kind == "error":
            self.state = State.DEAD

    def _retry_or_die(self, profile: Profile, sending: Sending, now: float, minute_seconds: float) -> None:
        """Wait longer than before, or give up where the profile's limit is passed: nobody is told."""
        scale = minute_seconds / 60
        last, window = sending.interval_seconds, self.asked.status_frequency_minutes * 60
        interval = last * profile.retry_factor if last else profile.first_retry_seconds
        sending.first_failed_at = now if sending.first_failed_at is None else sending.first_failed_at
        failing_seconds = (now - sending.first_failed_at) / scale
        if (interval if profile.retry_limit == "interval" else failing_seconds + interval) > window:
            self.state = State.DEAD
        sending.interval_seconds = interval
        sending.retry_at = now + interval * scale

    def _next(self, profile: Profile, current: int) -> Sending:
        if self.last_words is not None:
            return Sending("error", notifications.lost(profile, self.id, self.last_words), self.counter)
        return self._batch(profile) if self.queue else self._heartbeat(profile, current)

    def _batch(self, profile: Profile) -> Sending:
        """Take events off the queue; those that share a watermark stay together, or a resume would lose some."""
        taken: list[Change] = []
        while self.queue and (len(taken) < profile.events_per_post or self.queue[0].counter == taken[-1].counter):
            taken.append(self.queue.popleft())
        head = (self.id, encoded(profile, self.mailbox, self.counter), bool(self.queue))
        body = notifications.events(profile, self.mailbox, head, taken)
        return Sending("event", body, taken[-1].counter, tuple(taken))

    def _heartbeat(self, profile: Profile, current: int) -> Sending:
        """Say where the mailbox stands, though nothing subscribed to has happened (Exchange, StatusEvent page)."""
        zero = profile.heartbeat_watermark == "zero"
        said, previous = (0, 0) if zero else (current, self.counter)
        head = (self.id, encoded(profile, self.mailbox, previous), False)
        body = notifications.heartbeat(profile, head, encoded(profile, self.mailbox, said))
        return Sending("status", body, self.counter if zero else current)
