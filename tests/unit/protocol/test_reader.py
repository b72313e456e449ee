"""What is read of a notification, however it is spelled."""

from typing import Final

import pytest

from ewspush.protocol.namespaces import TYPES
from ewspush.protocol.notification import MailboxEvent, ObjectKind, ResponseClass, ResponseMessage
from ewspush.protocol.reader import parse_notification
from tests import payloads
from tests.payloads import Style, element, envelope, error, event, message, notification, serialize, status
from tests.unit.protocol.reading import sole, sole_event

KINDS: Final = ("CopiedEvent", "CreatedEvent", "DeletedEvent", "ModifiedEvent", "MovedEvent", "NewMailEvent")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("about", "kind_of_object"), [("item", ObjectKind.ITEM), ("folder", ObjectKind.FOLDER)])
def test_every_event_kind_is_read_for_items_and_folders(kind: str, about: str, kind_of_object: ObjectKind) -> None:
    """Any kind may be about an item or a folder."""
    part = event(kind, item="x-1" if about == "item" else None, folder="x-1" if about == "folder" else None)
    read_event = sole_event(part)
    assert (read_event.type, read_event.object, read_event.id) == (kind, kind_of_object, "x-1")


@pytest.mark.parametrize(
    "style",
    [
        Style(soap="soap11", messages="m", types="t"),
        Style(soap="", messages="a", types="b"),
        Style(soap="x", messages="", types="y"),
        Style(soap="t", messages="soap", types="m"),
        Style(types="Ü_1-.2"),
        Style(declaration=payloads.GUIDE_DECLARATION),
        Style(declaration="\r\n" + payloads.DECLARATION),
        Style(declaration='<?xml version="1.0" standalone="yes"?>'),
        Style(declaration=""),
        Style(between="\r\n\t "),
        Style(between="<!-- <a> -->"),
        Style(between="<?note data?>"),
    ],
    ids=[
        "exchange prefixes",
        "default soap",
        "default messages",
        "swapped",
        "odd prefix",
        "guide declaration",
        "line before declaration",
        "no encoding",
        "no declaration",
        "blanks",
        "comments",
        "instructions",
    ],
)
def test_spelling_does_not_matter(style: Style) -> None:
    """Prefixes, declarations, comments and white space do not change what is read."""
    tree = envelope(notification(event("NewMailEvent", item="it-1"), status("w-2")))
    assert parse_notification(serialize(tree, style)) == parse_notification(serialize(tree))


def test_same_local_name_in_another_namespace_is_no_event() -> None:
    """Namespace and local name decide together."""
    foreign = serialize(envelope(notification(status(), event("DeletedEvent", item="it-1"))))
    foreign = foreign.replace(b"<t:DeletedEvent>", b'<q:DeletedEvent xmlns:q="urn:harbour">')
    events = sole(foreign.replace(b"</t:DeletedEvent>", b"</q:DeletedEvent>")).events
    assert [each.type for each in events] == ["StatusEvent"]


def test_several_messages_are_read_in_order() -> None:
    """The schema allows many messages, over many subscriptions and classes, in one POST."""
    tree = envelope(
        notification(status("w-1"), subscription_id="s-1"),
        error("ErrorEventNotFound", SubscriptionId="s-2"),
        notification(status("w-3"), status("w-4"), subscription_id="s-3"),
    )
    messages = parse_notification(serialize(tree)).messages
    assert [part.subscription_id for part in messages] == ["s-1", "s-2", "s-3"]
    assert [len(part.events) for part in messages] == [1, 0, 2]
    assert [part.is_error for part in messages] == [False, True, False]


@pytest.mark.parametrize(
    ("written_as", "meant"),
    [("true", True), ("1", True), ("false", False), ("0", False), (" true\n", True), ("yes", None), (None, None)],
)
def test_more_events_has_four_spellings(written_as: str | None, meant: bool | None) -> None:
    """xs:boolean is true, false, 1 or 0; anything else counts as absent."""
    assert sole(serialize(envelope(notification(status(), more_events=written_as)))).more_events is meant


@pytest.mark.parametrize(
    ("written_as", "meant"),
    [
        ("7", 7),
        ("-1", -1),
        ("2147483647", 2147483647),
        ("-2147483648", -2147483648),
        ("1_0", None),
        ("٣", None),
        ("12345678901", None),
        ("many", None),
        ("", None),
    ],
)
def test_unread_count_is_an_int_or_none(written_as: str, meant: int | None) -> None:
    """A count that cannot be read does not cost the event."""
    part = event("ModifiedEvent", element("t:UnreadCount", written_as), folder="f-1")
    assert (sole_event(part).unread_count, sole_event(part).id) == (meant, "f-1")


def test_all_optional_elements_may_be_missing() -> None:
    """No watermark, no MoreEvents, no response code, no header content: still a notification."""
    part = event("CreatedEvent", watermark=None, timestamp=None, parent=None)
    bare = message(payloads.content(part, identity=("s-9", None, None)), code=None)
    read_message = sole(serialize(envelope(bare, header=element("s:Header"))))
    assert read_message == ResponseMessage(
        ResponseClass.SUCCESS, subscription_id="s-9", events=(MailboxEvent("CreatedEvent"),)
    )


def test_event_without_id_does_not_cost_the_next_one() -> None:
    """An event without an id is read without one."""
    events = sole(serialize(envelope(notification(event("CreatedEvent"), event("DeletedEvent", item="it-2"))))).events
    assert [each.id for each in events] == [None, "it-2"]


@pytest.mark.parametrize("declared", ["Warning", "Notice", None])
def test_other_classes_are_read_by_what_they_hold(declared: str | None) -> None:
    """A Warning, or an unknown class, with a Notification is read like a Success."""
    part = message(payloads.content(status(), identity=("s-1", "w-0", None)), response_class=declared)
    read_message = sole(serialize(envelope(part)))
    assert (read_message.is_error, read_message.subscription_id, len(read_message.events)) == (False, "s-1", 1)


@pytest.mark.parametrize(("given", "meant"), [("s-1", "s-1"), (" ", None), (None, None)])
def test_error_names_its_subscription_in_message_xml(given: str | None, meant: str | None) -> None:
    """An error lacks the Notification; where MessageXml does not name its subscription, only the URL does."""
    read_message = sole(serialize(envelope(error("ErrorReadEventsFailed", SubscriptionId=given))))
    assert (read_message.is_error, read_message.subscription_id) == (True, meant)


def test_an_error_of_a_busy_server_has_its_back_off() -> None:
    """BackOffMilliseconds, beside code and text."""
    read_message = sole(serialize(envelope(error("ErrorServerBusy", "Später.", BackOffMilliseconds="90000"))))
    assert read_message == ResponseMessage(
        ResponseClass.ERROR, response_code="ErrorServerBusy", message_text="Später.", back_off_ms=90000
    )


def test_unknown_event_is_kept_with_its_xml() -> None:
    """An event of a later schema keeps name, watermark and its own XML; the known ones keep their order."""
    future = element("t:ArchivedEvent", element("t:Watermark", "w-8"), element("t:TimeStamp", "soon"))
    first, second = sole(serialize(envelope(notification(future, status("w-9"))))).events
    assert (first.type, first.watermark, first.timestamp, second.watermark) == ("ArchivedEvent", "w-8", "soon", "w-9")
    assert first.raw_xml == (
        f'<t:ArchivedEvent xmlns:t="{TYPES}">'
        "<t:Watermark>w-8</t:Watermark><t:TimeStamp>soon</t:TimeStamp></t:ArchivedEvent>"
    )


def test_raw_xml_does_not_depend_on_the_envelope() -> None:
    """Namespaces that only the envelope uses are left out, so that a re-send gives the same XML."""
    tree = envelope(notification(element("t:ArchivedEvent", element("t:Watermark", "w-8"))))
    other = serialize(tree).replace(b"<soap:Envelope", b'<soap:Envelope xmlns:unused="urn:x"')
    assert parse_notification(other) == parse_notification(serialize(tree))


def test_text_of_an_identifier_is_its_whole_text() -> None:
    """An element inside a text does not cut it short."""
    body = payloads.heartbeat().replace(payloads.SUBSCRIPTION_ID.encode(), b"har<b>bo</b>ur")
    assert sole(body).subscription_id == "harbour"


def test_thousand_events_are_read() -> None:
    """The backlog of an outage can come in one POST."""
    events = (event("CreatedEvent", item=f"it-{number}", watermark=f"w-{number}") for number in range(1_000))
    read_events = sole(serialize(envelope(notification(*events)))).events
    assert [each.id for each in read_events] == [f"it-{number}" for number in range(1_000)]
