"""What the rules need from outside. Adapters implement these; tests bring in-memory twins of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TypeAlias

from ewspush.domain.subscription import LoggedNotification, Subscription
from ewspush.domain.updates import ConditionalUpdate, WriteResult
from ewspush.errors import AnswerableError

if TYPE_CHECKING:  # it loads lxml, which the forwarder has no use for
    from ewspush.domain.recovering.rules import SyncRun
    from ewspush.protocol.lookup import LookupRequest
    from ewspush.protocol.soap import Refused
    from ewspush.protocol.subscribe import Subscribed, SubscribeRequest
    from ewspush.protocol.synchronization import (
        HierarchyPage,
        ItemsPage,
        SyncHierarchyRequest,
        SyncItemsRequest,
    )

Clock: TypeAlias = Callable[[], datetime]
"""Returns the current time, aware, in UTC."""


class SubscriptionLedger(Protocol):
    """The subscriptions and the log of their events, written together."""

    def read(self, subscription: str) -> Subscription | None:
        """Return the row as it is now (a consistent read), None where there is none."""

    def add(self, row: Subscription) -> bool:
        """Add a new row; return False, and change nothing, where its key is taken."""

    def due(self, shard: str, now: datetime) -> Iterable[str]:
        """Return the keys of the subscriptions in `shard` whose `next_check_at` has come, the longest due first.

        The index may lag behind the rows: whoever acts on a key reads the row.
        """

    def write(self, entry: ConditionalUpdate) -> WriteResult:
        """Store `entry` in one atomic write if the row is as it expects; tell the row if it is not.

        Raises whatever the store raises when it fails or does not answer: then nothing is known of the write.
        """

    def recent(self, subscription: str, since: datetime) -> Iterable[LoggedNotification]:
        """Return what was logged from `since` on, newest first; a long notification may come in several pieces."""


@dataclass(frozen=True, slots=True)
class Message:
    """One event on its way to the queue. `group` keeps the order of a mailbox, `deduplication_id` its uniqueness."""

    group: str
    deduplication_id: str
    body: str


class UnavailableError(AnswerableError):
    """Raised by an adapter when AWS or the mail server does not answer, or AWS refuses: to be tried again later.

    Whether the request was carried out is not known.
    """


class MessageQueue(Protocol):
    """A FIFO queue that takes messages in batches and says of each whether it was taken."""

    def send(self, messages: Sequence[Message]) -> Sequence["SendResult"]:
        """Send at most ten messages of different groups; return a receipt for each, in order.

        Raises `UnavailableError` when the queue refuses or does not answer: then any of them may have been taken.
        """


@dataclass(frozen=True, slots=True)
class SendResult:
    """What a queue said of one message; `rejected` holds its reason where no later try can succeed."""

    taken: bool
    rejected: str | None = None


class CallbackKeys(Protocol):
    """The secret keys of the callback signatures."""

    def accepted(self) -> Sequence[bytes]:
        """Return every key that a signature may have been made with, the current one first."""

    def signing(self) -> bytes:
        """Return the key to sign new callbacks with."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who asks: the value of the Authorization header, a secret, and whether the account impersonates the mailbox."""

    authorization: str = field(repr=False)
    impersonates: bool


class MailCredentials(Protocol):
    """The credentials for the mail server."""

    def of(self, mailbox: str) -> Credentials | None:
        """Return the credentials to reach `mailbox` with; None where there are none."""

    def refresh(self) -> None:
        """Read them anew before they are next asked for: the mail server refuses those that are known."""


class MailServer(Protocol):
    """The EWS server that the mailboxes are on."""

    def subscribe(self, mailbox: str, request: "SubscribeRequest") -> "Subscribed | Refused":
        """Ask for a push subscription on `mailbox`; return what the server says.

        Raises `UnavailableError` where the subscription may have been made, and nobody said so.
        """

    def sync_items(self, mailbox: str, request: "SyncItemsRequest") -> "ItemsPage | Refused":
        """Ask what has changed in a folder. Raises `UnavailableError`."""

    def sync_hierarchy(self, mailbox: str, request: "SyncHierarchyRequest") -> "HierarchyPage | Refused":
        """Ask what has changed among the folders. Raises `UnavailableError`."""

    def missing_items(self, mailbox: str, request: "LookupRequest") -> "frozenset[str] | Refused":
        """Ask which of some items are not there any more. Raises `UnavailableError`."""


class SyncStates(Protocol):
    """What a run over the folders of a subscription leaves: how far it is, and the sync states of each round."""

    def work(self, subscription: str) -> "SyncRun | None":
        """Return the newest run, finished or not; None where there was none."""

    def state(self, subscription: str, number: int, place: str) -> str | None:
        """Return the sync state of `place` in round `number`; None where there is none."""

    def places(self, subscription: str, number: int) -> Sequence[str]:
        """Return the places that round `number` has a state of."""

    def advance(
        self,
        before: "SyncRun | None",
        after: "SyncRun",
        place: str | None = None,
        state: str | None = None,
        entry: ConditionalUpdate | None = None,
    ) -> bool:
        """Store a step, the `state` of `place` in its round, and an `entry` of the ledger, in one atomic write.

        Returns False, and stores nothing, where `before` is not what is stored, or the row not what `entry` expects.
        """

    def forget(self, subscription: str, before: int) -> None:
        """Drop the states of all rounds before number `before`."""


class EventLog(Protocol):
    """The log of events, for whoever follows its stream."""

    def rest_of(self, head: LoggedNotification, parts: int) -> Sequence[LoggedNotification]:
        """Return parts 2 to `parts` of a long notification, in order; fewer where some are gone.

        Raises `UnavailableError`.
        """
