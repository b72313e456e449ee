"""An HTTP server that answers EWS requests by a list of pages, and a client of it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from ewspush.adapters.ews import EwsServer
from ewspush.domain.ports import Credentials
from ewspush.protocol.namespaces import MESSAGES, SOAP, TYPES
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed, SubscribeRequest
from tests.builders import MAILBOX, NOON
from tests.http_server import HttpServer, Request, Response
from tests.twins.credentials import MemoryCredentials

OWN: Final = Credentials("Basic b3duOnNlY3JldA==", impersonates=False)
FRESH: Final = Credentials("Basic b3duOmZyZXNo", impersonates=False)
KEEPER: Final = Credentials("Basic a2VlcGVyOnNlY3JldA==", impersonates=True)
REQUEST: Final = SubscribeRequest(
    "https://hook.example/notify/k/2/secret-path", ("NewMailEvent", "CreatedEvent"), 15, ("inbox",), "w1"
)
VERSION: Final = "Exchange2010_SP2"

MADE: Final = (
    f'<s:Envelope xmlns:s="{SOAP}" xmlns:m="{MESSAGES}"><s:Body><m:SubscribeResponse><m:ResponseMessages>'
    '<m:SubscribeResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
    "<m:SubscriptionId>S2</m:SubscriptionId><m:Watermark>w1</m:Watermark></m:SubscribeResponseMessage>"
    "</m:ResponseMessages></m:SubscribeResponse></s:Body></s:Envelope>"
).encode()
BUSY: Final = (
    f'<s:Envelope xmlns:s="{SOAP}"><s:Body><s:Fault><faultcode>s:Server</faultcode><faultstring>Busy.</faultstring>'
    '<detail xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">'
    "<e:ResponseCode>ErrorServerBusy</e:ResponseCode><e:Message>Busy.</e:Message>"
    f'<t:MessageXml xmlns:t="{TYPES}"><t:Value Name="BackOffMilliseconds">4500</t:Value></t:MessageXml>'
    "</detail></s:Fault></s:Body></s:Envelope>"
).encode()


@dataclass(frozen=True)
class Page:
    """An answer of the server: `status` 0 closes the connection instead, `missing` bytes are announced and not sent."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    missing: int = 0
    in_chunks: bool = False
    drips: bool = False


class Server(HttpServer):
    """A server that answers by `pages`, the last of them again and again."""

    def __init__(self) -> None:
        super().__init__()
        self.url += "/EWS/Exchange.asmx"
        self.pages: list[Page] = [Page(200, MADE)]
        self.got: list[Request] = []

    def respond(self, request: Request) -> Response | None:
        """Answer with the next page; a connection stays open, whatever the client asks for."""
        self.got.append(request)
        page = self.pages.pop(0) if len(self.pages) > 1 else self.pages[0]
        if not page.status:
            return None
        length = {"Content-Length": str(len(page.body) + page.missing)}
        headers = page.headers | ({"Transfer-Encoding": "chunked"} if page.in_chunks else length)
        return Response(page.status, _pieces(page), headers, closes_connection=bool(page.missing))


def _pieces(page: Page) -> Iterator[bytes]:
    content = _chunked(page) if page.in_chunks else page.body
    for piece in batched(content, 50 if page.drips else 2**30):
        yield piece
        time.sleep(0.02 * page.drips)


def batched(content: bytes, size: int) -> list[bytes]:
    """Return the content in pieces."""
    return [content[start : start + size] for start in range(0, len(content), size)]


def _chunked(page: Page) -> bytes:
    chunk = b"%x\r\n%s\r\n" % (len(page.body), page.body)
    return chunk if page.missing else chunk + b"0\r\n\r\n"


@dataclass
class Clock:
    """A clock that the test moves, or that goes on by a step whenever it is asked."""

    now: datetime = NOON
    step: timedelta = timedelta()

    def __call__(self) -> datetime:
        """Return the time."""
        self.now += self.step
        return self.now


def client(
    url: str, known: Credentials | None = OWN, fresh: Credentials | None = None, clock: Clock | None = None
) -> EwsServer:
    """Return a client with credentials for every mailbox; `fresh` ones come with a refresh."""
    accounts = {name: known for name in (MAILBOX, "bob@example.com") if known is not None}
    renewed = dict.fromkeys((MAILBOX, "bob@example.com"), fresh) if fresh is not None else None
    return EwsServer(url, VERSION, MemoryCredentials(accounts, renewed), clock or Clock())


def asked(url: str, **changes: Any) -> Subscribed | Refused:
    """Return the answer to one Subscribe."""
    return client(url, **changes).subscribe(MAILBOX, REQUEST)
