"""Ledger and mail server in which something may happen at a certain moment."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeAlias

from ewspush.domain.events import LoggedNotification
from ewspush.domain.subscription import SubscriptionKey
from ewspush.domain.sync_run import SyncStep
from ewspush.domain.updates import ConditionalUpdate, WriteResult
from ewspush.protocol.lookup import LookupRequest
from ewspush.protocol.soap import Refused
from ewspush.protocol.synchronization import (
    HierarchyPage,
    ItemsPage,
    SyncHierarchyRequest,
    SyncItemsRequest,
    UnusablePage,
)
from tests.twins.core_mail_server import CoreMailServer
from tests.twins.ledger import MemoryLedger
from tests.unit.mailsim.world import World

Action: TypeAlias = Callable[[], object]


def no_action() -> None:
    """Do nothing."""


class Ledger(MemoryLedger):
    """The ledger, where something may happen between reading and writing."""

    after_next_log_read: Action | None = None
    before_next_page: Action | None = None
    """Before a page with events is committed."""

    def recent(self, key: SubscriptionKey, since: datetime) -> Iterator[LoggedNotification]:
        entries = list(super().recent(key, since))
        action, self.after_next_log_read = self.after_next_log_read, None
        if action is not None:
            action()
        return iter(entries)

    def commit(self, update: ConditionalUpdate | None, step: SyncStep | None = None) -> WriteResult:
        if update is not None and step is not None:
            action, self.before_next_page = self.before_next_page, None
            if action is not None:
                action()
        return super().commit(update, step)


class Server(CoreMailServer):
    """mailsim, where something may happen on the way of a sync request, or of its answer; they count from 1."""

    def __init__(self, world: World) -> None:
        super().__init__(world.core, lambda: world.now)
        self.syncs = 0
        self.on_request: dict[int, Action] = {}
        """Before the server reads the request."""
        self.on_answer: dict[int, Action] = {}
        """After the server wrote the answer."""

    def sync_items(self, mailbox: str, request: SyncItemsRequest) -> ItemsPage | Refused | UnusablePage:
        number = self._begin()
        answer = super().sync_items(mailbox, request)
        self.on_answer.get(number, no_action)()
        return answer

    def sync_hierarchy(self, mailbox: str, request: SyncHierarchyRequest) -> HierarchyPage | Refused | UnusablePage:
        number = self._begin()
        answer = super().sync_hierarchy(mailbox, request)
        self.on_answer.get(number, no_action)()
        return answer

    def missing_items(self, mailbox: str, request: LookupRequest) -> frozenset[str] | Refused:
        number = self._begin()
        answer = super().missing_items(mailbox, request)
        self.on_answer.get(number, no_action)()
        return answer

    def _begin(self) -> int:
        self.syncs += 1
        number = self.syncs
        self.on_request.get(number, no_action)()
        return number
