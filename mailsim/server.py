"""The server without sockets and without a clock: requests and times in, answers and POSTs to make out.

    core = Core(WORKMAIL, now=0)
    status, body = core.handle_ews(request, authorization, now)
    for post in core.due(now):
        core.answered(post.delivery_id, 200, "text/xml", answer, now)

Nothing happens by itself: call `due` at the time `next_due` tells, and after every other call.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Final

from mailsim import requests, wire
from mailsim.actions import Actor
from mailsim.changes import Change, Told
from mailsim.deliveries import Deliveries, Delivery, Post
from mailsim.directory import MINUTES_A_DAY, Directory, User
from mailsim.errors import EwsError, UnauthorizedError
from mailsim.faults import Faults
from mailsim.mailbox import Mailbox
from mailsim.profiles import Profile
from mailsim.requests import Subscribe
from mailsim.subscriptions import State, Subscription
from mailsim.watermarks import SUBSCRIBE_ZERO, decoded, encoded

_HOST: Final = b"mx01.mailsim.example"


class Core:
    """A mail server. Times are seconds since the epoch; a protocol minute lasts `minute_seconds` of them."""

    def __init__(self, profile: Profile, now: float, minute_seconds: float = 60, seed: str = "") -> None:
        """Start with no users. All ids depend on `seed` and on what is done, in which order."""
        self.profile = profile
        self.minute_seconds = minute_seconds
        self.started_at = now
        self.faults = Faults()
        self.directory = Directory(minute_seconds, seed)
        self.subscriptions: dict[str, Subscription] = {}
        self._live: dict[str, Subscription] = {}
        self._deliveries = Deliveries(lambda: self.faults, minute_seconds)
        self._seed = seed

    def handle_ews(self, body: bytes, authorization: str | None, now: float) -> tuple[int, bytes]:
        """Return the HTTP status and body for an EWS request; 401 has no body."""
        try:
            user = self.directory.authenticated(self.profile, authorization)
            request = requests.read(self.profile, body)
            _check_impersonation(user, request.impersonated)
            asked = requests.subscribe(self.profile, request.operation)
            return 200, self._subscribed(user.mailbox, asked, now)
        except UnauthorizedError:
            return 401, b""
        except EwsError as error:
            return wire.refused(self.profile, error)

    def due(self, now: float) -> list[Post]:
        """Return the POSTs to make now, each once (twice where a duplicate is asked for)."""
        waiting = [(each, self.directory.users[each.mailbox].mailbox.counter) for each in self._living()]
        return self._deliveries.due(self.profile, waiting, now)

    def next_due(self) -> float | None:
        """Return when `due` has something to post, unless something happens before; None is never."""
        times = (each.due_at() for each in self._living())
        return min((time for time in times if time is not None), default=None)

    def answered(  # an HTTP answer
        self, delivery_id: int, status: int | None, content_type: str | None, body: bytes, now: float
    ) -> None:
        """Take the answer to a POST; a status of None is none. The Content-Type has no say (see `mailsim.acks`)."""
        del content_type
        self._deliveries.answered(self.profile, delivery_id, status, body, now)

    @property
    def deliveries(self) -> list[Delivery]:
        """All POSTs that have been answered or failed, oldest first."""
        return list(self._deliveries.records)

    def actor(self, email: str) -> Actor:
        """Return who can act in a mailbox; what they fire goes to `record`. Raises `ControlError`."""
        return Actor(self.profile, self.directory.find(email).mailbox)

    def record(self, email: str, told: list[Told], now: float) -> None:
        """Log the events of one action, and queue them for the subscriptions that want them."""
        mailbox = self.directory.find(email).mailbox
        changes = mailbox.record(told, now, one_watermark=self.profile.watermark_per == "action")
        for subscription in self._living():
            if subscription.mailbox == mailbox.email:
                subscription.queue += self._wanted(subscription, mailbox, changes)

    def changes(self, email: str) -> list[tuple[Change, str]]:
        """Return all that a perfect subscriber of all folders would have been told, with watermarks."""
        mailbox = self.directory.find(email).mailbox
        told = (change for change in mailbox.log if change.told.audience != "named_folders")
        return [(change, encoded(self.profile, mailbox.email, change.counter)) for change in told]

    def watermark_of(self, subscription: Subscription) -> str:
        """Return the last watermark that was acknowledged."""
        return encoded(self.profile, subscription.mailbox, subscription.counter)

    def disable(self, email: str, now: float) -> User:
        """Disable a user, as DeregisterFromWorkMail does. Raises `ControlError`."""
        user = self.directory.disable(email, now)
        self._end(user)
        return user

    def enable(self, email: str, now: float) -> User:
        """Enable a user, as RegisterToWorkMail does. Raises `ControlError`."""
        return self.directory.enable(email, self.profile.retention_days, now)

    def remove(self, email: str, now: float) -> User:
        """Delete a user. Raises `ControlError`."""
        user = self.directory.remove(email, now)
        self._end(user)
        return user

    def restart(self) -> None:
        """Lose all subscriptions, silently, as a restart of the server's process does."""
        for subscription in self._living():
            subscription.state = State.DEAD

    def forget_watermarks(self) -> None:
        """Know none of the watermarks given so far."""
        for user in self.directory.users.values():
            user.mailbox.forget_watermarks()

    def notify_error(self, code: str, email: str | None = None) -> None:
        """Tell the subscriptions, of one mailbox or of all, that they are lost; they are, once that is delivered."""
        mailbox = self.directory.find(email).email if email else None
        for subscription in self._living():
            if mailbox in {None, subscription.mailbox}:
                subscription.last_words = code

    def change_settings(self, settings: Mapping[str, object]) -> None:
        """Change settings of the profile from now on. Raises `SettingError`."""
        self.profile = self.profile.with_settings(settings)

    def _subscribed(self, mailbox: Mailbox, asked: Subscribe, now: float) -> bytes:
        self.faults.refuse()
        if asked.mailboxes - {mailbox.email}:
            raise EwsError("ErrorSubscriptionDelegateAccessNotSupported", "Only the owner may subscribe.")
        folders = None if asked.folders is None else frozenset(_known(mailbox, name) for name in asked.folders)
        replayed = self._replayed(mailbox, asked.watermark, now)
        self._check_quota(mailbox)
        zero = self.profile.subscribe_watermark == "zero" and not replayed
        from_counter = mailbox.counter if replayed is None else replayed[0]
        wait = asked.status_frequency_minutes * self.minute_seconds if self.profile.first_post != "at_once" else 0
        made = Subscription(self._new_id(), mailbox.email, asked, folders, 0 if zero else from_counter, now + wait)
        made.queue += self._wanted(made, mailbox, replayed[1] if replayed else [])
        self.subscriptions[made.id] = self._live[made.id] = made
        return wire.subscribed(self.profile, made.id, SUBSCRIBE_ZERO if zero else self.watermark_of(made))

    def _replayed(self, mailbox: Mailbox, watermark: str | None, now: float) -> tuple[int, list[Change]] | None:
        """Return where a resumed subscription starts, and what it missed; None starts from now."""
        if watermark is None or self.profile.resume == "ignored":
            return None
        oldest = now - self.profile.retention_days * MINUTES_A_DAY * self.minute_seconds
        counter = decoded(self.profile, mailbox.email, watermark)
        missed = None if counter is None else mailbox.since(counter, oldest)
        if counter is None or missed is None or self.profile.resume == "refused":
            raise EwsError("ErrorInvalidWatermark", "The watermark used for creating this subscription was not found.")
        return counter, missed

    def _check_quota(self, mailbox: Mailbox) -> None:
        """Count all that have not died yet, those that nobody answers any more among them."""
        live = sum(each.mailbox == mailbox.email for each in self._living())
        if live >= self.profile.quota:
            text = "You have exceeded the available subscriptions for your account."
            raise EwsError("ErrorExceededSubscriptionCount", text, fault=self.profile.quota_error == "fault")

    def _wanted(self, subscription: Subscription, mailbox: Mailbox, changes: list[Change]) -> list[Change]:
        return [each for each in changes if subscription.wants(each, self._reached(mailbox, each))]

    def _reached(self, mailbox: Mailbox, change: Change) -> frozenset[str]:
        folders = change.told.folders
        return folders.union(*map(mailbox.ancestors, folders)) if self.profile.subfolders else folders

    def _living(self) -> list[Subscription]:
        """Return the live subscriptions, and drop those that are not from the list."""
        self._live = {key: each for key, each in self._live.items() if each.state is State.LIVE}
        return list(self._live.values())

    def _end(self, user: User) -> None:
        for subscription in self._living():
            if subscription.mailbox == user.email and self.profile.disable_ends_subscriptions:
                subscription.state = State.DEAD

    def _new_id(self) -> str:
        """Return an id in the profile's shape: short text, or a length-prefixed host name and binary, in base64."""
        binary = hashlib.sha256(f"{self._seed}/subscription/{len(self.subscriptions)}".encode()).digest()[:24]
        if self.profile.name == "exchange":
            binary = len(_HOST).to_bytes(2, "little") + _HOST + binary
        return base64.b64encode(binary).decode()


def _known(mailbox: Mailbox, name: str) -> str:
    found = mailbox.folder(name)
    if found is None:
        raise EwsError("ErrorFolderNotFound", "The specified folder could not be found in the store.")
    return found


def _check_impersonation(user: User, impersonated: str | None) -> None:
    """Nobody has the right to impersonate others here; naming oneself is harmless."""
    if impersonated not in {None, user.email}:
        raise EwsError("ErrorImpersonateUserDenied", "The account can't impersonate that user.", fault=True)
