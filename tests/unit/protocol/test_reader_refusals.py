"""Bodies that are well-formed XML, and no notification that we read."""

import pytest

from ewspush.errors import Refusal
from ewspush.protocol import hardened_xml
from ewspush.protocol.namespaces import MESSAGES, SOAP
from ewspush.protocol.reader import MAX_IDENTIFIER_CHARACTERS, parse_notification
from tests import payloads
from tests.payloads import element, envelope, message, notification, serialize, status
from tests.unit.protocol.reading import reason_of, sole


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
def test_any_other_document_is_refused(tree: payloads.Element, reason: Refusal) -> None:
    """The reason names the rule that it breaks."""
    assert reason_of(serialize(tree)) is reason


@pytest.mark.parametrize("misprint", [SOAP, MESSAGES])
def test_misprinted_namespaces_are_refused(misprint: str) -> None:
    """Some pages print https:// namespaces: the schema has none."""
    body = payloads.heartbeat().replace(misprint.encode(), misprint.replace("http:", "https:").encode())
    assert reason_of(body) in {Refusal.NOT_SOAP, Refusal.NOT_A_NOTIFICATION}


@pytest.mark.parametrize(("flag", "is_read"), [("1", False), (" true ", False), ("0", True), ("false", True)])
def test_mandatory_header_that_is_unknown_is_refused(flag: str, is_read: bool) -> None:
    """SOAP forbids ignoring a header that must be understood; any other may be ignored."""
    body = payloads.heartbeat().decode()
    block = f'<q:Seal xmlns:q="urn:harbour" soap:mustUnderstand="{flag}"/></soap:Header>'
    sealed = body.replace("</soap:Header>", block).encode()
    if is_read:
        assert parse_notification(sealed) == parse_notification(body.encode())
    else:
        assert reason_of(sealed) is Refusal.HEADER_NOT_UNDERSTOOD


def test_header_of_the_servers_may_be_mandatory() -> None:
    """Blocks of the types namespace are understood."""
    body = payloads.heartbeat().replace(
        b"<t:RequestServerVersion ", b'<t:RequestServerVersion soap:mustUnderstand="1" '
    )
    assert parse_notification(body) == parse_notification(payloads.heartbeat())


def test_a_success_without_a_subscription_id_is_refused() -> None:
    """An id is not guessed: only an error may name it in MessageXml."""
    values = element("m:MessageXml", element("t:Value", "s-1", Name="SubscriptionId"))
    part = message(values, payloads.content(status(), identity=(None, "w-0", None)))
    assert reason_of(serialize(envelope(part))) is Refusal.NO_SUBSCRIPTION_ID


@pytest.mark.parametrize("used", ["", ' z:a=""'])
def test_unknown_events_do_not_multiply_a_short_body(used: str) -> None:
    """A namespace that is declared once and used on thousands of events does not fill the memory."""
    events = f"<t:XEvent{used}/>" * 2_000
    body = (
        serialize(envelope(notification(status()))).decode().replace("</m:Notification>", events + "</m:Notification>")
    )
    body = body.replace("<soap:Envelope", f'<soap:Envelope xmlns:z="{"u" * 20_000}"')
    if used:
        assert reason_of(body.encode()) is Refusal.TOO_LARGE
    else:
        assert sum(len(each.raw_xml or "") for each in sole(body.encode()).events) < hardened_xml.MAX_BODY_BYTES


@pytest.mark.parametrize("name", ["Watermark", "SubscriptionId", "PreviousWatermark"])
def test_endless_identifier_is_refused(name: str) -> None:
    """An item of a table has a limit; up to there any length is read."""
    body = payloads.heartbeat().decode()
    start = body.index(f"<t:{name}>") + len(f"<t:{name}>")
    readable, refused = (f"{body[:start]}{'i' * size}{body[start:]}".encode() for size in _sizes_around(body, name))
    assert sole(readable).events
    assert reason_of(refused) is Refusal.IDENTIFIER_TOO_LONG


def _sizes_around(body: str, name: str) -> tuple[int, int]:
    present = len(body.split(f"<t:{name}>")[1].split("<", maxsplit=1)[0])
    return MAX_IDENTIFIER_CHARACTERS - present, MAX_IDENTIFIER_CHARACTERS - present + 1
