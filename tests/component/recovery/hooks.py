"""Ledger and mail server in which something may happen at a certain moment."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeAlias, TypeVar

from lxml import etree

from ewspush.domain.events import LoggedNotification
from ewspush.domain.subscription import SubscriptionKey
from ewspush.domain.sync_run import SyncStep
from ewspush.domain.updates import ConditionalUpdate, WriteResult
from ewspush.protocol.lookup import LookupAnswer, LookupRequest
from ewspush.protocol.namespaces import M, T
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
Answer = TypeVar("Answer")


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
        self.stop_lookup: Callable[[tuple[str, ...]], int] | None = None
        """Returns after how many of its items a lookup stops; the next one is refused, the rest is not looked at."""

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

    def missing_items(self, mailbox: str, request: LookupRequest) -> LookupAnswer | Refused:
        number = self._begin()
        answer = super().missing_items(mailbox, request)
        self.on_answer.get(number, no_action)()
        return answer

    def _begin(self) -> int:
        self.syncs += 1
        number = self.syncs
        self.on_request.get(number, no_action)()
        return number

    def _ask(self, mailbox: str, body: bytes, read: Callable[[int, bytes], Answer | Refused]) -> Answer | Refused:
        ids = tuple(each.get("Id", "") for each in etree.fromstring(body).iterfind(f".//{M}ItemIds/{T}ItemId"))
        stop = self.stop_lookup(ids) if ids and self.stop_lookup is not None else len(ids)
        return super()._ask(mailbox, body, lambda status, answer: read(status, _stopped(answer, stop)))


def _stopped(answer: bytes, after: int) -> bytes:
    """Return the answer to a lookup as it is where the server stops after so many items."""
    root = etree.fromstring(answer)
    code = "ErrorMailboxStoreUnavailable"
    for message in list(root.iter(M + "GetItemResponseMessage"))[after:]:
        message.clear()
        message.set("ResponseClass", "Error")
        etree.SubElement(message, M + "ResponseCode").text = code
        code = "ErrorBatchProcessingStopped"
    return etree.tostring(root)
