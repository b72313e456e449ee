"""EWS over real HTTP: what is sent, what is made of every answer, and that nothing is followed or repeated."""

import logging
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from threading import Thread
from typing import Any, Final

import pytest
from lxml import etree

from ewspush.adapters import ews
from ewspush.adapters.ews import EwsServer
from ewspush.domain.ports import Credentials, UnavailableError
from ewspush.protocol.namespaces import MESSAGES, SOAP, TYPES, M, S, T
from ewspush.protocol.response_codes import NO_CONNECTION, NO_CREDENTIALS
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import SOAP_ACTION, Subscribed, SubscribeRequest
from mailsim.http_server import Server as MailsimServer
from mailsim.runtime import Runtime
from tests.http_server import HttpServer, Request, Response
from tests.stories import MAILBOX, NOON
from tests.twins.credentials import MemoryCredentials
from tests.unit.mailsim.world import EMAIL, World, basic

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
    """An answer of the server: `status` 0 closes the connection without one, `missing` bytes are promised in vain."""

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


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a server that makes every subscription."""
    with Server() as server:
        yield server


@dataclass
class Clock:
    """A clock that is cranked, or goes on by a step whenever it is asked."""

    now: datetime = NOON
    step: timedelta = timedelta()

    def __call__(self) -> datetime:
        """Return the time."""
        self.now += self.step
        return self.now


def client(
    url: str, known: Credentials | None = OWN, fresh: Credentials | None = None, clock: Clock | None = None
) -> EwsServer:
    """Return a client with credentials for every mailbox, and what a refresh would bring."""
    accounts = {name: known for name in (MAILBOX, "bob@example.com") if known is not None}
    renewed = dict.fromkeys((MAILBOX, "bob@example.com"), fresh) if fresh is not None else None
    return EwsServer(url, VERSION, MemoryCredentials(accounts, renewed), clock or Clock())


def asked(url: str, **changes: Any) -> Subscribed | Refused:
    """Return what comes of one Subscribe."""
    return client(url, **changes).subscribe(MAILBOX, REQUEST)


class TestRequest:
    """What is sent."""

    def test_each_has_a_connection_of_its_own(self, server: Server) -> None:
        """One that is closed under a request would leave in doubt whether the subscription was made."""
        mailboxes = client(server.url)
        for _ in range(3):
            mailboxes.subscribe(MAILBOX, REQUEST)
        assert (len(server.got), server.connections) == (3, 3)

    def test_it_is_a_soap_post_with_the_credentials(self, server: Server) -> None:
        """To the path as it is, in one request."""
        assert asked(server.url) == Subscribed("S2", "w1")
        (got,) = server.got
        assert (got.method, got.path) == ("POST", "/EWS/Exchange.asmx")
        expected = {
            "Content-Type": "text/xml; charset=utf-8",
            "SOAPAction": f'"{SOAP_ACTION}"',
            "Authorization": OWN.authorization,
        }
        assert expected.items() <= got.headers.items()

    def test_its_children_stand_in_the_order_of_the_schema(self, server: Server) -> None:
        """In the version that was set."""
        asked(server.url)
        root = etree.fromstring(server.got[0].body)
        version = root.find(f"{S}Header/{T}RequestServerVersion")
        assert version is not None
        assert version.get("Version") == VERSION
        pushed = root.find(f"{S}Body/{M}Subscribe/{M}PushSubscriptionRequest")
        assert pushed is not None
        names = ("FolderIds", "EventTypes", "Watermark", "StatusFrequency", "URL")
        assert [child.tag for child in pushed] == [T + name for name in names]
        assert [child.text for child in pushed][2:] == ["w1", "15", REQUEST.url]

    @pytest.mark.parametrize(("credentials", "address"), [(OWN, None), (KEEPER, MAILBOX)])
    def test_an_account_that_impersonates_says_whom_in_body_and_header(
        self, server: Server, credentials: Credentials, address: str | None
    ) -> None:
        """The header leads to the mailbox's server; a mailbox that signs in as itself needs neither."""
        asked(server.url, known=credentials)
        (got,) = server.got
        path = f"{S}Header/{T}ExchangeImpersonation/{T}ConnectingSID/{T}SmtpAddress"
        assert etree.fromstring(got.body).findtext(path) == address
        assert got.headers.get("X-AnchorMailbox") == address

    def test_an_address_beyond_ascii_is_impersonated_like_any_other(self, server: Server) -> None:
        """Headers are no place for it; the body is."""
        address = "łucja@example.com"
        mailboxes = EwsServer(server.url, VERSION, MemoryCredentials({address: KEEPER}), Clock())
        assert mailboxes.subscribe(address, REQUEST) == Subscribed("S2", "w1")
        path = f"{S}Header/{T}ExchangeImpersonation/{T}ConnectingSID/{T}SmtpAddress"
        assert etree.fromstring(server.got[0].body).findtext(path) == address


class TestAnswer:
    """What is made of the answer."""

    @pytest.mark.parametrize(
        ("page", "answer"),
        [
            (Page(200, MADE), Subscribed("S2", "w1")),
            (Page(200, MADE, in_chunks=True), Subscribed("S2", "w1")),
            (Page(500, BUSY), Refused("ErrorServerBusy", "Busy.", 4500)),
            (Page(500, BUSY, {"Retry-After": "60"}), Refused("ErrorServerBusy", "Busy.", 4500)),
            (Page(200, b"<html>Welcome</html>"), Refused("HTTP 200")),
            (Page(200), Refused("HTTP 200")),
            (Page(302, b"", {"Location": "/ews/genericerrorpage.htm"}), Refused("HTTP 302")),
            (Page(307, b"", {"Location": "/elsewhere"}), Refused("HTTP 307")),
            (Page(403), Refused("HTTP 403")),
            (Page(429, b"", {"Retry-After": "30"}), Refused("HTTP 429", back_off_ms=30_000)),
            (
                Page(503, b"", {"Retry-After": format_datetime(NOON + timedelta(minutes=2), usegmt=True)}),
                Refused("HTTP 503", back_off_ms=120_000),
            ),
            (
                Page(503, b"", {"Retry-After": format_datetime(NOON - timedelta(minutes=2), usegmt=True)}),
                Refused("HTTP 503", back_off_ms=0),
            ),
            (Page(503, b"", {"Retry-After": "soon"}), Refused("HTTP 503")),
            (Page(503, b"", {"Retry-After": "9" * 5000}), Refused("HTTP 503", back_off_ms=999_999_999_000)),
            (Page(503, b"", {"Retry-After": "-1"}), Refused("HTTP 503")),
            (Page(503, b"<html>busy</html>"), Refused("HTTP 503")),
            (Page(504), Refused("HTTP 504")),
        ],
        ids=lambda value: f"{value.status}" if isinstance(value, Page) else "",
    )
    def test_every_answer_is_a_subscription_or_a_refusal(
        self, server: Server, page: Page, answer: Subscribed | Refused
    ) -> None:
        """In one request: nothing is followed, nothing is sent again."""
        server.pages = [page]
        assert asked(server.url) == answer
        assert len(server.got) == 1

    @pytest.mark.parametrize(
        "page",
        [Page(0), Page(200, MADE[:-9], missing=9), Page(200, MADE[:-9], missing=9, in_chunks=True)],
        ids=["closed", "cut", "cut in chunks"],
    )
    def test_no_answer_or_half_of_one_leaves_the_subscription_in_doubt(self, server: Server, page: Page) -> None:
        """It is sent once: the server may have carried it out."""
        server.pages = [page]
        with pytest.raises(UnavailableError):
            asked(server.url)
        assert len(server.got) == 1

    def test_an_answer_that_drips_in_for_too_long_leaves_it_in_doubt(self, server: Server) -> None:
        """No piece is late, all of them together are: the next keeper would not wait."""
        server.pages = [Page(200, MADE, drips=True)]
        clock = Clock(step=timedelta(seconds=10))
        with pytest.raises(UnavailableError):
            asked(server.url, clock=clock)

    def test_a_server_that_takes_too_long_leaves_it_in_doubt(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It took the connection."""
        monkeypatch.setattr(ews, "_READ_SECONDS", 0.2)
        with socket.create_server(("127.0.0.1", 0)) as listening, pytest.raises(UnavailableError):
            asked(f"http://127.0.0.1:{listening.getsockname()[1]}/")

    def test_an_endless_answer_is_not_read_to_its_end(self, server: Server) -> None:
        """A megabyte is more than any server says; it is no answer."""
        server.pages = [Page(200, b"x" * (3 * 1024 * 1024))]
        assert asked(server.url) == Refused("HTTP 200")

    def test_nobody_there_is_a_clear_no(self) -> None:
        """Nothing was sent."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
        answer = asked(f"http://127.0.0.1:{port}/")
        assert isinstance(answer, Refused)
        assert answer.response_code == NO_CONNECTION

    def test_a_server_without_tls_is_a_clear_no(self, server: Server) -> None:
        """The handshake failed, so nothing was sent."""
        answer = asked(server.url.replace("http:", "https:"))
        assert isinstance(answer, Refused)
        assert (answer.response_code, server.got) == (NO_CONNECTION, [])


class TestCredentials:
    """Who asks."""

    def test_what_is_refused_is_tried_once_more_with_fresh_ones(self, server: Server) -> None:
        """A password was changed a moment ago."""
        server.pages = [Page(401), Page(200, MADE)]
        assert asked(server.url, fresh=FRESH) == Subscribed("S2", "w1")
        assert [got.headers["Authorization"] for got in server.got] == [OWN.authorization, FRESH.authorization]

    def test_what_is_refused_is_not_tried_again_where_none_are_fresh(self, server: Server) -> None:
        """Directories lock accounts that fail too often."""
        server.pages = [Page(401)]
        assert asked(server.url) == Refused("HTTP 401")
        assert len(server.got) == 1

    def test_fresh_ones_that_are_refused_too_are_not_tried_a_third_time(self, server: Server) -> None:
        """Two requests at most."""
        server.pages = [Page(401)]
        assert asked(server.url, fresh=FRESH) == Refused("HTTP 401")
        assert len(server.got) == 2

    def test_refused_ones_rest_for_five_minutes_for_all_mailboxes(self, server: Server) -> None:
        """Then they are tried again: Exchange also answers 401 when it is overloaded."""
        clock = Clock()
        mailboxes = client(server.url, clock=clock)
        server.pages = [Page(401), Page(200, MADE)]
        assert mailboxes.subscribe(MAILBOX, REQUEST) == Refused("HTTP 401")
        for minutes in (0, 4.99):
            clock.now = NOON + timedelta(minutes=minutes)
            assert mailboxes.subscribe("bob@example.com", REQUEST) == Refused("HTTP 401")
        assert len(server.got) == 1
        clock.now = NOON + timedelta(minutes=5)
        assert mailboxes.subscribe("bob@example.com", REQUEST) == Subscribed("S2", "w1")

    def test_without_any_nothing_is_sent(self, server: Server) -> None:
        """They are looked for once more: the secret may have been filled meanwhile."""
        assert asked(server.url, known=None) == Refused(NO_CREDENTIALS)
        assert server.got == []
        assert asked(server.url, known=None, fresh=FRESH) == Subscribed("S2", "w1")

    def test_they_are_in_no_log_and_no_error(self, server: Server, caplog: pytest.LogCaptureFixture) -> None:
        """Nor is the path of the callback, which is a secret too, or the address."""
        caplog.set_level(logging.DEBUG)
        server.pages = [Page(401), Page(500, BUSY), Page(0)]
        mailboxes = client(server.url, fresh=FRESH)
        mailboxes.subscribe(MAILBOX, REQUEST)
        with pytest.raises(UnavailableError) as failure:
            mailboxes.subscribe(MAILBOX, REQUEST)
        said = f"{caplog.text} {failure.value!r} {failure.value.__cause__!r} {mailboxes!r} {OWN!r} {KEEPER}"
        for secret in ("b3du", "a2Vl", "secret-path", "alice"):
            assert secret not in said


class TestMailsim:
    """A server that was written apart from this client."""

    @pytest.fixture
    def world(self) -> World:
        """Return a mail server with a user, and an account that may act on every mailbox."""
        world = World()
        world.call("users", email="keeper@example.com", password="password", impersonates=True)
        return world

    @pytest.fixture
    def url(self, world: World) -> Iterator[str]:
        """Return the address of EWS; nothing is posted."""
        with MailsimServer(0, Runtime(world.core)) as listening:
            thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
            thread.start()
            yield listening.urls["ews"]
            listening.shutdown()
            thread.join()

    @pytest.mark.parametrize("email", [EMAIL, "keeper@example.com"])
    def test_it_makes_a_subscription(self, world: World, url: str, email: str) -> None:
        """For a mailbox that signs in as itself, and for one that is impersonated."""
        credentials = Credentials(basic(email=email), impersonates=email != EMAIL)
        mailboxes = EwsServer(url, VERSION, MemoryCredentials({EMAIL: credentials}), Clock())
        answer = mailboxes.subscribe(EMAIL, replace(REQUEST, watermark=None))
        assert isinstance(answer, Subscribed)
        (made,) = world.get("subscriptions")
        assert (made["subscription_id"], made["mailbox"], made["url"]) == (answer.subscription_id, EMAIL, REQUEST.url)
        assert made["status_frequency"] == 15

    @pytest.mark.parametrize(
        ("version", "password", "code"),
        [(VERSION, "wrong", "HTTP 401"), ("Exchange2013", "password", "ErrorInvalidServerVersion")],
    )
    def test_it_refuses_as_the_real_one_does(self, url: str, version: str, password: str, code: str) -> None:
        """With a status, or in a fault."""
        credentials = Credentials(basic(password), impersonates=False)
        answer = EwsServer(url, version, MemoryCredentials({EMAIL: credentials}), Clock()).subscribe(EMAIL, REQUEST)
        assert isinstance(answer, Refused)
        assert answer.response_code == code
