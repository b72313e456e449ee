"""Somebody who sees both sides: what happened in a mailbox, and what came out at the queue."""

from typing import Any, Final

from ewspush.domain.desired import DesiredSubscription
from local.consumer import Consumer
from local.mail_server import MailServer

_NAMES: Final = {"NewMailEvent": "new_mail"}

Told = tuple[str, str | None, str | None]
"""Type, object id and watermark of an event."""


class Observer:
    """Watches the mailbox and the subscription of one wish."""

    def __init__(self, mail_server: MailServer, consumer: Consumer, wish: DesiredSubscription) -> None:
        """Take both sides."""
        self.mail_server = mail_server
        self.consumer = consumer
        self.wish = wish

    def mail(self, subject: str) -> str:
        """Have a message arrive; return its id."""
        path = f"mailboxes/{self.wish.mailbox}/messages"
        return str(self.mail_server.call(path, subject=subject)["item_id"])

    def subscriptions(self, state: str) -> list[dict[str, Any]]:
        """Return the subscriptions that the server has in `state`."""
        known = self.mail_server.get("subscriptions")
        return [one for one in known if one["mailbox"] == self.wish.mailbox and one["state"] == state]

    def subscribes(self) -> list[str]:
        """Return the answers to all Subscribe requests."""
        asked = self.mail_server.get("requests")
        mine = [one for one in asked if one["mailbox"] == self.wish.mailbox and one["operation"] == "Subscribe"]
        return [one["answer"] for one in mine]

    def lives(self) -> bool:
        """Whether the server has a live subscription."""
        return bool(self.subscriptions("live"))

    def is_dead(self) -> bool:
        """Whether the server has no live subscription any more."""
        return not self.lives()

    def documents(self) -> list[dict[str, Any]]:
        """Return all events on the queue so far, in order."""
        return self.consumer.documents(self.wish.subscription)

    def told(self) -> list[Told]:
        """Return what came out at the queue, in order, gap events left out."""
        return [_told(one) for one in self.documents() if one["type"] != "ews.mailbox.gap"]

    def happened(self) -> list[Told]:
        """Return what a perfect consumer would have been told, in order."""
        return [told_of(one) for one in self.changes()]

    def changes(self) -> list[dict[str, Any]]:
        """Return what the server says that happened."""
        changes: list[dict[str, Any]] = self.mail_server.get(f"changes?mailbox={self.wish.mailbox}")
        return changes

    def is_told(self) -> bool:
        """Whether the newest change has come out at the queue."""
        return self.happened()[-1] in self.told()


def told_of(change: dict[str, Any]) -> Told:
    """Return a change of the server's list as an event would tell it."""
    name = _NAMES.get(change["type"], change["type"].removesuffix("Event").lower())
    return f"ews.mailbox.{name}", change["id"], change["watermark"]


def _told(document: dict[str, Any]) -> Told:
    return document["type"], document["data"]["id"], document["data"]["watermark"]
