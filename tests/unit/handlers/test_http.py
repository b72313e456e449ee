"""The bytes that were posted, from the event of API Gateway."""

import base64
import codecs
from typing import Any

import pytest

from ewspush.errors import UnreadableNotificationError
from ewspush.handlers.http import body_of, response
from ewspush.protocol.reader import parse_notification
from tests import payloads
from tests.payloads import Style, envelope, event, notification, serialize, status


def as_text(body: bytes) -> dict[str, Any]:
    """Return `body` as API Gateway passes a `text/*` body: decoded from UTF-8, whatever it was."""
    return {"body": body.decode("utf-8", "replace"), "isBase64Encoded": False}


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ({"body": "<a>é</a>", "isBase64Encoded": False}, "<a>é</a>".encode()),
        ({"body": "<a/>"}, b"<a/>"),
        ({"body": "\ufeff<a/>"}, codecs.BOM_UTF8 + b"<a/>"),
        ({"body": base64.b64encode(b"\xff\x00<").decode(), "isBase64Encoded": True}, b"\xff\x00<"),
        ({"body": "", "isBase64Encoded": True}, b""),
        ({"body": None, "isBase64Encoded": False}, b""),
        ({"body": None, "isBase64Encoded": True}, b""),
        ({"isBase64Encoded": None, "body": "x"}, b"x"),
        ({}, b""),
    ],
)
def test_body_comes_back_as_it_was_posted(event: dict[str, Any], body: bytes) -> None:
    """With or without base64; an absent body is empty."""
    assert body_of(event) == body


@pytest.mark.parametrize("body", ["a", "a===", "****", "PGEv\nPg==", "PGEvPg==PGEvPg==", "é", "\ud800", "<a/>"])
def test_damaged_base64_is_no_body(body: str) -> None:
    """Half of a base64 text is not decoded: the server sends again what is refused."""
    assert body_of({"body": body, "isBase64Encoded": True}) == b""


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("declared", ["", "utf-16", "utf-8"])
def test_utf16_is_restored_from_text(codec: str, declared: str) -> None:
    """A UTF-16 notification that was passed as text is read, whatever encoding it declares."""
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    tree = envelope(notification(event("NewMailEvent", item="it-1"), status()))
    mark = codecs.BOM_UTF16_LE if codec == "utf-16-le" else codecs.BOM_UTF16_BE
    posted = mark + payloads.document(tree, Style(declaration=declaration)).encode(codec)
    assert parse_notification(body_of(as_text(posted))) == parse_notification(serialize(tree))


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("lost", [1, 2, 3])
def test_cut_utf16_is_not_restored_to_something_whole(codec: str, lost: int) -> None:
    """A document without its last byte is refused."""
    mark = codecs.BOM_UTF16_LE if codec == "utf-16-le" else codecs.BOM_UTF16_BE
    posted = (mark + payloads.heartbeat().decode().encode(codec))[:-lost]
    with pytest.raises(UnreadableNotificationError):
        parse_notification(body_of(as_text(posted)))


@pytest.mark.parametrize(
    "body",
    [
        "\ufffd\ufffd",
        "\ufffd\ufffd\0",
        "\ufffd\ufffd\0<",
        "\ufffd\ufffd<é\0",
        "\ufffd\ufffda\0\ufffd\0",
        "\ud800",
        "\0",
    ],
)
def test_text_that_cannot_be_restored_is_refused_by_the_reader(body: str) -> None:
    """Characters that were lost on the way are not guessed."""
    with pytest.raises(UnreadableNotificationError):
        parse_notification(body_of({"body": body}))


@pytest.mark.parametrize(
    ("declared", "readable"), [("utf-8", False), ("", False), ("iso-8859-1", True), ("windows-1252", True)]
)
def test_bytes_that_were_no_utf8_are_refused_where_utf8_was_declared(declared: str, readable: bool) -> None:
    """A replacement character in an id would be a guess; in the text of a one-byte encoding it is an accent."""
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    tree = envelope(
        notification(event("NewMailEvent", item="it-1")), payloads.error("ErrorServerBusy", "d\u00e9sol\u00e9")
    )
    posted = payloads.document(tree, Style(declaration=declaration)).encode("latin-1")
    if readable:
        assert parse_notification(body_of(as_text(posted))).messages[0].events[0].id == "it-1"
    else:
        with pytest.raises(UnreadableNotificationError):
            parse_notification(body_of(as_text(posted)))


def test_answer_is_plain_text_by_default() -> None:
    """It always has a content type: API Gateway's own default is JSON."""
    assert response(400, "No.") == {
        "statusCode": 400,
        "headers": {"content-type": "text/plain; charset=utf-8"},
        "body": "No.",
        "isBase64Encoded": False,
    }
    assert response(200, "<a/>", "text/xml")["headers"] == {"content-type": "text/xml"}
