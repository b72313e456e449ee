"""What the rules need from outside. Adapters implement these; tests bring in-memory twins of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TypeAlias

from ewspush.domain.events import LoggedNotification
from ewspush.domain.subscription import Subscription, SubscriptionKey
from ewspush.domain.updates import ConditionalUpdate, WriteResult

if TYPE_CHECKING:  # each module costs a cold start of responder and forwarder some milliseconds
    from ewspush.domain.sync_run import Baseline, SyncRun, SyncStep
    from ewspush.protocol.lookup import LookupAnswer, LookupRequest
    from ewspush.protocol.soap import Refused
    from ewspush.protocol.subscribe import Subscribed, SubscribeRequest
    from ewspush.protocol.synchronization import (
        HierarchyPage,
        ItemsPage,
        SyncHierarchyRequest,
        SyncItemsRequest,
        UnusablePage,
    )

Clock: TypeAlias = Callable[[], datetime]
"""Returns the current time, aware, in UTC."""

Jitter: TypeAlias = Callable[[], float]
"""Returns a random number from 0 up to 1."""


class SubscriptionLedger(Protocol):
    """The subscriptions, the log of their events and their sync runs: every write of these goes through here."""

    def read(self, key: SubscriptionKey) -> Subscription | None:
        """Return the subscription as it is now (a consistent read), None where there is none."""

    def add(self, subscription: Subscription) -> bool:
        """Add a new subscription; return False, and change nothing, where its key is taken."""

    def due(self, shard: str, now: datetime) -> Iterable[SubscriptionKey]:
        """Return the keys of the subscriptions in `shard` whose `next_check_at` has come, the longest due first.

        The index may lag behind the rows: whoever acts on a key reads the row.
        """

    def silent(self, shard: str, at_most: int | None = None) -> Iterable[SubscriptionKey]:
        """Return the first keys, in their order, of the subscriptions with this `silent_shard`.

        The index may lag behind the rows, as that of `due`.
        """

    def commit(self, update: ConditionalUpdate | None, step: "SyncStep | None" = None) -> WriteResult:
        """Store an update, a step of a sync run, or both in one atomic write.

        Nothing is stored where the row does not meet the precondition, or the stored run is not the one before the
        step. Raises `EntryTooLongError` where an entry of the log holds more events than one write takes, and whatever
        the store raises when it fails or does not answer: then nothing is known of the write.
        """

    def recent(self, key: SubscriptionKey, since: datetime) -> Iterable[LoggedNotification]:
        """Return what was logged from `since` on, newest first."""


class SyncStates(Protocol):
    """What the sync runs of a subscription have stored."""

    def load_run(self, key: SubscriptionKey) -> "SyncRun | None":
        """Return the newest run, finished or not; None where there was none."""

    def baseline(self, key: SubscriptionKey) -> "Baseline | None":
        """Return the newest baseline; None where there was none."""

    def sync_state(self, key: SubscriptionKey, number: int, folder: str) -> str | None:
        """Return the sync state of `folder` in round `number`; None where there is none."""

    def folders(self, key: SubscriptionKey, number: int) -> Sequence[str]:
        """Return the folders, with the `HIERARCHY`, that round `number` has a state of."""

    def forget(self, key: SubscriptionKey, before: int) -> None:
        """Drop the states of all rounds before number `before`."""


@dataclass(frozen=True, slots=True)
class Message:
    """One event on its way to the queue. `group` keeps the order of a subscription.

    `deduplication_id` keeps its uniqueness; no two groups share one.
    """

    group: str
    deduplication_id: str
    body: str


@dataclass(frozen=True, slots=True)
class SendResult:
    """What a queue answered for one message; `rejected` holds its reason where no later try can succeed."""

    accepted: bool
    rejected: str | None = None


class MessageQueue(Protocol):
    """A FIFO queue that takes messages in batches and answers for each."""

    def send(self, messages: Sequence[Message]) -> Sequence[SendResult]:
        """Send at most ten messages of different groups; return a result for each, in order.

        Raises `UnavailableError` when the queue refuses or does not answer: then any of them may have been accepted.
        """


class CallbackKeys(Protocol):
    """The secret keys of the callback signatures."""

    def accepted(self) -> Sequence[bytes]:
        """Return every key that a signature may have been made with, the current one first."""

    def signing(self) -> bytes:
        """Return the key to sign new callbacks with."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The value of the Authorization header, a secret, and whether the account impersonates the mailbox."""

    authorization: str = field(repr=False)
    impersonates: bool


class MailCredentials(Protocol):
    """The credentials for the mail server."""

    def of(self, mailbox: str) -> Credentials | None:
        """Return the credentials to reach `mailbox` with; None where there are none."""

    def refresh(self) -> None:
        """Read them again before they are next asked for: the mail server refused those that are known."""


class MailServer(Protocol):
    """The EWS server that the mailboxes are on. Every call raises `UnavailableError` where no answer came."""

    def subscribe(self, mailbox: str, request: "SubscribeRequest") -> "Subscribed | Refused":
        """Ask for a push subscription on `mailbox`; without an answer it may have been made all the same."""

    def sync_items(self, mailbox: str, request: "SyncItemsRequest") -> "ItemsPage | Refused | UnusablePage":
        """Ask what has changed in a folder."""

    def sync_hierarchy(self, mailbox: str, request: "SyncHierarchyRequest") -> "HierarchyPage | Refused | UnusablePage":
        """Ask what has changed among the folders."""

    def missing_items(self, mailbox: str, request: "LookupRequest") -> "LookupAnswer | Refused":
        """Ask which of some items are no longer there; the answer may leave some of them open."""
