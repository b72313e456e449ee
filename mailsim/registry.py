"""All subscriptions of a server: how they start, which events they receive, and how they end."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Final, NoReturn

from mailsim.directory import MINUTES_A_DAY
from mailsim.errors import EwsError
from mailsim.folder_resolution import resolve_subscribed_folder
from mailsim.mailbox import Mailbox
from mailsim.mailbox_events import LoggedEvent
from mailsim.profiles import Profile
from mailsim.request_parts import parts_by_name
from mailsim.soap import Element, text_of
from mailsim.subscribe_request import SubscribeRequest
from mailsim.subscription import State, Subscription
from mailsim.watermarks import decode_watermark

_HOST: Final = b"mx01.mailsim.example"


class SubscriptionRegistry:
    """The subscriptions by id, dead ones included."""

    def __init__(self, minute_seconds: float, seed: str) -> None:
        self.subscriptions: dict[str, Subscription] = {}
        self._live: dict[str, Subscription] = {}
        self._minute_seconds = minute_seconds
        self._seed = seed

    def live(self, mailbox: str | None = None) -> Iterator[Subscription]:
        """Yield the live subscriptions, of one mailbox or of all, and drop the others from the index."""
        self._live = {key: each for key, each in self._live.items() if each.state is State.LIVE}
        yield from (each for each in self._live.values() if mailbox in {None, each.mailbox})

    def subscribe(self, profile: Profile, mailbox: Mailbox, request: SubscribeRequest, now: float) -> Subscription:
        """Add a subscription; its counter is 0 where Subscribe returns a zero watermark. Raises `EwsError`."""
        if request.mailboxes - {mailbox.email}:
            raise EwsError("ErrorSubscriptionDelegateAccessNotSupported", "Only the owner may subscribe.")
        names = request.folders
        folders = None if names is None else frozenset(resolve_subscribed_folder(mailbox, name) for name in names)
        if not profile.posts:
            self.expire(now)
        resumed = self._resume(profile, mailbox, request.watermark, now)
        self._check_quota(profile, mailbox)
        is_zero = profile.subscribe_watermark == "zero" and not resumed
        counter = 0 if is_zero else mailbox.log.counter if resumed is None else resumed[0]
        posts_at_once = profile.first_post == "at_once" and profile.posts
        wait = 0 if posts_at_once else request.status_frequency_minutes * self._minute_seconds
        added = Subscription(self._new_id(profile), mailbox.email, request, folders, counter, now + wait)
        added.queue += _matching(profile, added, mailbox, resumed[1] if resumed else [])
        self.subscriptions[added.id] = self._live[added.id] = added
        return added

    def refuse_id(self, mailbox: Mailbox, operation: Element) -> NoReturn:
        """Raise the `EwsError` for an Unsubscribe or a GetEvents: neither accepts the id of a push subscription.

        The code is that of MS-OXWSNTIF, section 3.1.4.4.
        """
        known = self.subscriptions.get(text_of(parts_by_name(operation)["SubscriptionId"]).strip())
        if known is None or known.state is not State.LIVE:
            raise EwsError("ErrorSubscriptionNotFound", "The specified subscription was not found.")
        if known.mailbox != mailbox.email:
            raise EwsError("ErrorSubscriptionAccessDenied", "The specified subscription belongs to another user.")
        raise EwsError("ErrorInvalidSubscription", "The specified subscription is not valid for this operation.")

    def queue_events(self, profile: Profile, mailbox: Mailbox, events: list[LoggedEvent]) -> None:
        """Queue events for the subscriptions that match."""
        for subscription in self.live(mailbox.email):
            subscription.queue += _matching(profile, subscription, mailbox, events)

    def expire(self, now: float) -> None:
        """End the subscriptions whose heartbeat is due, silently: on a server that never posts."""
        for subscription in self.live():
            if subscription.next_heartbeat_at <= now:
                subscription.state = State.DEAD

    def end(self, mailbox: str | None = None) -> None:
        """End the subscriptions of one mailbox or of all, silently."""
        for subscription in self.live(mailbox):
            subscription.state = State.DEAD

    def notify_error(self, code: str, mailbox: str | None = None) -> None:
        """Send an error notification to the subscriptions of one mailbox or of all; its acknowledgement ends them."""
        for subscription in self.live(mailbox):
            subscription.error_code = code

    def _resume(
        self, profile: Profile, mailbox: Mailbox, watermark: str | None, now: float
    ) -> tuple[int, list[LoggedEvent]] | None:
        """Return the counter to resume from and the missed events; None starts from now. Raises `EwsError`."""
        if watermark is None or profile.resume == "ignored":
            return None
        oldest = now - profile.retention_days * MINUTES_A_DAY * self._minute_seconds
        counter = decode_watermark(profile, mailbox.email, watermark)
        missed = None if counter is None else mailbox.log.after(counter, oldest)
        if counter is None or missed is None or profile.resume == "refused":
            raise EwsError("ErrorInvalidWatermark", "The watermark used for creating this subscription was not found.")
        return counter, missed

    def _check_quota(self, profile: Profile, mailbox: Mailbox) -> None:
        """Count all live subscriptions, also those whose receiver no longer answers. Raises `EwsError`."""
        if len(list(self.live(mailbox.email))) >= profile.quota:
            text = "You have exceeded the available subscriptions for your account."
            raise EwsError("ErrorExceededSubscriptionCount", text, fault=profile.quota_error == "fault")

    def _new_id(self, profile: Profile) -> str:
        """Return an id in the profile's shape: short text, or a length-prefixed host name and binary, in base64."""
        position = len(self.subscriptions)
        binary = hashlib.sha256(f"{self._seed}/subscription/{position}".encode()).digest()[:24]
        if profile.name == "exchange":
            binary = len(_HOST).to_bytes(2, "little") + _HOST + binary
        return base64.b64encode(binary).decode()


def reached_folders(profile: Profile, mailbox: Mailbox, logged: LoggedEvent) -> frozenset[str]:
    """Return the folders whose subscriptions receive an event; their ancestors, too, where `subfolders` is set."""
    folders = logged.event.folders
    return folders.union(*map(mailbox.ancestors, folders)) if profile.subfolders else folders


def _matching(
    profile: Profile, subscription: Subscription, mailbox: Mailbox, events: list[LoggedEvent]
) -> list[LoggedEvent]:
    return [each for each in events if subscription.matches(each, reached_folders(profile, mailbox, each))]
