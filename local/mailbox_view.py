"""One mailbox seen from both ends: what changed on the mail server, and which events arrived on the queue."""

from typing import Any, Final

from ewspush.domain.desired import DesiredSubscription
from local.consumer import Consumer
from local.mail_server import MailServer

_EVENT_NAMES: Final = {"NewMailEvent": "new_mail"}

EventIdentity = tuple[str, str | None, str | None]
"""Type, object id and watermark of an event."""


class MailboxView:
    """The mailbox of a desired subscription."""

    def __init__(self, mail_server: MailServer, consumer: Consumer, desired: DesiredSubscription) -> None:
        self.mail_server = mail_server
        self.consumer = consumer
        self.desired = desired

    def receive(self, subject: str) -> str:
        """Have a message arrive; return its item id."""
        path = f"mailboxes/{self.desired.mailbox}/messages"
        return str(self.mail_server.call(path, subject=subject)["item_id"])

    def server_subscriptions(self, state: str) -> list[dict[str, Any]]:
        """Return the mail server's subscriptions in `state`: live, dead or unsubscribed."""
        everything = self.mail_server.get("subscriptions")
        return [one for one in everything if one["mailbox"] == self.desired.mailbox and one["state"] == state]

    def subscribe_answers(self) -> list[str]:
        """Return the response codes of all Subscribe requests, oldest first."""
        requests = self.mail_server.get("requests")
        own = [one for one in requests if one["mailbox"] == self.desired.mailbox and one["operation"] == "Subscribe"]
        return [one["answer"] for one in own]

    def is_subscribed(self) -> bool:
        """Whether the mail server has a live subscription."""
        return bool(self.server_subscriptions("live"))

    def is_unsubscribed(self) -> bool:
        """Whether the mail server has no live subscription."""
        return not self.is_subscribed()

    def events(self) -> list[dict[str, Any]]:
        """Return all events on the queue so far, in order."""
        return self.consumer.events(self.desired.key)

    def published(self) -> list[EventIdentity]:
        """Return the events on the queue so far, in order, without gap events."""
        return [_identity(event) for event in self.events() if event["type"] != "ews.mailbox.gap"]

    def expected(self) -> list[EventIdentity]:
        """Return the events that the changes of the mailbox should cause, in order."""
        return [expected_event(change) for change in self.changes()]

    def changes(self) -> list[dict[str, Any]]:
        """Return the changes of the mailbox, as the mail server lists them."""
        changes: list[dict[str, Any]] = self.mail_server.get(f"changes?mailbox={self.desired.mailbox}")
        return changes

    def is_up_to_date(self) -> bool:
        """Whether the event of the newest change is on the queue."""
        return self.expected()[-1] in self.published()


def expected_event(change: dict[str, Any]) -> EventIdentity:
    """Return the identity of the event that a change should cause."""
    name = _EVENT_NAMES.get(change["type"], change["type"].removesuffix("Event").lower())
    return f"ews.mailbox.{name}", change["id"], change["watermark"]


def _identity(event: dict[str, Any]) -> EventIdentity:
    return event["type"], event["data"]["id"], event["data"]["watermark"]
