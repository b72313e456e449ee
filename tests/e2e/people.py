"""Users of the mail server beside the stack, each with a subscription that the keeper makes."""

import time
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
from local.mailbox import ledger_of
from local.observer import Observer, Told, told_of
from tests.e2e.outside import awaited

_numbers: Final = count(1)


class BothSides(Protocol):
    """The stack, wherever it runs, and the mail server that it subscribes at."""

    @property
    def deployment(self) -> Deployment:
        """Where the parts of the stack are."""

    @property
    def mail_server(self) -> MailServer:
        """The mail server."""


class Person(Observer):
    """A user with one subscription, wanted at StatusFrequency 1 unless said otherwise."""

    def __init__(self, machine: BothSides, consumer: Consumer, wish: DesiredSubscription | None = None) -> None:
        """Make the user, and want the subscription."""
        wish = wish or DesiredSubscription(f"person-{next(_numbers)}@example.com", status_frequency_minutes=1)
        super().__init__(machine.mail_server, consumer, wish)
        self._ledger = ledger_of(machine.deployment)
        self.mail_server.add_user(self.address)
        self._ledger.add(new_subscription(self.wish, utc_now()))

    @property
    def address(self) -> str:
        """The address of the mailbox."""
        return self.wish.mailbox

    def row(self) -> Subscription:
        """Return the subscription as it is stored."""
        row = self._ledger.read(self.wish.subscription)
        assert row is not None
        return row

    def retire(self) -> None:
        """Have the subscription retired, as an operator does."""
        while not self._ledger.write(
            ConditionalUpdate(self.wish.subscription, SameRevision(row := self.row()), retirement(row))
        ).stored:
            pass

    def await_life(self) -> None:
        """Wait until both sides agree on one live subscription."""
        awaited(lambda: True if self._is_settled() else None, f"one live subscription of {self.address}")

    def await_death(self) -> None:
        """Wait until the server has no live subscription any more."""
        awaited(lambda: True if self.is_dead() else None, f"the end of {self.address}'s subscription")

    def await_peace(self) -> None:
        """Wait for one live subscription, then for a last message, so that all before it has been told."""
        self.await_life()
        self.mail("the last one")
        awaited(lambda: True if self.is_told() else None, f"the last message of {self.address}")
        self.await_life()

    def act(self, item: str, action: str, **given: object) -> str:
        """Do something with an item; return the id it has then."""
        return str(self.mail_server.call(f"mailboxes/{self.address}/items/{item}/{action}", **given)["item_id"])

    def closing(self) -> dict[str, Any] | None:
        """Return what the event says that closed a gap; None where there is none yet."""
        return next((one["data"] for one in self.documents() if one["type"] == "ews.mailbox.gap_closed"), None)

    def recovered(self) -> list[tuple[str, str]]:
        """Return what syncs told of items, as (type, id), in any order."""
        told = (one for one in self.documents() if one["data"]["origin"] == "sync")
        return sorted((one["type"], one["data"]["id"]) for one in told if one["data"].get("object") == "item")

    def gaps(self) -> list[dict[str, Any]]:
        """Return what the gap events on the queue say."""
        return [one["data"] for one in self.documents() if one["type"] == "ews.mailbox.gap"]

    def untold(self) -> list[Told]:
        """Return the changes that are not on the queue and in no gap's range either."""
        told = set(self.told())
        ranges = [(_timestamp(gap["from"]), _timestamp(gap["to"])) for gap in self.gaps()]
        missing = [one for one in self.changes() if told_of(one) not in told]
        return [told_of(one) for one in missing if not any(start <= one["at"] <= end for start, end in ranges)]

    def _is_settled(self) -> bool:
        live, row = self.subscriptions("live"), self.row()
        return len(live) == 1 and row.state == "active" and live[0]["subscription_id"] == row.subscription_id


def assert_peace(person: Person) -> None:
    """Let all come to rest, and see that one subscription lives and that every change is told once or in a gap."""
    person.await_peace()
    told = person.told()
    assert len(told) == len(set(told))
    assert _is_in_order(told, person.happened())
    assert person.untold() == []
    assert len(person.subscriptions("live")) == 1


def _is_in_order(some: Sequence[Told], every: Sequence[Told]) -> bool:
    """Whether `some` is a part of `every` in the same order, without a repetition."""
    rest = iter(every)
    return all(one in rest for one in some)


def settle(seconds: float) -> None:
    """Give what should not happen the time to happen."""
    time.sleep(seconds)


def _timestamp(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
