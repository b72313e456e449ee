"""A user of the simulated mail server with a subscription that the keeper makes."""

from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Any, Final, Protocol

from ewspush.adapters.clock import utc_now
from ewspush.domain.desired import DesiredSubscription, new_subscription, retirement
from ewspush.domain.subscription import Subscription
from ewspush.domain.updates import ConditionalUpdate, SameRevision
from local.consumer import Consumer
from local.deployment import Deployment
from local.mail_server import MailServer
from local.mailbox_view import EventIdentity, MailboxView, expected_event
from local.subscriptions import ledger_of
from local.waiting import wait_for

_numbers: Final = count(1)


class BothSides(Protocol):
    """The deployed stack, and the mail server that it subscribes at."""

    @property
    def deployment(self) -> Deployment:
        """The stack's resources."""

    @property
    def mail_server(self) -> MailServer:
        """The mail server."""


class SubscribedUser(MailboxView):
    """A user with one desired subscription."""

    def __init__(self, run: BothSides, consumer: Consumer, status_frequency_minutes: int = 1) -> None:
        """Create the user and the desired subscription."""
        address = f"user-{next(_numbers)}@example.com"
        desired = DesiredSubscription(address, status_frequency_minutes=status_frequency_minutes)
        super().__init__(run.mail_server, consumer, desired)
        self._ledger = ledger_of(run.deployment)
        self.mail_server.add_user(address)
        self._ledger.add(new_subscription(desired, utc_now()))

    @property
    def address(self) -> str:
        """The address of the mailbox."""
        return self.desired.mailbox

    def stored_subscription(self) -> Subscription:
        """Return the subscription as it is stored."""
        subscription = self._ledger.read(self.desired.key)
        assert subscription is not None
        return subscription

    def retire(self) -> None:
        """Retire the subscription, as an operator does."""
        key = self.desired.key
        while not self._ledger.commit(
            ConditionalUpdate(key, SameRevision(stored := self.stored_subscription()), retirement(stored))
        ).stored:
            pass

    def wait_until_active(self) -> None:
        """Wait until the stack and the mail server agree on one live subscription."""
        wait_for(self._is_active, f"one live subscription of {self.address}")

    def wait_until_lost(self) -> None:
        """Wait until the mail server has no live subscription."""
        wait_for(self.is_unsubscribed, f"the end of {self.address}'s subscription")

    def wait_until_up_to_date(self) -> None:
        """Receive a last message and wait until its event, and so every earlier one, is published."""
        self.wait_until_active()
        self.receive("the last message")
        wait_for(self.is_up_to_date, f"the last event of {self.address}")
        self.wait_until_active()

    def act(self, item: str, action: str, **arguments: object) -> str:
        """Do something with an item; return its id afterwards."""
        return str(self.mail_server.call(f"mailboxes/{self.address}/items/{item}/{action}", **arguments)["item_id"])

    def gap_closed(self) -> dict[str, Any] | None:
        """Return the data of the first gap_closed event; None where there is none yet."""
        return next((event["data"] for event in self.events() if event["type"] == "ews.mailbox.gap_closed"), None)

    def recovered(self) -> list[tuple[str, str]]:
        """Return the item events that syncs published, as sorted pairs of type and id."""
        recovered = (event for event in self.events() if event["data"]["origin"] == "sync")
        return sorted((one["type"], one["data"]["id"]) for one in recovered if one["data"].get("object") == "item")

    def gaps(self) -> list[dict[str, Any]]:
        """Return the data of the gap events."""
        return [event["data"] for event in self.events() if event["type"] == "ews.mailbox.gap"]

    def lost_without_a_gap(self) -> list[EventIdentity]:
        """Return the changes that are neither published nor in the range of a gap event."""
        published = set(self.published())
        ranges = [(_timestamp(gap["from"]), _timestamp(gap["to"])) for gap in self.gaps()]
        missing = [change for change in self.changes() if expected_event(change) not in published]
        return [expected_event(one) for one in missing if not any(start <= one["at"] <= end for start, end in ranges)]

    def _is_active(self) -> bool:
        live, stored = self.server_subscriptions("live"), self.stored_subscription()
        return len(live) == 1 and stored.state == "active" and live[0]["subscription_id"] == stored.subscription_id


def assert_nothing_is_lost(user: SubscribedUser) -> None:
    """Wait until the newest change is published; assert that each one is published once or in a gap."""
    user.wait_until_up_to_date()
    published = user.published()
    assert len(published) == len(set(published))
    assert _is_in_order(published, user.expected())
    assert user.lost_without_a_gap() == []
    assert len(user.server_subscriptions("live")) == 1


def _is_in_order(part: Sequence[EventIdentity], whole: Sequence[EventIdentity]) -> bool:
    """Whether the elements of `part` stand in `whole` in the same order, without a repetition."""
    rest = iter(whole)
    return all(each in rest for each in part)


def _timestamp(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
