"""Bodies in, notifications out."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from exchangelib.services import SendNotification

from ewspush.errors import Refusal, UnreadableNotificationError
from ewspush.protocol import hardened_xml
from ewspush.protocol.namespaces import MESSAGES, SOAP, TYPES
from ewspush.protocol.notification import MailboxEvent, Notification, ObjectKind, ResponseClass, ResponseMessage
from ewspush.protocol.reader import MAX_IDENTIFIER_CHARACTERS, parse_notification
from tests import payloads
from tests.payloads import Style, element, envelope, error, event, message, notification, status, written

FOLDER: Final = Path(__file__).parents[2] / "fixtures" / "notifications"
CASES: Final[dict[str, dict[str, Any]]] = json.loads((FOLDER / "cases.json").read_text(encoding="utf-8"))
READABLE: Final = sorted(name for name, case in CASES.items() if case["kind"] != "reject")
REFUSED: Final = sorted(CASES.keys() - set(READABLE))
SEEN_BY_OTHERS: Final = ("workmail_guide_event.xml", "exchange_new_mail.xml", "exchange_moved_item.xml", "utf16_le.xml")
KINDS: Final = ("CopiedEvent", "CreatedEvent", "DeletedEvent", "ModifiedEvent", "MovedEvent", "NewMailEvent")


def sole(body: bytes) -> ResponseMessage:
    """Return the only response message of `body`."""
    (only,) = parse_notification(body).messages
    return only


def sole_event(part: payloads.Element) -> MailboxEvent:
    """Return what is read of one event."""
    (only,) = sole(written(envelope(notification(part)))).events
    return only


def reason_of(body: bytes) -> Refusal:
    """Return why `body` is refused."""
    with pytest.raises(UnreadableNotificationError) as refused:
        parse_notification(body)
    return refused.value.reason


def kind_of(notified: Notification) -> str:
    """Return the kind of a body, in the words of cases.json."""
    if any(part.is_error for part in notified.messages):
        return "error"
    heartbeats = [told.is_heartbeat for part in notified.messages for told in part.events]
    return "status" if heartbeats and all(heartbeats) else "ok"


@pytest.mark.parametrize("name", READABLE)
def test_file_is_read_as_its_case_says(name: str) -> None:
    """Kind, subscriptions and every field of every event are those of the case."""
    notified = parse_notification((FOLDER / name).read_bytes())
    events = [told._asdict() for part in notified.messages for told in part.events]
    said = [{key: value for key, value in told.items() if value is not None} for told in events]
    assert kind_of(notified) == CASES[name]["kind"]
    assert [part.subscription_id for part in notified.messages] == CASES[name]["subscription_ids"]
    assert said == CASES[name]["events"]


@pytest.mark.parametrize("name", REFUSED)
def test_file_is_refused_as_its_case_says(name: str) -> None:
    """The refusal names the rule that was broken, and never quotes the body."""
    body = (FOLDER / name).read_bytes()
    with pytest.raises(UnreadableNotificationError) as refused:
        parse_notification(body)
    assert refused.value.reason == CASES[name]["reason"]
    assert refused.value.error_status_hint == 400


def test_every_file_has_its_case() -> None:
    """No file lies in the folder unread."""
    assert {path.name for path in FOLDER.iterdir()} == {*CASES, "cases.json"}


@pytest.mark.parametrize("name", SEEN_BY_OTHERS)
def test_another_client_reads_the_same(name: str) -> None:
    """The client exchangelib sees the ids and watermarks that we see."""
    body = (FOLDER / name).read_bytes()
    (theirs,) = SendNotification(protocol=None).parse(body)
    ours = sole(body)
    assert (theirs.subscription_id, theirs.previous_watermark) == (ours.subscription_id, ours.previous_watermark)
    assert [_told_by_another(told) for told in theirs.events] == [
        (told.type, told.watermark, told.id, told.parent_folder_id, told.old_id) for told in ours.events
    ]


def _told_by_another(told: Any) -> tuple[Any, ...]:
    old = getattr(told, "old_item_id", None) or getattr(told, "old_folder_id", None)
    about = told.item_id or told.folder_id
    return type(told).__name__, told.watermark, about.id, told.parent_folder_id.id, old.id if old else None


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
def test_spelling_means_nothing(style: Style) -> None:
    """Prefixes, declarations, comments and white space do not change what is read."""
    tree = envelope(notification(event("NewMailEvent", item="it-1"), status("w-2")))
    assert parse_notification(written(tree, style)) == parse_notification(written(tree))


def test_same_local_name_in_another_namespace_is_no_event() -> None:
    """Namespace and local name decide together."""
    stranger = written(envelope(notification(status(), event("DeletedEvent", item="it-1"))))
    stranger = stranger.replace(b"<t:DeletedEvent>", b'<q:DeletedEvent xmlns:q="urn:harbour">')
    events = sole(stranger.replace(b"</t:DeletedEvent>", b"</q:DeletedEvent>")).events
    assert [told.type for told in events] == ["StatusEvent"]


def test_several_messages_are_read_in_order() -> None:
    """The schema allows many messages, over many subscriptions and classes, in one POST."""
    tree = envelope(
        notification(status("w-1"), subscription_id="s-1"),
        error("ErrorEventNotFound", SubscriptionId="s-2"),
        notification(status("w-3"), status("w-4"), subscription_id="s-3"),
    )
    messages = parse_notification(written(tree)).messages
    assert [part.subscription_id for part in messages] == ["s-1", "s-2", "s-3"]
    assert [len(part.events) for part in messages] == [1, 0, 2]
    assert [part.is_error for part in messages] == [False, True, False]


@pytest.mark.parametrize(
    ("written_as", "meant"),
    [("true", True), ("1", True), ("false", False), ("0", False), (" true\n", True), ("yes", None), (None, None)],
)
def test_more_events_has_four_spellings(written_as: str | None, meant: bool | None) -> None:
    """xs:boolean is true, false, 1 or 0; anything else is as good as absent."""
    assert sole(written(envelope(notification(status(), more_events=written_as)))).more_events is meant


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
    """A counter that is none does not cost the event."""
    part = event("ModifiedEvent", element("t:UnreadCount", written_as), folder="f-1")
    assert (sole_event(part).unread_count, sole_event(part).id) == (meant, "f-1")


def test_all_optional_elements_may_be_missing() -> None:
    """No watermark, no MoreEvents, no response code, no header content: still a notification."""
    part = event("CreatedEvent", watermark=None, timestamp=None, parent=None)
    bare = message(payloads.content(part, identity=("s-9", None, None)), code=None)
    read_message = sole(written(envelope(bare, header=element("s:Header"))))
    assert read_message == ResponseMessage(
        ResponseClass.SUCCESS, subscription_id="s-9", events=(MailboxEvent("CreatedEvent"),)
    )


def test_event_without_id_does_not_cost_the_next_one() -> None:
    """An event that lost its id is told without one."""
    events = sole(written(envelope(notification(event("CreatedEvent"), event("DeletedEvent", item="it-2"))))).events
    assert [told.id for told in events] == [None, "it-2"]


@pytest.mark.parametrize("declared", ["Warning", "Notice", None])
def test_other_classes_are_read_by_what_they_hold(declared: str | None) -> None:
    """A Warning, or a class nobody knows, with a Notification is read like a Success."""
    part = message(payloads.content(status(), identity=("s-1", "w-0", None)), response_class=declared)
    read_message = sole(written(envelope(part)))
    assert (read_message.is_error, read_message.subscription_id, len(read_message.events)) == (False, "s-1", 1)


@pytest.mark.parametrize(("given", "meant"), [("s-1", "s-1"), (" ", None), (None, None)])
def test_error_names_its_subscription_in_message_xml(given: str | None, meant: str | None) -> None:
    """An error lacks the Notification; it may name its subscription nowhere but in the URL."""
    read_message = sole(written(envelope(error("ErrorReadEventsFailed", SubscriptionId=given))))
    assert (read_message.is_error, read_message.subscription_id) == (True, meant)


def test_busy_server_says_for_how_long() -> None:
    """BackOffMilliseconds is handed on with code and text."""
    read_message = sole(written(envelope(error("ErrorServerBusy", "Später.", BackOffMilliseconds="90000"))))
    assert read_message == ResponseMessage(
        ResponseClass.ERROR, response_code="ErrorServerBusy", message_text="Später.", back_off_ms=90000
    )


def test_success_never_takes_its_subscription_from_message_xml() -> None:
    """An id is not guessed: only an error may be named there."""
    values = element("m:MessageXml", element("t:Value", "s-1", Name="SubscriptionId"))
    part = message(values, payloads.content(status(), identity=(None, "w-0", None)))
    assert reason_of(written(envelope(part))) is Refusal.NO_SUBSCRIPTION_ID


def test_unknown_event_is_kept_with_its_xml() -> None:
    """An event of a later schema keeps name, watermark and its own XML; the known ones keep their order."""
    future = element("t:ArchivedEvent", element("t:Watermark", "w-8"), element("t:TimeStamp", "soon"))
    first, second = sole(written(envelope(notification(future, status("w-9"))))).events
    assert (first.type, first.watermark, first.timestamp, second.watermark) == ("ArchivedEvent", "w-8", "soon", "w-9")
    assert first.raw_xml == (
        f'<t:ArchivedEvent xmlns:t="{TYPES}">'
        "<t:Watermark>w-8</t:Watermark><t:TimeStamp>soon</t:TimeStamp></t:ArchivedEvent>"
    )


def test_raw_xml_does_not_depend_on_the_envelope() -> None:
    """Namespaces that only the envelope uses are left out, so that a re-send gives the same XML."""
    tree = envelope(notification(element("t:ArchivedEvent", element("t:Watermark", "w-8"))))
    other = written(tree).replace(b"<soap:Envelope", b'<soap:Envelope xmlns:unused="urn:x"')
    assert parse_notification(other) == parse_notification(written(tree))


@pytest.mark.parametrize("used", ["", ' z:a=""'])
def test_unknown_events_cannot_unfold_a_short_body(used: str) -> None:
    """A namespace declared once and used on thousands of events does not fill the memory."""
    events = f"<t:XEvent{used}/>" * 2_000
    body = written(envelope(notification(status()))).decode().replace("</m:Notification>", events + "</m:Notification>")
    body = body.replace("<soap:Envelope", f'<soap:Envelope xmlns:z="{"u" * 20_000}"')
    if used:
        assert reason_of(body.encode()) is Refusal.TOO_LARGE
    else:
        assert sum(len(told.raw_xml or "") for told in sole(body.encode()).events) < hardened_xml.MAX_BODY_BYTES


@pytest.mark.parametrize("name", ["Watermark", "SubscriptionId", "PreviousWatermark"])
def test_endless_identifier_is_refused(name: str) -> None:
    """What is stored in one item has a limit, and up to there any length is taken."""
    body = payloads.heartbeat().decode()
    start = body.index(f"<t:{name}>") + len(f"<t:{name}>")
    taken, refused = (f"{body[:start]}{'i' * size}{body[start:]}".encode() for size in _sizes_around(body, name))
    assert sole(taken).events
    assert reason_of(refused) is Refusal.IDENTIFIER_TOO_LONG


def _sizes_around(body: str, name: str) -> tuple[int, int]:
    present = len(body.split(f"<t:{name}>")[1].split("<", maxsplit=1)[0])
    return MAX_IDENTIFIER_CHARACTERS - present, MAX_IDENTIFIER_CHARACTERS - present + 1


def test_text_of_an_identifier_is_its_whole_text() -> None:
    """An element inside a text does not cut it short."""
    body = payloads.heartbeat().replace(payloads.SUBSCRIPTION_ID.encode(), b"har<b>bo</b>ur")
    assert sole(body).subscription_id == "harbour"


@pytest.mark.parametrize(
    ("tree", "reason"),
    [
        (element("s:Envelope"), Refusal.NOT_SOAP),
        (element("s:Body"), Refusal.NOT_SOAP),
        (element("s:Envelope", element("s:Body"), element("s:Body")), Refusal.NOT_SOAP),
        (element("s:Envelope", element("s:Body")), Refusal.NOT_A_NOTIFICATION),
        (element("s:Envelope", element("s:Body", element("s:Fault"))), Refusal.NOT_A_NOTIFICATION),
        (element("s:Envelope", element("s:Body", element("m:GetEventsResponse"))), Refusal.NOT_A_NOTIFICATION),
        (element("s:Envelope", element("s:Body", element("t:SendNotification"))), Refusal.NOT_A_NOTIFICATION),
        (
            element("s:Envelope", element("s:Body", element("m:SendNotification"), element("m:SendNotification"))),
            Refusal.NOT_A_NOTIFICATION,
        ),
        (envelope(), Refusal.NO_MESSAGE),
        (envelope(message()), Refusal.NO_SUBSCRIPTION_ID),
        (envelope(message(response_class=None)), Refusal.NO_SUBSCRIPTION_ID),
        (envelope(notification(status(), subscription_id=None)), Refusal.NO_SUBSCRIPTION_ID),
        (envelope(notification(status(), subscription_id=" \n")), Refusal.NO_SUBSCRIPTION_ID),
    ],
)
def test_what_is_no_notification_is_refused(tree: payloads.Element, reason: Refusal) -> None:
    """Well-formed XML of another kind says which rule it breaks."""
    assert reason_of(written(tree)) is reason


@pytest.mark.parametrize("misprint", [SOAP, MESSAGES])
def test_misprinted_namespaces_are_refused(misprint: str) -> None:
    """Some pages print https:// namespaces: they are not the protocol."""
    body = payloads.heartbeat().replace(misprint.encode(), misprint.replace("http:", "https:").encode())
    assert reason_of(body) in {Refusal.NOT_SOAP, Refusal.NOT_A_NOTIFICATION}


@pytest.mark.parametrize(("flag", "taken"), [("1", False), (" true ", False), ("0", True), ("false", True)])
def test_mandatory_header_that_is_unknown_is_refused(flag: str, taken: bool) -> None:
    """SOAP forbids to pass over a header that must be understood; any other may be."""
    body = payloads.heartbeat().decode()
    block = f'<q:Seal xmlns:q="urn:harbour" soap:mustUnderstand="{flag}"/></soap:Header>'
    sealed = body.replace("</soap:Header>", block).encode()
    if taken:
        assert parse_notification(sealed) == parse_notification(body.encode())
    else:
        assert reason_of(sealed) is Refusal.HEADER_NOT_UNDERSTOOD


def test_header_of_the_servers_may_be_mandatory() -> None:
    """Blocks of the types namespace are understood."""
    body = payloads.heartbeat().replace(
        b"<t:RequestServerVersion ", b'<t:RequestServerVersion soap:mustUnderstand="1" '
    )
    assert parse_notification(body) == parse_notification(payloads.heartbeat())


def test_thousand_events_are_read() -> None:
    """A full queue after an outage comes in one POST."""
    events = (event("CreatedEvent", item=f"it-{number}", watermark=f"w-{number}") for number in range(1_000))
    read_events = sole(written(envelope(notification(*events)))).events
    assert [told.id for told in read_events] == [f"it-{number}" for number in range(1_000)]
