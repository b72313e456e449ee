"""Refusals in every form that servers give them: each is read as one, with the words that help first."""

from typing import Final

import pytest

from ewspush.protocol.namespaces import MESSAGES, SOAP, TYPES
from ewspush.protocol.response_codes import HTML_PAGE, SOAP_FAULT
from ewspush.protocol.soap import MAX_TEXT_CHARACTERS, Refused
from ewspush.protocol.subscribe import Subscribed, parse_subscribe_response
from tests.unit.protocol.sync_answers import answer, parsed

ERRORS: Final = "http://schemas.microsoft.com/exchange/services/2006/errors"
BUSY_DETAIL: Final = (
    f'<e:ResponseCode xmlns:e="{ERRORS}">ErrorServerBusy</e:ResponseCode><t:MessageXml xmlns:t="{TYPES}">'
    '<t:Value Name="BackOffMilliseconds">7000</t:Value></t:MessageXml>'
)


def fault(text: str, code: str = "s:Client", detail: str = "") -> bytes:
    """Return a SOAP fault."""
    parts = f"<faultcode>{code}</faultcode><faultstring>{text}</faultstring>"
    return (f'<s:Envelope xmlns:s="{SOAP}"><s:Body><s:Fault>{parts}{detail}</s:Fault></s:Body></s:Envelope>').encode()


def detail(code: str = "ErrorSchemaValidation", message: str = "", violation: str = "") -> str:
    """Return the detail of a fault, as Exchange writes it."""
    return (
        f'<detail><e:ResponseCode xmlns:e="{ERRORS}">{code}</e:ResponseCode>'
        f'<e:Message xmlns:e="{ERRORS}">{message}</e:Message><t:MessageXml xmlns:t="{TYPES}">'
        f"<t:LineNumber>3</t:LineNumber><t:Violation>{violation}</t:Violation></t:MessageXml></detail>"
    )


def message(parts: str, attributes: str = 'ResponseClass="Error"') -> str:
    """Return a response message of Subscribe."""
    return f"<m:SubscribeResponseMessage {attributes}>{parts}</m:SubscribeResponseMessage>"


def body(content: str) -> bytes:
    """Return an envelope around `content`."""
    return (
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:m="{MESSAGES}" xmlns:t="{TYPES}"><s:Body>{content}</s:Body></s:Envelope>'
    ).encode()


class TestFault:
    """A SOAP fault."""

    @pytest.mark.parametrize("status", [200, 202, 500])
    def test_it_is_a_refusal_whatever_its_status(self, status: int) -> None:
        """With the server's words, also where it has no response code: the subscription was not made."""
        assert parse_subscribe_response(status, fault("E-17: no such folder")) == Refused(
            SOAP_FAULT, "E-17: no such folder"
        )
        assert parse_subscribe_response(status, fault("No.", "ErrorCannotFindUser")) == Refused(
            "ErrorCannotFindUser", "No."
        )

    @pytest.mark.parametrize("status", [401, 403, 404, 429, 502, 503, 504])
    def test_without_a_response_code_an_error_status_says_more(self, status: int) -> None:
        """Whether to sign in again, to wait, or that a proxy answered; the words are kept."""
        assert parse_subscribe_response(status, fault("No.")) == Refused(f"HTTP {status}", "No.")
        assert parse_subscribe_response(status, fault("No.", detail=detail("ErrorServerBusy"))) == Refused(
            "ErrorServerBusy", "No."
        )

    def test_its_children_may_inherit_the_namespace_of_the_envelope(self) -> None:
        """Where that is the default namespace."""
        parts = (
            f"<faultcode>a:ErrorServerBusy</faultcode><faultstring>later</faultstring><detail>{BUSY_DETAIL}</detail>"
        )
        inherited = f'<Envelope xmlns="{SOAP}"><Body><Fault>{parts}</Fault></Body></Envelope>'.encode()
        assert parse_subscribe_response(500, inherited) == Refused("ErrorServerBusy", "later", 7000)
        without_detail = inherited.replace(b"<detail>", b"<other>").replace(b"</detail>", b"</other>")
        assert parse_subscribe_response(200, without_detail) == Refused("ErrorServerBusy", "later")

    def test_one_of_soap_12_has_its_words_too(self) -> None:
        """A proxy may write one."""
        parts = "<e:Code><e:Value>e:Sender</e:Value></e:Code><e:Reason><e:Text>Not here.</e:Text></e:Reason>"
        newer = f'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><e:Fault>{parts}</e:Fault>'
        assert parse_subscribe_response(500, f"{newer}</e:Body></e:Envelope>".encode()) == Refused(
            SOAP_FAULT, "Not here."
        )


class TestWords:
    """What the server says, the helpful words first."""

    @pytest.mark.parametrize(
        ("text", "message", "violation", "words"),
        [
            ("Bad: the URL is invalid.", "Bad.", "The URL is invalid.", "Bad: the URL is invalid."),
            ("No.", "The request failed.", "The URL is invalid.", "No. The URL is invalid. The request failed."),
            ("The request failed: no Id.", "The request failed", "no Id.", "The request failed: no Id."),
            ("No mailbox.", "No mailbox.", "", "No mailbox."),
            ("", "Later.", "", "Later."),
            ("", "", "", None),
            ("two\n   lines", "", "", "two lines"),
        ],
    )
    def test_of_a_fault(self, text: str, message: str, violation: str, words: str | None) -> None:
        """The faultstring, what violates the schema, and then what is general; nothing that was said already."""
        refused = parse_subscribe_response(500, fault(text, detail=detail("ErrorX", message, violation)))
        assert refused == Refused("ErrorX", words)

    def test_of_a_response_message(self) -> None:
        """Likewise."""
        more = "<m:MessageXml><t:Violation>The Id is empty.</t:Violation></m:MessageXml>"
        parts = f"<m:MessageText>No.</m:MessageText><m:ResponseCode>ErrorX</m:ResponseCode>{more}"
        assert parse_subscribe_response(200, body(message(parts))) == Refused("ErrorX", "No. The Id is empty.")

    def test_they_are_bounded(self) -> None:
        """They are stored."""
        refused = parse_subscribe_response(500, fault("x" * 9999))
        assert refused == Refused(SOAP_FAULT, "x" * MAX_TEXT_CHARACTERS)


class TestPlace:
    """Where a refusal stands."""

    REFUSED: Final = message(
        "<m:ResponseCode>ErrorInvalidPushSubscriptionUrl</m:ResponseCode><m:ErrorMessage>not public</m:ErrorMessage>"
    )

    @pytest.mark.parametrize(
        "content",
        [
            REFUSED,
            f"<m:SubscribeResponse>{REFUSED}</m:SubscribeResponse>",
            f"<m:ResponseMessages>{REFUSED}</m:ResponseMessages>",
            REFUSED.replace("SubscribeResponseMessage", "ResponseMessage"),
        ],
        ids=["in the Body", "without ResponseMessages", "without its response", "without its name"],
    )
    def test_it_is_read_wherever_it_stands(self, content: str) -> None:
        """Some servers leave out the elements around it."""
        refused = parse_subscribe_response(200, body(content))
        assert refused == Refused("ErrorInvalidPushSubscriptionUrl", "not public")

    def test_so_is_a_success_of_its_operation_alone(self) -> None:
        """That of another one says nothing."""
        made = message("<m:SubscriptionId>S1</m:SubscriptionId>", 'ResponseClass="Success"')
        assert parse_subscribe_response(200, body(made)) == Subscribed("S1", None)
        other = made.replace("SubscribeResponseMessage", "GetItemResponseMessage")
        assert parse_subscribe_response(200, body(other)) == Refused("HTTP 200")


class TestOtherForms:
    """Refusals that other servers, gateways and proxies write."""

    @pytest.mark.parametrize(
        "content",
        [
            "<m:Response><m:ResponseCode>ErrorX</m:ResponseCode><m:ErrorMessage>no</m:ErrorMessage></m:Response>",
            "<m:ResponseCode>ErrorX</m:ResponseCode><m:MessageText>no</m:MessageText>",
            '<Error ResponseClass="error"><ResponseCode>ErrorX</ResponseCode><MessageText>no</MessageText></Error>',
            message("<m:ResponseCode><![CDATA[ErrorX]]></m:ResponseCode><m:MessageText>n<!-- - -->o</m:MessageText>"),
        ],
        ids=["in the response", "in the Body", "without namespace", "with CDATA and a comment"],
    )
    def test_an_error_code_is_a_refusal_wherever_it_stands(self, content: str) -> None:
        """Whatever the element around it is called."""
        assert parse_subscribe_response(200, body(content)) == Refused("ErrorX", "no")

    def test_of_an_error_inside_an_internal_one_the_inner_counts(self) -> None:
        """It says what to do; the outer one says nothing."""
        values = (
            '<m:MessageXml><t:Value Name="InnerErrorResponseCode">ErrorServerBusy</t:Value>'
            '<t:Value Name="InnerErrorMessageText">Too much.</t:Value></m:MessageXml>'
        )
        parts = f"<m:MessageText>Failed.</m:MessageText><m:ResponseCode>{{}}</m:ResponseCode>{values}"
        internal = body(message(parts.format("ErrorInternalServerError")))
        assert parse_subscribe_response(200, internal) == Refused("ErrorServerBusy", "Failed. Too much.")
        other = body(message(parts.format("ErrorAccessDenied")))
        assert parse_subscribe_response(200, other) == Refused("ErrorAccessDenied", "Failed. Too much.")

    def test_a_fault_of_soap_12_has_its_code(self) -> None:
        """In the detail, or as a subcode."""
        soap12 = "http://www.w3.org/2003/05/soap-envelope"
        start, end = f'<e:Envelope xmlns:e="{soap12}"><e:Body><e:Fault>', "</e:Fault></e:Body></e:Envelope>"
        inside = f"<e:Detail>{BUSY_DETAIL}</e:Detail>"
        assert parse_subscribe_response(500, f"{start}{inside}{end}".encode()) == Refused(
            "ErrorServerBusy", back_off_ms=7000
        )
        subcode = "<e:Code><e:Subcode><e:Value>a:ErrorAccessDenied</e:Value></e:Subcode></e:Code>"
        assert parse_subscribe_response(500, f"{start}{subcode}{end}".encode()) == Refused("ErrorAccessDenied")

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("Service Unavailable\n", "Service Unavailable"),
            ('{"error": {"message": "no"}}', '{"error": {"message": "no"}}'),
            ("<error><code>7</code><message>no such host</message></error>", "7 no such host"),
            ("<error/>", None),
            ("x" * 1900, "x" * MAX_TEXT_CHARACTERS),
            ("x" * 3000, None),
            ("a\x00b", None),
        ],
    )
    @pytest.mark.parametrize("status", [200, 400, 502, 503])
    def test_a_line_of_text_or_another_document_is_quoted(self, content: str, words: str | None, status: int) -> None:
        """The status says what to do."""
        assert parse_subscribe_response(status, content.encode()) == Refused(f"HTTP {status}", words)


class TestForbiddenCharacters:
    """Characters that XML 1.0 forbids, in a text."""

    @pytest.mark.parametrize(
        "forbidden", ["&#0;", "&#x0;", "&#x1F;", "&#8;", "&#xD800;", "&#xFFFF;", "&#x110000;", "&#9999999999;", "\x01"]
    )
    def test_they_do_not_hide_a_refusal(self, forbidden: str) -> None:
        """Each is replaced."""
        parts = f"<m:MessageText>Folder {forbidden} is gone.</m:MessageText><m:ResponseCode>ErrorX</m:ResponseCode>"
        refused = parse_subscribe_response(200, body(message(parts)))
        assert refused == Refused("ErrorX", "Folder \ufffd is gone.")
        assert parsed(answer(parts.replace("ErrorX", "ErrorY"), response_class="Error")) == Refused(
            "ErrorY", "Folder \ufffd is gone."
        )

    def test_others_are_left_alone(self) -> None:
        """In whatever encoding."""
        parts = "<m:MessageText>&#9;é &#x41;&amp;#0;&#0;</m:MessageText><m:ResponseCode>ErrorX</m:ResponseCode>"
        for encoding in ("utf-8", "utf-16", "latin-1"):
            declared = f'<?xml version="1.0" encoding="{encoding if encoding != "latin-1" else "iso-8859-1"}"?>'
            sent = (declared + body(message(parts)).decode()).encode(encoding)
            assert parse_subscribe_response(200, sent) == Refused("ErrorX", "é A&#0;\ufffd")


class TestPage:
    """A page of HTML, such as a sign-in page."""

    @pytest.mark.parametrize(
        ("page", "title"),
        [
            (
                "<!DOCTYPE html><html><head><title>Sign in &amp; go</title></head><body><br></body></html>",
                "Sign in & go",
            ),
            ('\ufeff\n<!doctype HTML PUBLIC "-//W3C//DTD HTML 4.01//EN"><p>Welcome', None),
            ('<?xml version="1.0"?>\n<!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"/>', None),
            ("<!-- 1 --><HTML><TITLE>\n Mail \n</TITLE>", "Mail"),
            ("<html/>", None),
            ("<html><head><title></title></head></html>", None),
        ],
    )
    def test_it_says_that_no_ews_answered(self, page: str, title: str | None) -> None:
        """So no subscription was made; its title says whose page it is."""
        assert parse_subscribe_response(200, page.encode()) == Refused(HTML_PAGE, title)

    @pytest.mark.parametrize("status", [302, 401, 403, 404, 500, 502, 503, 504])
    def test_an_error_status_says_more(self, status: int) -> None:
        """Of whatever page."""
        refused = parse_subscribe_response(status, b"<!DOCTYPE html><title>Oh</title>")
        assert refused == Refused(f"HTTP {status}", "Oh")

    @pytest.mark.parametrize("page", [b"", b"<m:html", b"\x80OK", b"<htmlx/>", body("")[:-9], b"\x1f\x8b\x08\x00"])
    def test_anything_else_may_be_a_damaged_answer(self, page: bytes) -> None:
        """The subscription may have been made."""
        assert parse_subscribe_response(200, page) == Refused("HTTP 200")
