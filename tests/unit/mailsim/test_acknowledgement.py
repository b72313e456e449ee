"""Which responses to a notification are an acknowledgement."""

import pytest

from mailsim.acknowledgement import parse_acknowledgement
from tests.unit.mailsim.world import OK, UNSUBSCRIBE, ack

LIMIT = 1024


def test_ok_and_unsubscribe_are_accepted() -> None:
    """With any status of 2xx."""
    assert parse_acknowledgement(200, OK, LIMIT) == "ok"
    assert parse_acknowledgement(201, OK, LIMIT) == "ok"
    assert parse_acknowledgement(200, UNSUBSCRIBE, LIMIT) == "unsubscribe"


def test_a_declaration_white_space_between_elements_and_a_header_are_accepted() -> None:
    """The WorkMail guide prints its samples this way, and client libraries write theirs this way."""
    spaced = b'<?xml version="1.0"?>\n  ' + OK.replace(b"><", b">\n  <").replace(b"<s:Body", b"<s:Header/><s:Body")
    assert parse_acknowledgement(200, spaced, LIMIT) == "ok"


@pytest.mark.parametrize("status", ["UNSUBSCRIBE", "ok", " OK", "OK\n", "", "Later"])
def test_any_other_value_is_a_failure(status: str) -> None:
    """The enumeration is case-sensitive and keeps white space."""
    assert parse_acknowledgement(200, ack(status), LIMIT) == "failed"


@pytest.mark.parametrize("status", [None, 302, 400, 404, 500, 503])
def test_a_status_other_than_2xx_is_a_failure(status: int | None) -> None:
    """Even with the body of an OK."""
    assert parse_acknowledgement(status, OK, LIMIT) == "failed"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"OK",
        b'{"status": "OK"}',
        b"<html><body>OK</body></html>",
        OK[:-5],
        OK.replace(b"2006/messages", b"2006/types"),
        OK.replace(b"soap/envelope/", b"soap/other/"),
        b"<!DOCTYPE s:Envelope>" + OK,
        b"<?target data?>" + OK,
        OK.replace(b"<s:Body>", b"<s:Body/><s:Body>"),
        OK.replace(b"SendNotificationResult", b"Fault"),
        OK.replace(b"</SendNotificationResult>", b"<Other/></SendNotificationResult>"),
    ],
)
def test_any_other_body_is_a_failure(body: bytes) -> None:
    """Not XML, not SOAP, not the element, or forbidden by SOAP."""
    assert parse_acknowledgement(200, body, LIMIT) == "failed"


def test_a_response_that_is_too_long_is_a_failure() -> None:
    """The limit is the setting `ack_max_bytes`."""
    padded = OK.replace(b"<s:Body>", b"<!--" + b"x" * LIMIT + b"--><s:Body>")
    assert parse_acknowledgement(200, padded, LIMIT) == "failed"
    assert parse_acknowledgement(200, padded, 2 * LIMIT) == "ok"
