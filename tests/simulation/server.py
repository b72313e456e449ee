"""The mail server as our side asks it, watched."""

from collections import defaultdict
from typing import TYPE_CHECKING

from ewspush.domain.ports import UnavailableError
from ewspush.protocol.lookup import LookupRequest
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed, SubscribeRequest
from ewspush.protocol.synchronization import HierarchyPage, ItemsPage, SyncHierarchyRequest, SyncItemsRequest
from mailsim.core import Core
from mailsim.subscription import State, Subscription
from tests.simulation.clock import Timeline
from tests.twins.core_mail_server import CoreMailServer

if TYPE_CHECKING:
    from tests.simulation.invariants import Witness


class WatchedServer:
    """`MailServer` on a core. Of the next `unanswered` requests half do not get there, of the others no answer back."""

    def __init__(self, core: Core, time: Timeline, witness: "Witness") -> None:
        """Ask `core`."""
        self.unanswered = 0
        self.made_at: dict[str, list[float]] = defaultdict(list)
        """By mailbox, when the server made its subscriptions."""
        self._core = core
        self._twin = CoreMailServer(core, lambda: time.now)
        self._time = time
        self._witness = witness

    def living(self, mailbox: str) -> list[Subscription]:
        """Return the subscriptions of a mailbox that live."""
        found = self._core.subscriptions.values()
        return [each for each in found if each.state is State.LIVE and each.mailbox == mailbox]

    def subscribe(self, mailbox: str, request: SubscribeRequest) -> Subscribed | Refused:
        """See `MailServer.subscribe`."""
        self._witness.subscribing(mailbox, request)
        answer: Subscribed | Refused | None = None
        try:
            answer = self._subscribed(mailbox, request)
        finally:
            self._witness.subscribed(mailbox, request, answer)
        return answer

    def _subscribed(self, mailbox: str, request: SubscribeRequest) -> Subscribed | Refused:
        is_lost = self._loses()
        before = len(self._core.subscriptions)
        try:
            answer = self._twin.subscribe(mailbox, request)
        finally:
            self.made_at[mailbox] += [self._time.now] * (len(self._core.subscriptions) - before)
        if is_lost:
            message = "the answer was lost"
            raise UnavailableError(message)
        return answer

    def sync_items(self, mailbox: str, request: SyncItemsRequest) -> ItemsPage | Refused:
        """See `MailServer.sync_items`."""
        self._witness.synchronizing(mailbox)
        return self._twin.sync_items(mailbox, request)

    def sync_hierarchy(self, mailbox: str, request: SyncHierarchyRequest) -> HierarchyPage | Refused:
        """See `MailServer.sync_hierarchy`."""
        self._witness.synchronizing(mailbox)
        return self._twin.sync_hierarchy(mailbox, request)

    def missing_items(self, mailbox: str, request: LookupRequest) -> frozenset[str] | Refused:
        """See `MailServer.missing_items`."""
        self._witness.synchronizing(mailbox)
        return self._twin.missing_items(mailbox, request)

    def _loses(self) -> bool:
        """Return whether the answer is lost. Raises `UnavailableError` where the request is."""
        if self.unanswered <= 0:
            return False
        self.unanswered -= 1
        self._time.now += 20  # its time-outs
        if self.unanswered % 2:
            raise UnavailableError("the request was lost")
        return True
