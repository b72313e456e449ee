"""The mail server as our side calls it; the checker observes every call."""

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from ewspush.errors import UnavailableError
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
from mailsim.core import Core
from mailsim.subscription import State, Subscription
from tests.simulation.clock import Timeline
from tests.twins.core_mail_server import CoreMailServer

if TYPE_CHECKING:
    from tests.simulation.invariants.checker import Checker

_TIMEOUT_SECONDS: Final = 20
"""Until our side gives a Subscribe up."""


class ObservedServer:
    """`MailServer` on a core. The next `timeouts` Subscribes time out: half the requests get lost, half the answers."""

    def __init__(self, core: Core, time: Timeline, checker: "Checker") -> None:
        self.timeouts = 0
        self.created_at: dict[str, list[float]] = defaultdict(list)
        """By mailbox, when the server made its subscriptions."""
        self._core = core
        self._twin = CoreMailServer(core, lambda: time.now)
        self._time = time
        self._checker = checker

    def live(self, mailbox: str) -> list[Subscription]:
        """Return the live subscriptions of a mailbox."""
        found = self._core.subscriptions.values()
        return [each for each in found if each.state is State.LIVE and each.mailbox == mailbox]

    def subscribe(self, mailbox: str, request: SubscribeRequest) -> Subscribed | Refused:
        self._checker.before_subscribe(mailbox, request)
        answer: Subscribed | Refused | None = None
        try:
            answer = self._subscribe(mailbox, request)
        finally:
            self._checker.after_subscribe(mailbox, request, answer)
        return answer

    def _subscribe(self, mailbox: str, request: SubscribeRequest) -> Subscribed | Refused:
        loses_answer = self._times_out()
        before = len(self._core.subscriptions)
        try:
            answer = self._twin.subscribe(mailbox, request)
        finally:
            self.created_at[mailbox] += [self._time.now] * (len(self._core.subscriptions) - before)
        if loses_answer:
            raise UnavailableError("the answer was lost")
        return answer

    def _times_out(self) -> bool:
        """Return whether the answer gets lost. Raises `UnavailableError` where the request does."""
        if self.timeouts <= 0:
            return False
        self.timeouts -= 1
        self._time.now += _TIMEOUT_SECONDS
        if self.timeouts % 2:
            raise UnavailableError("the request was lost")
        return True

    def sync_items(self, mailbox: str, request: SyncItemsRequest) -> ItemsPage | Refused | UnusablePage:
        self._checker.count_sync_request()
        return self._twin.sync_items(mailbox, request)

    def sync_hierarchy(self, mailbox: str, request: SyncHierarchyRequest) -> HierarchyPage | Refused | UnusablePage:
        self._checker.count_sync_request()
        return self._twin.sync_hierarchy(mailbox, request)

    def missing_items(self, mailbox: str, request: LookupRequest) -> LookupAnswer | Refused:
        self._checker.count_sync_request()
        return self._twin.missing_items(mailbox, request)
