"""The mail server in memory: it answers a Subscribe by a script, and keeps each request."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ewspush.domain.callback import Callback, verified
from ewspush.errors import UnavailableError
from ewspush.protocol.lookup import LookupAnswer, LookupRequest
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed, SubscribeRequest
from ewspush.protocol.synchronization import HierarchyPage, ItemsPage, SyncHierarchyRequest, SyncItemsRequest
from tests.twins.faults import FaultPlan

Answer: TypeAlias = Subscribed | Refused
Scripted: TypeAlias = Answer | Callable[["ReceivedSubscribe"], Answer]


@dataclass(frozen=True, slots=True)
class ReceivedSubscribe:
    """One Subscribe that reached the server."""

    mailbox: str
    request: SubscribeRequest

    def callback(self, *keys: bytes) -> Callback:
        """Return the callback that the URL names, verified with `keys` (`key` by default)."""
        subscription, generation, signature = self.request.url.split("/")[-3:]
        return verified(subscription, generation, signature, keys or (b"key",))

    @property
    def generation(self) -> int:
        """The generation that the URL names."""
        return self.callback().generation


class MemoryMailServer:
    """`MailServer` that answers by its script; after its last entry, every Subscribe succeeds.

    An entry of the script may be a function of the request: what it does happens while the Subscribe is under way.
    """

    def __init__(self, *script: Scripted, calls: FaultPlan | None = None) -> None:
        self.requests: list[ReceivedSubscribe] = []
        self.calls = calls or FaultPlan(error=UnavailableError)
        self._script = list(script)

    def subscribe(self, mailbox: str, request: SubscribeRequest) -> Answer:
        self.calls.before()
        received = ReceivedSubscribe(mailbox, request)
        self.requests.append(received)
        scripted = self._script.pop(0) if self._script else Subscribed(f"S{len(self.requests)}", request.watermark)
        answer = scripted if isinstance(scripted, Subscribed | Refused) else scripted(received)
        self.calls.after()
        return answer

    def sync_items(self, mailbox: str, request: SyncItemsRequest) -> ItemsPage:  # noqa: ARG002  # nothing ever changes
        return ItemsPage("state", (), is_last=True)

    def sync_hierarchy(self, mailbox: str, request: SyncHierarchyRequest) -> HierarchyPage:  # noqa: ARG002  # likewise
        return HierarchyPage("state", (), is_last=True)

    def missing_items(self, mailbox: str, request: LookupRequest) -> LookupAnswer:  # noqa: ARG002  # likewise
        return LookupAnswer(frozenset(request.ids), frozenset())
