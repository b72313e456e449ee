"""The reader of notifications: what is written is read back, and any other bytes are read or refused."""

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ewspush.errors import UnreadableNotificationError
from ewspush.protocol.notification import Notification
from ewspush.protocol.reader import parse_notification
from tests import payloads
from tests.payloads import Style, document, envelope, error, event, notification, serialize, status
from tests.property.spellings import ENCODINGS, STYLES, encoded
from tests.property.strategies import EXAMPLES, NOTIFICATIONS

VALID: Final = (
    payloads.heartbeat(),
    serialize(envelope(notification(event("NewMailEvent", item="it-1"), status()), error("ErrorServerBusy", "é"))),
    document(envelope(notification(status())), Style(declaration="")).encode("utf-16"),
    payloads.GUIDE_DECLARATION.encode() + document(envelope(notification(status())), Style(declaration="")).encode(),
)


def is_read_or_refused(body: bytes) -> bool:
    """Return whether `body` is read, or refused with 400 or 413; any other exception fails the test."""
    try:
        return isinstance(parse_notification(body), Notification)
    except UnreadableNotificationError as refused:
        return refused.error_status_hint in {400, 413}


@EXAMPLES
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """No other exception leaves the reader."""
    assert is_read_or_refused(body)


@EXAMPLES
@given(st.sampled_from(VALID), st.data())
def test_damaged_notifications_are_read_or_refused(body: bytes, data: st.DataObject) -> None:
    """Bytes replaced, removed, inserted or repeated anywhere."""
    for _ in range(data.draw(st.integers(1, 3))):
        start, end = sorted(data.draw(st.tuples(st.integers(0, len(body)), st.integers(0, len(body)))))
        inserted = data.draw(st.sampled_from([b"", body[start:end], body[start:end] * 2]) | st.binary(max_size=8))
        body = body[:start] + inserted + body[data.draw(st.sampled_from([start, end])) :]
    assert is_read_or_refused(body)


@pytest.mark.parametrize("body", VALID)
def test_notification_cut_anywhere_is_refused(body: bytes) -> None:
    """Every proper beginning of a document is refused."""
    assert parse_notification(body)
    for end in range(len(body)):
        with pytest.raises(UnreadableNotificationError):
            parse_notification(body[:end])


@EXAMPLES
@given(NOTIFICATIONS, STYLES, ENCODINGS, st.booleans())
def test_what_is_written_is_read_back(notification: Notification, style: Style, encoding: str, declared: bool) -> None:
    """Any content with any prefixes and spelling, in any encoding that has its characters."""
    body = encoded(document(payloads.of(notification), style), encoding, declared=declared)
    assume(body is not None)
    assert body is not None
    assert parse_notification(body) == notification


@EXAMPLES
@given(NOTIFICATIONS, STYLES, st.sampled_from(["", payloads.DECLARATION, payloads.GUIDE_DECLARATION]))
def test_utf8_byte_order_mark_changes_nothing(notification: Notification, style: Style, declaration: str) -> None:
    """With any declaration of UTF-8, the well-formed and the other."""
    body = serialize(payloads.of(notification), replace(style, declaration=declaration))
    assert parse_notification(b"\xef\xbb\xbf" + body) == parse_notification(body) == notification
