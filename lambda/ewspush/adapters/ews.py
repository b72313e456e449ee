"""EWS over HTTP: one request, one answer, nothing followed and nothing repeated."""

import re
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Final, Generic, TypeVar

import urllib3
from urllib3 import HTTPHeaderDict
from urllib3.exceptions import HTTPError, NewConnectionError, SSLError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError

from ewspush.domain.ports import Clock, Credentials, MailCredentials
from ewspush.errors import UnavailableError
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
_READ_SECONDS: Final = 15
"""Together below the grace of a Subscribe (domain.renewal)."""

_ANSWER: Final = timedelta(seconds=15)
"""For the body, once it has begun."""

_PIECE_BYTES: Final = 64 * 1024
_MAX_DIGITS: Final = 9
_UNAUTHORIZED: Final = "HTTP 401"
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,30}")

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
        if isinstance(answer, Refused) and answer.response_code in {_UNAUTHORIZED, NO_CREDENTIALS}:
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
        if isinstance(answer, Refused) and answer.response_code == _UNAUTHORIZED:
            self._unauthorized[credentials.authorization] = (self._clock(), answer)
        return answer

    def _post(
        self, body: bytes, headers: dict[str, str], read: "Callable[[int, bytes], Answer | Refused]"
    ) -> Answer | Refused:
        timeout = urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS)
        try:
            with urllib3.PoolManager(ssl_context=self._trust, retries=False, timeout=timeout) as http:
                response = http.request(
                    "POST", self._url, body=body, headers=headers, redirect=False, preload_content=False
                )
                content = self._content(response)
        except (NewConnectionError, SSLError, urllib3.exceptions.ConnectTimeoutError) as error:
            return Refused(NO_CONNECTION, type(error).__name__)
        except (HTTPError, HTTPTimeoutError, OSError) as error:
            message = f"no answer of the mail server: {type(error).__name__}"
            raise UnavailableError(message) from error
        answer = read(response.status, content)
        return _with_headers(answer, response.headers, self._clock()) if isinstance(answer, Refused) else answer

    def _content(self, response: urllib3.BaseHTTPResponse) -> bytes:
        """Return the body, as much as is taken. Raises HTTPError where it breaks off, or drips in for too long."""
        content, ends_at = b"", self._clock() + _ANSWER
        while len(content) <= MAX_ANSWER_BYTES and (piece := response.read1(_PIECE_BYTES, decode_content=False)):
            content += piece
            if self._clock() > ends_at:
                message = "the answer takes too long"
                raise HTTPError(message)
        response.close()
        return content


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


def _with_headers(refused: Refused, headers: HTTPHeaderDict, now: datetime) -> Refused:
    """Return a refusal with what the headers say: how long to wait, and how to sign in."""
    if refused.back_off_ms is None:
        refused = replace(refused, back_off_ms=_retry_after_ms(headers.get("Retry-After"), now))
    if refused.response_code == _UNAUTHORIZED:
        methods = _sign_in_methods(headers.getlist("WWW-Authenticate"))
        if methods and "basic" not in map(str.lower, methods):
            return replace(refused, text=f"sign in by {', '.join(methods)}, not by Basic")
    return refused


def _sign_in_methods(challenges: Iterable[str]) -> list[str]:
    """Return the schemes of the challenges (RFC 9110, section 11.6.1), each once."""
    first_words = (part.split(maxsplit=1)[0] for each in challenges for part in each.split(",") if part.strip())
    return list(dict.fromkeys(word for word in first_words if _SCHEME.fullmatch(word)))


def _retry_after_ms(value: str | None, now: datetime) -> int | None:
    """Return Retry-After, seconds or a date (RFC 9110, section 10.2.3), in milliseconds; None for anything else."""
    if value is None:
        return None
    if value.isascii() and value.isdecimal():
        return int(value[:_MAX_DIGITS]) * 1000
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(int((aware - now).total_seconds() * 1000), 0)
