"""The mail server is mailsim's, asked without a network: with the bytes that are sent, and read as they are read."""

import base64
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from ewspush.errors import UnavailableError
from ewspush.protocol import lookup, subscribe, synchronization
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
from tests.twins.faults import FaultPlan

VERSION: Final = "Exchange2010_SP2"
"""Of the schema; both profiles take it."""

PASSWORD: Final = "password"
"""Of every mailbox."""

Answer = TypeVar("Answer")


class CoreMailServer:
    """`MailServer` on a `Core`, which every mailbox signs in to by itself.

    `clock` returns seconds since the epoch. By its plan `calls` a request is lost on its way there, or its answer on
    the way back.
    """

    def __init__(self, core: Core, clock: Callable[[], float], calls: FaultPlan | None = None) -> None:
        self.calls = calls or FaultPlan(error=UnavailableError)
        self._core = core
        self._clock = clock

    def subscribe(self, mailbox: str, request: SubscribeRequest) -> Subscribed | Refused:
        return self._ask(mailbox, subscribe.build_subscribe(request, VERSION), subscribe.parse_subscribe_response)

    def sync_items(self, mailbox: str, request: SyncItemsRequest) -> ItemsPage | Refused | UnusablePage:
        read = partial(synchronization.parse_sync_items, request=request)
        return self._ask(mailbox, synchronization.build_sync_items(request, VERSION), read)

    def sync_hierarchy(self, mailbox: str, request: SyncHierarchyRequest) -> HierarchyPage | Refused | UnusablePage:
        read = partial(synchronization.parse_sync_hierarchy, request=request)
        return self._ask(mailbox, synchronization.build_sync_hierarchy(request, VERSION), read)

    def missing_items(self, mailbox: str, request: LookupRequest) -> LookupAnswer | Refused:
        return self._ask(
            mailbox, lookup.build_get_items(request, VERSION), partial(lookup.parse_get_items, request=request)
        )

    def _ask(self, mailbox: str, body: bytes, read: Callable[[int, bytes], Answer | Refused]) -> Answer | Refused:
        self.calls.before()
        credentials = base64.b64encode(f"{mailbox}:{PASSWORD}".encode()).decode()
        status, answer = self._core.handle_ews(body, f"Basic {credentials}", self._clock())
        self.calls.after()
        if status is None:
            raise UnavailableError("the connection was closed without an answer")
        return read(status, answer)
