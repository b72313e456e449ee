"""What the headers of an answer add to a refusal; waiting and signing in are in the integration tests."""

import pytest

from ewspush.protocol.http_headers import with_headers
from ewspush.protocol.response_codes import ERROR_PAGE, Remedy, advice
from ewspush.protocol.soap import MAX_TEXT_CHARACTERS, Refused
from tests.builders import NOON

URL = "https://mail.example/EWS/Exchange.asmx"


def explained(refused: Refused, *headers: tuple[str, str]) -> Refused:
    """Return the refusal with what the headers say."""
    return with_headers(refused, headers, URL, NOON)


class TestRedirects:
    """Location."""

    @pytest.mark.parametrize(
        ("location", "target"),
        [
            ("/ews/genericerrorpage.htm", "https://mail.example/ews/genericerrorpage.htm"),
            ("/owa/auth/errorFE.aspx?httpCode=500", "https://mail.example/owa/auth/errorFE.aspx"),
            ("https://other.example:8443/Error", "https://other.example:8443/Error"),
        ],
    )
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_one_to_an_error_page_is_passing_trouble(self, location: str, target: str, status: int) -> None:
        """Exchange sends one now and then."""
        refused = explained(Refused(f"HTTP {status}"), ("LOCATION", location))
        assert refused == Refused(ERROR_PAGE, f"redirects to {target}")
        assert advice(refused.response_code).remedy is Remedy.RETRY

    @pytest.mark.parametrize(
        ("location", "target"),
        [
            ("/owa/auth/logon.aspx?url=x&token=secret", "https://mail.example/owa/auth/logon.aspx"),
            ("https://user:secret@sign-in.example/adfs/ls/", "https://sign-in.example/adfs/ls/"),
            ("/errors/archive/", "https://mail.example/errors/archive/"),
        ],
    )
    def test_any_other_says_where_it_leads(self, location: str, target: str) -> None:
        """Without a query or a password."""
        refused = explained(Refused("HTTP 302", "Object moved"), ("Location", location))
        assert refused == Refused("HTTP 302", f"redirects to {target}")
        assert "check the EWS address" in advice("HTTP 302").reason

    @pytest.mark.parametrize("location", ["http://[", "http://x:port/"])
    def test_one_that_is_no_address_is_left_out(self, location: str) -> None:
        """The refusal remains."""
        assert explained(Refused("HTTP 302"), ("Location", location)) == Refused("HTTP 302")

    def test_it_counts_with_a_redirect_only(self) -> None:
        """A success can have one too."""
        assert explained(Refused("HTTP 500"), ("Location", "/error")) == Refused("HTTP 500")


class TestDiagnostics:
    """Which server failed, and at what."""

    def test_they_are_shown_where_there_are_no_words(self) -> None:
        """Those that help most come first."""
        headers = (
            ("X-DiagInfo", "EXCH2"),
            ("x-fEServer", "EXCH1"),
            ("X-CasErrorCode", "ServerNotFound"),
            ("Server", "x"),
        )
        refused = explained(Refused("HTTP 500"), *headers)
        assert refused == Refused("HTTP 500", "X-CasErrorCode: ServerNotFound, X-FEServer: EXCH1, X-DiagInfo: EXCH2")
        assert explained(Refused("ErrorX", "No."), *headers) == Refused("ErrorX", "No.")

    def test_they_are_bounded_and_printable(self) -> None:
        """They are stored, and shown on a terminal."""
        headers = tuple((name, "a\x1b[31m" + "x" * 9999) for name in ("X-CasErrorCode", "X-FEServer", "X-BEServer"))
        text = explained(Refused("HTTP 500"), *headers * 3).text or ""
        assert len(text) <= MAX_TEXT_CHARACTERS
        assert text.isprintable()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "check the EWS address"),
        (404, "check the EWS address"),
        (405, "check the EWS address"),
        (407, "proxy"),
        (418, "check the EWS address"),
        (440, "check the EWS address"),
        (399, "check the EWS address"),
        (500, "event log"),
        (599, "event log"),
    ],
)
def test_every_status_says_what_to_check(status: int, words: str) -> None:
    """Also one that has no entry of its own."""
    entry = advice(f"HTTP {status}")
    assert words in entry.reason
    assert entry.remedy is Remedy.RETRY_A_FEW_TIMES


@pytest.mark.parametrize("status", [200, 202, 204, 299, 502, 504, 522])
def test_where_the_request_may_have_been_carried_out_the_first_push_is_awaited(status: int) -> None:
    """The server may have made the subscription."""
    assert advice(f"HTTP {status}").remedy is Remedy.WAIT_FOR_PUSH
