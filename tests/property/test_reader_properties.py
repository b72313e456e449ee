"""What holds for every body, every path, every time and every order of events."""

import string
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Final
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ewspush.domain.callback import Callback, ForgedCallbackError, signed_path, verified
from ewspush.domain.events import push_documents
from ewspush.domain.timestamps import from_iso, iso, rfc3339
from ewspush.errors import UnreadableNotificationError
from ewspush.protocol.notification import (
    KNOWN_EVENTS,
    MailboxEvent,
    Notification,
    ObjectKind,
    ResponseClass,
    ResponseMessage,
)
from ewspush.protocol.reader import parse_notification
from tests import payloads
from tests.payloads import Style, document, envelope, error, event, notification, status, written
from tests.stories import NOON

BRIEFLY: Final = settings(
    deadline=None, print_blob=True, max_examples=100, suppress_health_check=[HealthCheck.too_slow]
)
"""How each property is tried. A failure prints the blob that plays it again."""

VALID: Final = (
    payloads.heartbeat(),
    written(envelope(notification(event("NewMailEvent", item="it-1"), status()), error("ErrorServerBusy", "é"))),
    document(envelope(notification(status())), Style(declaration="")).encode("utf-16"),
    payloads.GUIDE_DECLARATION.encode() + document(envelope(notification(status())), Style(declaration="")).encode(),
)

XML_TEXT: Final = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"), max_size=20
)
WORDS: Final = XML_TEXT.map(str.strip).filter(bool)
MAYBE: Final = st.none() | WORDS
IDS: Final = st.none() | XML_TEXT
PREFIXES: Final = st.lists(
    st.text(string.ascii_letters + "_é", min_size=1, max_size=6).filter(
        lambda name: not name.lower().startswith("xml")
    ),
    min_size=3,
    max_size=3,
    unique=True,
)


def survives(body: bytes) -> bool:
    """Return whether `body` is read or refused in the one way there is; any other exception is left to fail."""
    try:
        return isinstance(parse_notification(body), Notification)
    except UnreadableNotificationError as refused:
        return refused.error_status_hint in {400, 413}


@BRIEFLY
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """No other exception leaves the reader."""
    assert survives(body)


@BRIEFLY
@given(st.sampled_from(VALID), st.data())
def test_damaged_notifications_are_read_or_refused(body: bytes, data: st.DataObject) -> None:
    """Bytes flipped, cut out, put in or repeated anywhere."""
    for _ in range(data.draw(st.integers(1, 3))):
        start, end = sorted(data.draw(st.tuples(st.integers(0, len(body)), st.integers(0, len(body)))))
        inserted = data.draw(st.sampled_from([b"", body[start:end], body[start:end] * 2]) | st.binary(max_size=8))
        body = body[:start] + inserted + body[data.draw(st.sampled_from([start, end])) :]
    assert survives(body)


@pytest.mark.parametrize("body", VALID)
def test_notification_cut_anywhere_is_refused(body: bytes) -> None:
    """Half a document is no document: every proper beginning of one is refused."""
    assert parse_notification(body)
    for end in range(len(body)):
        with pytest.raises(UnreadableNotificationError):
            parse_notification(body[:end])


EVENTS: Final = st.builds(
    MailboxEvent,
    st.sampled_from(KNOWN_EVENTS),
    object=st.sampled_from(ObjectKind),
    id=XML_TEXT,
    change_key=IDS,
    parent_folder_id=XML_TEXT,
    parent_change_key=IDS,
    old_id=XML_TEXT,
    old_change_key=IDS,
    old_parent_folder_id=IDS,
    watermark=MAYBE,
    timestamp=MAYBE,
    unread_count=st.none() | st.integers(-(2**31), 2**31 - 1),
    raw_xml=st.none(),
)
MESSAGES: Final = st.builds(
    ResponseMessage,
    st.sampled_from(ResponseClass),
    response_code=MAYBE,
    message_text=MAYBE,
    back_off_ms=st.none() | st.integers(0, 2**31 - 1),
    subscription_id=WORDS,
    previous_watermark=MAYBE,
    more_events=st.none() | st.booleans(),
    events=st.lists(EVENTS, max_size=4).map(tuple),
)
NOTIFICATIONS: Final = st.lists(MESSAGES, min_size=1, max_size=3).map(lambda parts: Notification(tuple(parts)))


def _in_cdata(text: str) -> str:
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"


def _in_references(text: str) -> str:
    return "".join(f"&#{ord(character)};" for character in text)


def _with_comment(text: str) -> str:
    return f"\n {escape(text[:1])}<!-- half -->{escape(text[1:])}\t"


SPELLINGS: Final[list[Callable[[str], str]]] = [escape, _in_cdata, _in_references, _with_comment]
BETWEEN: Final = st.sampled_from(["", "\n  ", "\r\n\t", "<!-- <t:StatusEvent/> -->", "<?pi ?>"])
STYLES: Final = st.builds(
    lambda prefixes, between, text: Style(prefixes[0], prefixes[1], prefixes[2], "", between, text),
    PREFIXES,
    BETWEEN,
    st.sampled_from(SPELLINGS),
)
ENCODINGS: Final = st.sampled_from(
    ["utf-8", "UTF8", "us-ascii", "ISO-8859-1", "windows-1252", "utf-16-le", "utf-16-be"]
)


def encoded(text: str, encoding: str, *, declared: bool) -> bytes | None:
    """Return `text` in `encoding`, with the mark and the declaration it needs; None where it cannot hold it."""
    wide = encoding.startswith("utf-16")
    unmarked = not wide and encoding not in {"utf-8", "UTF8"}
    declaration = f'<?xml version="1.0" encoding="{"utf-16" if wide else encoding}"?>' if declared or unmarked else ""
    try:
        return (("\ufeff" if wide else "") + declaration + text).encode(encoding)
    except UnicodeEncodeError:
        return None


@BRIEFLY
@given(NOTIFICATIONS, STYLES, ENCODINGS, st.booleans())
def test_what_is_written_is_read_back(told: Notification, style: Style, encoding: str, declared: bool) -> None:
    """Any content under any prefixes, spelling and encoding that can hold it."""
    body = encoded(document(payloads.of(told), style), encoding, declared=declared)
    assume(body is not None)
    assert body is not None
    assert parse_notification(body) == told


@BRIEFLY
@given(NOTIFICATIONS, STYLES, st.sampled_from(["", payloads.DECLARATION, payloads.GUIDE_DECLARATION]))
def test_mark_of_utf8_changes_nothing(told: Notification, style: Style, declaration: str) -> None:
    """With or without a byte order mark, under any declaration of UTF-8, the well-formed and the other."""
    body = written(payloads.of(told), replace(style, declaration=declaration))
    assert parse_notification(b"\xef\xbb\xbf" + body) == parse_notification(body) == told


SEGMENT: Final = st.text(string.ascii_letters + string.digits + "-_.~é", min_size=1, max_size=20)
CALLBACKS: Final = st.builds(Callback, SEGMENT, st.text(max_size=30), st.integers(0, 10**9))
KEYS: Final = st.binary(min_size=16, max_size=40)


def opened(path: str, key: bytes) -> Callback:
    """Return what the path says, cut into segments as the route of the API does."""
    parts = path.split("/")
    if len(parts) != 5 or parts[:2] != ["", "notify"]:
        raise ForgedCallbackError
    return verified(parts[2], parts[3], parts[4], (key,))


@BRIEFLY
@given(CALLBACKS, KEYS)
def test_signed_path_says_what_was_signed(callback: Callback, key: bytes) -> None:
    """Whatever the subscription and the mailbox are called."""
    assert opened(signed_path(callback, key), key) == callback


@BRIEFLY
@given(CALLBACKS, KEYS, st.data())
def test_path_with_one_character_changed_is_refused(callback: Callback, key: bytes, data: st.DataObject) -> None:
    """Replaced, dropped or put in, anywhere in the path."""
    path = signed_path(callback, key)
    character = data.draw(st.sampled_from([*string.ascii_letters, *string.digits, *"-_=./+!", "\ud800", ""]))
    dropped = data.draw(st.integers(0, 1))
    changes = {path[:place] + character + path[place + dropped :] for place in range(len(path) + 1)}
    for changed in changes - {path}:
        with pytest.raises(ForgedCallbackError):
            opened(changed, key)


MOMENTS: Final = st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29))  # noqa: DTZ001  # zones follow
ZONES: Final = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@BRIEFLY
@given(MOMENTS, ZONES)
def test_rfc3339_is_the_same_instant(moment: datetime, zone: timezone) -> None:
    """Any xs:dateTime with an offset comes out in UTC, and parses."""
    aware = moment.replace(tzinfo=zone)
    text = rfc3339(aware.isoformat())
    assert text is not None
    assert text.endswith("Z")
    assert datetime.fromisoformat(text) == aware


@BRIEFLY
@given(XML_TEXT | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{0,12}(Z|[+-][0-9:]{0,6})?", fullmatch=True))
def test_rfc3339_gives_a_time_or_none(text: str) -> None:
    """Whatever stands in a TimeStamp, the result parses and is in UTC."""
    result = rfc3339(text)
    assert result is None or datetime.fromisoformat(result).utcoffset() == timedelta()


@BRIEFLY
@given(st.lists(st.tuples(MOMENTS, ZONES), min_size=2, max_size=5))
def test_iso_keeps_instant_and_order(moments: list[tuple[datetime, timezone]]) -> None:
    """To the millisecond; the texts sort as the moments do."""
    aware = sorted(moment.replace(tzinfo=zone) for moment, zone in moments)
    texts = [iso(moment) for moment in aware]
    assert texts == sorted(texts)
    assert all(
        timedelta() <= moment - from_iso(text) < timedelta(milliseconds=1)
        for moment, text in zip(aware, texts, strict=True)
    )


@BRIEFLY
@given(st.lists(EVENTS, max_size=8), st.data())
def test_ids_do_not_depend_on_order_or_repetition(events: list[MailboxEvent], data: st.DataObject) -> None:
    """The events of a POST, permuted and told twice, have the same ids."""
    callback = Callback("s", "ida@harbour.example", 1)
    again = data.draw(
        st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=4) if events else st.just([])))
    )
    ids = [told["id"] for told in push_documents(callback, events, NOON)]
    assert {told["id"] for told in push_documents(replace(callback, generation=2), again, NOON.astimezone(UTC))} == set(
        ids
    )
    assert len(set(ids)) == len(ids)
