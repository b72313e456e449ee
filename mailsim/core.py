"""The server without sockets and without a clock: requests and times in, answers and POSTs to make out.

    core = Core(WORKMAIL, now=0)
    status, body = core.handle_ews(request, authorization, now)
    for post in core.due(now):
        core.answered(post.delivery_id, 200, "text/xml", answer, now)

Nothing happens by itself: call `due` at the time `next_due` tells, and after every other call.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from mailsim import requests
from mailsim.deliveries import Deliveries, Delivery, Post
from mailsim.directory import Directory, User, claimed
from mailsim.errors import EwsError, UnauthorizedError
from mailsim.faults import Faults
from mailsim.get_operations import find_folder, get_folder, get_item
from mailsim.mailbox import Mailbox
from mailsim.mailbox_actions import Actor
from mailsim.mailbox_events import Change, EventType, Told
from mailsim.profiles import Profile
from mailsim.registry import Register, reached
from mailsim.request_log import KEPT_REQUESTS, Asked
from mailsim.requests import Request, Subscribe
from mailsim.responses import LOST, NO_ERROR, UNAUTHORIZED, Answer, Message, refused, response
from mailsim.soap import Element, M, texted
from mailsim.subscription import Subscription, is_heard
from mailsim.sync_operations import sync_hierarchy, sync_items
from mailsim.watermarks import SUBSCRIBE_ZERO, encoded

_READING: Final[Mapping[str, Callable[[Profile, Mailbox, Element], Answer]]] = {
    f"{M}SyncFolderItems": sync_items,
    f"{M}SyncFolderHierarchy": sync_hierarchy,
    f"{M}GetItem": get_item,
    f"{M}GetFolder": get_folder,
    f"{M}FindFolder": find_folder,
}
"""All operations but Subscribe, by their elements. They raise `EwsError`."""


class Core:
    """A mail server. Times are seconds since the epoch; a protocol minute lasts `minute_seconds` of them."""

    def __init__(self, profile: Profile, now: float, minute_seconds: float = 60, seed: str = "") -> None:
        """Start with no users. All ids depend on `seed` and on what is done, in which order."""
        self.profile = profile
        self.minute_seconds = minute_seconds
        self.started_at = now
        self.faults = Faults()
        self.directory = Directory(minute_seconds, seed)
        self.asked: deque[Asked] = deque(maxlen=KEPT_REQUESTS)
        self._deliveries = Deliveries(lambda: self.faults, minute_seconds)
        self._register = Register(minute_seconds, seed)

    def handle_ews(self, body: bytes, authorization: str | None, now: float) -> tuple[int | None, bytes]:
        """Return the HTTP status and body for an EWS request; 401 has no body.

        A status of None is no answer: the connection is to be closed without a byte.
        """
        request = requests.read(self.profile, body)
        answer = self._answered(request, authorization, now)
        if request.name == "Subscribe" and answer.code == NO_ERROR and self.faults.loses_subscribe_answer():
            answer = LOST
        mailbox = request.impersonated or claimed(authorization)
        self.asked.append(Asked(request.name, mailbox, now, answer.code, request.has_watermark))
        return answer.status, answer.body

    @property
    def subscriptions(self) -> dict[str, Subscription]:
        """All subscriptions there ever were, by id."""
        return self._register.all

    def due(self, now: float) -> list[Post]:
        """Return the POSTs to make now, each once (twice where a duplicate is asked for)."""
        waiting = [(each, self.directory.users[each.mailbox].mailbox.counter) for each in self._register.living()]
        return self._deliveries.due(self.profile, waiting, now)

    def next_due(self) -> float | None:
        """Return when `due` has something to post, unless something happens before; None is never."""
        times = (each.due_at() for each in self._register.living())
        return min((time for time in times if time is not None), default=None)

    def answered(  # an HTTP answer
        self, delivery_id: int, status: int | None, content_type: str | None, body: bytes, now: float
    ) -> None:
        """Take the answer to a POST; a status of None is none. The Content-Type has no say."""
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
        self._register.tell(self.profile, mailbox, changes)

    def changes(self, email: str, folders: Sequence[str] = ()) -> list[tuple[Change, str]]:
        """Return all that a perfect subscriber of `folders` (none is all) would have been told, with watermarks.

        FreeBusyChangedEvent is in it where a subscription of the mailbox ever asked for it: by default nobody does.
        """
        mailbox = self.directory.find(email).mailbox
        asked = [each.asked.event_types for each in self.subscriptions.values() if each.mailbox == mailbox.email]
        hidden = EventType.FREE_BUSY_CHANGED if EventType.FREE_BUSY_CHANGED not in frozenset().union(*asked) else None
        named = frozenset(filter(None, map(mailbox.folder, folders))) if folders else None
        told = (each for each in mailbox.log if is_heard(each, named, reached(self.profile, mailbox, each)))
        marked = ((each, encoded(self.profile, mailbox.email, each.counter)) for each in told)
        return [(change, mark) for change, mark in marked if change.told.type != hidden]

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
        self._register.end()

    def forget_watermarks(self) -> None:
        """Know none of the watermarks given so far."""
        for user in self.directory.users.values():
            user.mailbox.forget_watermarks()

    def forget_sync_states(self) -> None:
        """Know none of the sync states given so far."""
        for user in self.directory.users.values():
            user.mailbox.sync_generation += 1

    def notify_error(self, code: str, email: str | None = None) -> None:
        """Tell the subscriptions, of one mailbox or of all, that they are lost; they are, once that is delivered."""
        self._register.notify_error(code, self.directory.find(email).email if email else None)

    def change_settings(self, settings: Mapping[str, object]) -> None:
        """Change settings of the profile from now on. Raises `SettingError`."""
        self.profile = self.profile.with_settings(settings)

    def _answered(self, request: Request, authorization: str | None, now: float) -> Answer:
        try:
            user = self.directory.authenticated(self.profile, authorization)
            operation = request.checked()
            owner = self.directory.acting_on(self.profile, user, request.impersonated)
            return self._carried_out(owner.mailbox, operation, now)
        except UnauthorizedError:
            return UNAUTHORIZED
        except EwsError as error:
            return refused(self.profile, request.name or "", error)

    def _carried_out(self, mailbox: Mailbox, operation: Element, now: float) -> Answer:
        reading = _READING.get(str(operation.tag))
        if reading is None:
            return self._subscribed(mailbox, requests.subscribe(self.profile, operation), now)
        self.faults.refuse(str(operation.tag).partition("}")[2])
        return reading(self.profile, mailbox, operation)

    def _subscribed(self, mailbox: Mailbox, asked: Subscribe, now: float) -> Answer:
        self.faults.refuse("Subscribe")
        made = self._register.subscribe(self.profile, mailbox, asked, now)
        watermark = self.watermark_of(made) if made.counter else SUBSCRIBE_ZERO
        texts = texted("m:SubscriptionId", made.id) + texted("m:Watermark", watermark)
        return response(self.profile, "Subscribe", [Message(texts)])

    def _end(self, user: User) -> None:
        if self.profile.disable_ends_subscriptions:
            self._register.end(user.email)
