"""A server's users, mailboxes, subscriptions and settings, and what happens to them apart from requests and POSTs."""

from collections.abc import Mapping, Sequence

from mailsim.directory import Directory, User
from mailsim.faults import Faults
from mailsim.mailbox_actions import MailboxActions
from mailsim.mailbox_events import EventType, LoggedEvent, MailboxEvent
from mailsim.profiles import Profile
from mailsim.registry import SubscriptionRegistry, reached_folders
from mailsim.subscription import Subscription, is_visible
from mailsim.watermarks import encode_watermark


class ServerState:
    """The state of a server. Times are seconds since the epoch; a protocol minute lasts `minute_seconds` of them."""

    def __init__(self, profile: Profile, now: float, minute_seconds: float = 60, seed: str = "") -> None:
        self.profile = profile
        self.minute_seconds = minute_seconds
        self.started_at = now
        self.faults = Faults()
        self.directory = Directory(minute_seconds, seed)
        self._registry = SubscriptionRegistry(minute_seconds, seed)

    @property
    def subscriptions(self) -> dict[str, Subscription]:
        """All subscriptions by id, ended ones included."""
        return self._registry.subscriptions

    def actions(self, email: str) -> MailboxActions:
        """Return the actions in a mailbox; their events go to `record`. Raises `ControlError`."""
        return MailboxActions(self.profile, self.directory.find(email).mailbox)

    def record(self, email: str, events: list[MailboxEvent], now: float) -> None:
        """Log the events of one action, and queue them for the subscriptions that match."""
        mailbox, profile = self.directory.find(email).mailbox, self.profile
        one_watermark, offset = profile.watermark_per == "action", profile.clock_offset_seconds
        logged = mailbox.record(events, now, one_watermark=one_watermark, clock_offset=offset)
        self._registry.queue_events(profile, mailbox, logged)

    def changes(self, email: str, folders: Sequence[str] = ()) -> list[tuple[LoggedEvent, str]]:
        """Return all events that a subscription to `folders` (none is all) would have received, with watermarks.

        FreeBusyChangedEvent is included where any subscription of the mailbox requested it: it is off by default.
        """
        mailbox = self.directory.find(email).mailbox
        requested = [each.request.event_types for each in self.subscriptions.values() if each.mailbox == mailbox.email]
        is_requested = EventType.FREE_BUSY_CHANGED in frozenset().union(*requested)
        excluded = None if is_requested else EventType.FREE_BUSY_CHANGED
        named = frozenset(filter(None, map(mailbox.folder_id, folders))) if folders else None
        return [
            (each, encode_watermark(self.profile, mailbox.email, each.counter))
            for each in mailbox.log.events
            if is_visible(each, named, reached_folders(self.profile, mailbox, each)) and each.event.type != excluded
        ]

    def watermark_of(self, subscription: Subscription) -> str:
        """Return the last acknowledged watermark."""
        return encode_watermark(self.profile, subscription.mailbox, subscription.counter)

    def disable(self, email: str, now: float) -> User:
        """Disable a user, as DeregisterFromWorkMail does. Raises `ControlError`."""
        user = self.directory.disable(email, now)
        self._end_subscriptions(user)
        return user

    def enable(self, email: str, now: float) -> User:
        """Enable a user, as RegisterToWorkMail does. Raises `ControlError`."""
        return self.directory.enable(email, self.profile.retention_days, now)

    def remove(self, email: str, now: float) -> User:
        """Delete a user. Raises `ControlError`."""
        user = self.directory.remove(email, now)
        self._end_subscriptions(user)
        return user

    def restart(self) -> None:
        """Lose all subscriptions silently, as in a restart of the server's process."""
        self._registry.end()

    def forget_watermarks(self) -> None:
        """Make all watermarks given so far unknown."""
        for user in self.directory.users.values():
            user.mailbox.log.forget_watermarks()

    def reset_watermarks(self) -> None:
        """Start the counter of watermarks from the beginning, in every mailbox; subscriptions go on."""
        for user in self.directory.users.values():
            user.mailbox.log.reset_watermarks()

    def forget_sync_states(self) -> None:
        """Make all sync states given so far unknown."""
        for user in self.directory.users.values():
            user.mailbox.sync_generation += 1

    def notify_error(self, code: str, email: str | None = None) -> None:
        """Send an error notification for one mailbox or for all; its acknowledgement ends the subscriptions."""
        self._registry.notify_error(code, self.directory.find(email).email if email else None)

    def change_settings(self, settings: Mapping[str, object]) -> None:
        """Change settings of the profile from now on. Raises `SettingError`."""
        self.profile = self.profile.with_settings(settings)

    def _end_subscriptions(self, user: User) -> None:
        if self.profile.disable_ends_subscriptions:
            self._registry.end(user.email)
