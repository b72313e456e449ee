"""EWS over real HTTP: what is sent, what every answer means, and that nothing is followed or repeated."""

import gzip
import socket
import zlib
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime

import pytest
from lxml import etree

from ewspush.adapters.ews import EwsServer
from ewspush.domain.ports import Credentials
from ewspush.errors import UnavailableError
from ewspush.protocol.namespaces import M, S, T
from ewspush.protocol.response_codes import ERROR_PAGE, HTML_PAGE, NO_CONNECTION
from ewspush.protocol.soap import MAX_ANSWER_BYTES, Refused
from ewspush.protocol.subscribe import SOAP_ACTION, Subscribed
from tests.builders import MAILBOX, NOON
from tests.integration.ews_server import BUSY, KEEPER, MADE, OWN, REQUEST, VERSION, Clock, Page, Server, asked, client
from tests.twins.credentials import MemoryCredentials


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a server that makes every subscription."""
    with Server() as server:
        yield server


class TestRequest:
    """What is sent."""

    def test_each_has_a_connection_of_its_own(self, server: Server) -> None:
        """One that is closed during a request would leave open whether the subscription was made."""
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
        """In the version that is configured."""
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
    def test_an_impersonating_account_names_the_mailbox_in_body_and_header(
        self, server: Server, credentials: Credentials, address: str | None
    ) -> None:
        """The header leads to the mailbox's server; a mailbox that signs in as itself needs neither."""
        asked(server.url, known=credentials)
        (got,) = server.got
        path = f"{S}Header/{T}ExchangeImpersonation/{T}ConnectingSID/{T}SmtpAddress"
        assert etree.fromstring(got.body).findtext(path) == address
        assert got.headers.get("X-AnchorMailbox") == address

    def test_an_address_beyond_ascii_is_impersonated_like_any_other(self, server: Server) -> None:
        """In the body: a header holds ASCII only."""
        address = "łucja@example.com"
        mailboxes = EwsServer(server.url, VERSION, MemoryCredentials({address: KEEPER}), Clock())
        assert mailboxes.subscribe(address, REQUEST) == Subscribed("S2", "w1")
        path = f"{S}Header/{T}ExchangeImpersonation/{T}ConnectingSID/{T}SmtpAddress"
        assert etree.fromstring(server.got[0].body).findtext(path) == address


class TestAnswer:
    """What an answer means."""

    @pytest.mark.parametrize(
        ("page", "answer"),
        [
            (Page(200, MADE), Subscribed("S2", "w1")),
            (Page(200, MADE, in_chunks=True), Subscribed("S2", "w1")),
            (Page(500, BUSY), Refused("ErrorServerBusy", "Busy.", 4500)),
            (Page(500, BUSY, {"Retry-After": "60"}), Refused("ErrorServerBusy", "Busy.", 4500)),
            (Page(200, b"<html><title>Welcome</title></html>"), Refused(HTML_PAGE, "Welcome")),
            (Page(200, BUSY), Refused("ErrorServerBusy", "Busy.", 4500)),
            (Page(200), Refused("HTTP 200")),
            (
                Page(307, b"", {"Location": "https://x.example/a?b=c"}),
                Refused("HTTP 307", "redirects to https://x.example/a"),
            ),
            (Page(500, b"", {"X-FEServer": "EXCH1"}), Refused("HTTP 500", "X-FEServer: EXCH1")),
            (Page(200, gzip.compress(MADE), {"Content-Encoding": "gzip"}), Subscribed("S2", "w1")),
            (Page(200, gzip.compress(MADE), {"Content-Encoding": "gzip"}, in_chunks=True), Subscribed("S2", "w1")),
            (
                Page(500, zlib.compress(BUSY), {"Content-Encoding": "deflate"}),
                Refused("ErrorServerBusy", "Busy.", 4500),
            ),
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
    def test_after_half_an_answer_or_none_the_subscription_may_exist(self, server: Server, page: Page) -> None:
        """The request is sent once: the server may have carried it out."""
        server.pages = [page]
        with pytest.raises(UnavailableError):
            asked(server.url)
        assert len(server.got) == 1

    def test_a_redirect_to_an_error_page_is_passing_trouble(self, server: Server) -> None:
        """Exchange sends one now and then; it is not followed."""
        server.pages = [Page(302, b"", {"Location": "/ews/genericerrorpage.htm"})]
        text = f"redirects to {server.url.removesuffix('/EWS/Exchange.asmx')}/ews/genericerrorpage.htm"
        assert asked(server.url) == Refused(ERROR_PAGE, text)
        assert len(server.got) == 1

    def test_a_small_answer_that_grows_without_end_is_no_answer(self, server: Server) -> None:
        """The limit holds for what it is uncompressed."""
        server.pages = [Page(200, gzip.compress(b" " * (MAX_ANSWER_BYTES * 4)), {"Content-Encoding": "gzip"})]
        assert asked(server.url) == Refused("HTTP 200")

    def test_an_endless_answer_is_not_read_to_its_end(self, server: Server) -> None:
        """No server writes so much; it is no answer."""
        server.pages = [Page(200, b"x" * (3 * 1024 * 1024))]
        assert asked(server.url) == Refused("HTTP 200")

    def test_without_a_server_the_request_is_refused(self) -> None:
        """Nothing was sent."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
        answer = asked(f"http://127.0.0.1:{port}/")
        assert isinstance(answer, Refused)
        assert answer.response_code == NO_CONNECTION

    def test_by_a_server_without_tls_the_request_is_refused(self, server: Server) -> None:
        """The handshake failed, so nothing was sent."""
        answer = asked(server.url.replace("http:", "https:"))
        assert isinstance(answer, Refused)
        assert (answer.response_code, server.got) == (NO_CONNECTION, [])
