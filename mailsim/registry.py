"""All subscriptions of a server: how they come to be, what they want to hear, and how they end."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Final

from mailsim.directory import MINUTES_A_DAY
from mailsim.errors import EwsError
from mailsim.mailbox import Mailbox
from mailsim.mailbox_events import Change
from mailsim.profiles import Profile
from mailsim.requests import Subscribe
from mailsim.subscription import State, Subscription
from mailsim.watermarks import decoded

_HOST: Final = b"mx01.mailsim.example"


class Register:
    """The subscriptions by id, dead ones too."""

    def __init__(self, minute_seconds: float, seed: str) -> None:
        """Start with none."""
        self.all: dict[str, Subscription] = {}
        self._live: dict[str, Subscription] = {}
        self._minute_seconds = minute_seconds
        self._seed = seed

    def living(self, mailbox: str | None = None) -> Iterator[Subscription]:
        """Yield the live subscriptions, of one mailbox or of all, and drop those that are not from the list."""
        self._live = {key: each for key, each in self._live.items() if each.state is State.LIVE}
        yield from (each for each in self._live.values() if mailbox in {None, each.mailbox})

    def subscribe(self, profile: Profile, mailbox: Mailbox, asked: Subscribe, now: float) -> Subscription:
        """Make a subscription; its counter is 0 where Subscribe tells a zero watermark. Raises `EwsError`."""
        if asked.mailboxes - {mailbox.email}:
            raise EwsError("ErrorSubscriptionDelegateAccessNotSupported", "Only the owner may subscribe.")
        folders = None if asked.folders is None else frozenset(_known(mailbox, name) for name in asked.folders)
        replayed = self._replayed(profile, mailbox, asked.watermark, now)
        self._check_quota(profile, mailbox)
        zero = profile.subscribe_watermark == "zero" and not replayed
        counter = 0 if zero else mailbox.counter if replayed is None else replayed[0]
        wait = asked.status_frequency_minutes * self._minute_seconds if profile.first_post != "at_once" else 0
        made = Subscription(self._new_id(profile), mailbox.email, asked, folders, counter, now + wait)
        made.queue += _wanted(profile, made, mailbox, replayed[1] if replayed else [])
        self.all[made.id] = self._live[made.id] = made
        return made

    def tell(self, profile: Profile, mailbox: Mailbox, changes: list[Change]) -> None:
        """Queue changes for the subscriptions that want them."""
        for subscription in self.living(mailbox.email):
            subscription.queue += _wanted(profile, subscription, mailbox, changes)

    def end(self, mailbox: str | None = None) -> None:
        """End the subscriptions of one mailbox or of all, silently."""
        for subscription in self.living(mailbox):
            subscription.state = State.DEAD

    def notify_error(self, code: str, mailbox: str | None = None) -> None:
        """Tell the subscriptions of one mailbox or of all that they are lost; they are, once that is delivered."""
        for subscription in self.living(mailbox):
            subscription.last_words = code

    def _replayed(
        self, profile: Profile, mailbox: Mailbox, watermark: str | None, now: float
    ) -> tuple[int, list[Change]] | None:
        """Return where a resumed subscription starts, and what it missed; None starts from now."""
        if watermark is None or profile.resume == "ignored":
            return None
        oldest = now - profile.retention_days * MINUTES_A_DAY * self._minute_seconds
        counter = decoded(profile, mailbox.email, watermark)
        missed = None if counter is None else mailbox.since(counter, oldest)
        if counter is None or missed is None or profile.resume == "refused":
            raise EwsError("ErrorInvalidWatermark", "The watermark used for creating this subscription was not found.")
        return counter, missed

    def _check_quota(self, profile: Profile, mailbox: Mailbox) -> None:
        """Count all that have not died yet, those that nobody answers any more among them."""
        if len(list(self.living(mailbox.email))) >= profile.quota:
            text = "You have exceeded the available subscriptions for your account."
            raise EwsError("ErrorExceededSubscriptionCount", text, fault=profile.quota_error == "fault")

    def _new_id(self, profile: Profile) -> str:
        """Return an id in the profile's shape: short text, or a length-prefixed host name and binary, in base64."""
        binary = hashlib.sha256(f"{self._seed}/subscription/{len(self.all)}".encode()).digest()[:24]
        if profile.name == "exchange":
            binary = len(_HOST).to_bytes(2, "little") + _HOST + binary
        return base64.b64encode(binary).decode()


def _wanted(profile: Profile, subscription: Subscription, mailbox: Mailbox, changes: list[Change]) -> list[Change]:
    return [each for each in changes if subscription.wants(each, reached(profile, mailbox, each))]


def reached(profile: Profile, mailbox: Mailbox, change: Change) -> frozenset[str]:
    """Return the folders whose subscribers hear of a change, and those they lie in, if that counts."""
    folders = change.told.folders
    return folders.union(*map(mailbox.ancestors, folders)) if profile.subfolders else folders


def _known(mailbox: Mailbox, name: str) -> str:
    found = mailbox.folder(name)
    if found is None:
        raise EwsError("ErrorFolderNotFound", "The specified folder could not be found in the store.")
    return found
