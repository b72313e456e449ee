"""EWS over HTTP: one request, one answer, nothing followed and nothing repeated."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from http.client import HTTPException
from typing import Final, Generic, TypeVar

from ewspush.adapters.http_connection import Connection, NotConnectedError
from ewspush.domain.ports import Clock, Credentials, MailCredentials
from ewspush.errors import UnavailableError
from ewspush.protocol.content_coding import decoded
from ewspush.protocol.http_headers import UNAUTHORIZED, with_headers
from ewspush.protocol.lookup import SOAP_ACTION as LOOKUP_SOAP_ACTION
from ewspush.protocol.lookup import LookupAnswer, LookupRequest, build_get_items, parse_get_items
from ewspush.protocol.response_codes import NO_CONNECTION, NO_CREDENTIALS
from ewspush.protocol.soap import MAX_ANSWER_BYTES, Refused
from ewspush.protocol.subscribe import (
    SOAP_ACTION,
    Subscribed,
    SubscribeRequest,
    build_subscribe,
    parse_subscribe_response,
)
from ewspush.protocol.synchronization import (
    HIERARCHY_SOAP_ACTION,
    ITEMS_SOAP_ACTION,
    HierarchyPage,
    ItemsPage,
    SyncHierarchyRequest,
    SyncItemsRequest,
    UnusablePage,
    build_sync_hierarchy,
    build_sync_items,
    parse_sync_hierarchy,
    parse_sync_items,
)

_CONNECT_SECONDS: Final = 5
_TOTAL_SECONDS: Final = 20
"""For a call from its beginning to the last byte: twice so long is below the grace of a Subscribe (domain.timing), and
once below what the keeper's handler keeps in reserve."""

_LOCKOUT: Final = timedelta(minutes=5)
"""Directories lock accounts that fail too often: refused credentials rest for so long, however many mailboxes wait."""


Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class _Operation(Generic[Answer]):
    """How to ask for something: `build` takes the schema's version and whom to impersonate."""

    soap_action: str
    build: Callable[[str, str | None], bytes]
    read: Callable[[int, bytes], Answer | Refused]


class EwsServer:
    """`MailServer` at an address, spoken to in one version of the schema.

    Each request has a connection of its own: one that was kept open, and that the server closes
    just then, would leave open whether it has made a subscription.
    """

    def __init__(self, url: str, server_version: str, credentials: MailCredentials, clock: Clock) -> None:
        self._url = url
        self._server_version = server_version
        self._credentials = credentials
        self._clock = clock
        self._unauthorized: dict[str, tuple[datetime, Refused]] = {}
        """By their Authorization, when credentials were refused last, and how."""
        self._trust = ssl.create_default_context()

    def subscribe(self, mailbox: str, request: SubscribeRequest) -> Subscribed | Refused:
        return self._ask(mailbox, _Operation(SOAP_ACTION, partial(build_subscribe, request), parse_subscribe_response))

    def sync_items(self, mailbox: str, request: SyncItemsRequest) -> ItemsPage | Refused | UnusablePage:
        read = partial(parse_sync_items, request=request)
        return self._ask(mailbox, _Operation(ITEMS_SOAP_ACTION, partial(build_sync_items, request), read))

    def sync_hierarchy(self, mailbox: str, request: SyncHierarchyRequest) -> HierarchyPage | Refused | UnusablePage:
        read = partial(parse_sync_hierarchy, request=request)
        return self._ask(mailbox, _Operation(HIERARCHY_SOAP_ACTION, partial(build_sync_hierarchy, request), read))

    def missing_items(self, mailbox: str, request: LookupRequest) -> LookupAnswer | Refused:
        read = partial(parse_get_items, request=request)
        return self._ask(mailbox, _Operation(LOOKUP_SOAP_ACTION, partial(build_get_items, request), read))

    def _ask(self, mailbox: str, operation: "_Operation[Answer]") -> Answer | Refused:
        """Ask; what a 401 refuses is tried once more with fresh credentials, if they differ."""
        credentials = self._credentials.of(mailbox)
        answer = self._ask_as(mailbox, operation, credentials)
        if isinstance(answer, Refused) and answer.response_code in {UNAUTHORIZED, NO_CREDENTIALS}:
            self._credentials.refresh()
            fresh = self._credentials.of(mailbox)
            if fresh != credentials:
                return self._ask_as(mailbox, operation, fresh)
        return answer

    def _ask_as(
        self, mailbox: str, operation: "_Operation[Answer]", credentials: Credentials | None
    ) -> Answer | Refused:
        if credentials is None:
            return Refused(NO_CREDENTIALS)
        refused_at, refused = self._unauthorized.get(credentials.authorization, (None, None))
        if refused_at is not None and refused is not None and self._clock() - refused_at < _LOCKOUT:
            return refused
        body = operation.build(self._server_version, mailbox if credentials.impersonates else None)
        answer = self._post(body, _headers(mailbox, operation.soap_action, credentials), operation.read)
        if isinstance(answer, Refused) and answer.response_code == UNAUTHORIZED:
            self._unauthorized[credentials.authorization] = (self._clock(), answer)
        return answer

    def _post(
        self, body: bytes, headers: dict[str, str], read: "Callable[[int, bytes], Answer | Refused]"
    ) -> Answer | Refused:
        limits = {"connect_seconds": _CONNECT_SECONDS, "total_seconds": _TOTAL_SECONDS}
        try:
            with Connection(self._url, self._trust, **limits) as connection:
                got = connection.post(body, headers, MAX_ANSWER_BYTES)
        except NotConnectedError as error:
            return Refused(NO_CONNECTION, str(error))
        except (HTTPException, OSError) as error:
            message = f"no answer of the mail server: {type(error).__name__}"
            raise UnavailableError(message) from error
        coding = next((value for name, value in got.headers if name.lower() == "content-encoding"), None)
        answer = read(got.status, decoded(got.body, coding, MAX_ANSWER_BYTES))
        if not isinstance(answer, Refused):
            return answer
        return with_headers(answer, got.headers, self._url, self._clock())


def _headers(mailbox: str, soap_action: str, credentials: Credentials) -> dict[str, str]:
    """X-AnchorMailbox leads an impersonating account to the mailbox's server (Exchange, page on EWS and OAuth)."""
    headers = {
        "Content-Type": "text/xml; charset=utf-8",
        "SOAPAction": f'"{soap_action}"',
        "Authorization": credentials.authorization,
        "Accept-Encoding": "identity",
        "Connection": "close",
        "User-Agent": "ews-push",
    }
    can_lead = credentials.impersonates and mailbox.isascii()  # a header holds nothing else
    return headers | {"X-AnchorMailbox": mailbox} if can_lead else headers
