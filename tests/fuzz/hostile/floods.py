"""Bodies full of one thing: their cost is measured."""

from functools import partial
from typing import Final

from ewspush.errors import Refusal
from ewspush.protocol.hardened_xml import MAX_ATTRIBUTES, MAX_BODY_BYTES
from tests.fuzz.hostile.bodies import (
    EMPTY,
    END,
    FLOOD_BYTES,
    NAMESPACE,
    PLAIN,
    READ,
    Classes,
    attributes,
    flood,
    numbered,
    with_content,
)

_UNKNOWN: Final = ("<t:XEvent>", "</t:XEvent>")


def ordinary_flood() -> bytes:
    """Return what a body of that size looks like from a server that means no harm."""
    return flood('<t:CreatedEvent><t:Watermark>AQAAAHdoYXJm</t:Watermark><t:ItemId Id="AAMk"/></t:CreatedEvent>')


def _scopes() -> bytes:
    """Return unknown events that use the last of many namespaces."""
    declared = f"<m:Notification {attributes(MAX_ATTRIBUTES, NAMESPACE)}>"
    return with_content("<t:XEvent a63:a=''/>" * 200_000).replace(b"<m:Notification>", declared.encode())


def _one_byte_each() -> bytes:
    """Return a body that is three times as long once it is UTF-8."""
    text = PLAIN.replace(END, f"<t:XEvent>{'€' * (FLOOD_BYTES - len(PLAIN) - 100)}</t:XEvent>{END}")
    return b'<?xml version="1.0" encoding="windows-1252"?>' + text.encode("cp1252")


FLOODS: Final[Classes] = {
    "too large": (Refusal.TOO_LARGE, lambda: b"<a>" * (MAX_BODY_BYTES // 3 + 1)),
    "deep": (Refusal.NOT_WELL_FORMED, lambda: with_content("<a>" * 149_000 + "</a>" * 149_000)),
    "deep and open": (Refusal.NOT_WELL_FORMED, lambda: b"<a>" * 340_000),
    "deep, each with namespaces": (
        Refusal.NOT_WELL_FORMED,
        lambda: with_content("".join(f"<a xmlns:a{n}='u'>" for n in range(9_999))),
    ),
    "as deep as allowed, often": (READ, partial(flood, "<a>" * 240 + "</a>" * 240)),
    "attributes on one element": (
        Refusal.TOO_MANY_ATTRIBUTES,
        lambda: with_content(f"<a {attributes(90_000)}/>"),
    ),
    "namespaces on one element": (
        Refusal.TOO_MANY_ATTRIBUTES,
        lambda: with_content(f"<a {attributes(40_000, NAMESPACE)}/>"),
    ),
    "as many attributes as allowed, often": (READ, lambda: flood(f"<a {attributes(MAX_ATTRIBUTES, EMPTY)}/>")),
    "as many namespaces as allowed, often": (
        READ,
        lambda: flood(f"<a {attributes(MAX_ATTRIBUTES, NAMESPACE)}/>"),
    ),
    "namespaces, all different": (READ, partial(numbered, "<a xmlns='{}'/>")),
    "names, all different": (READ, partial(numbered, "<a{}/>")),
    "attribute names, all different": (READ, partial(numbered, "<a a{}=''/>")),
    "huge name": (Refusal.NOT_WELL_FORMED, lambda: with_content(f"<{'a' * 900_000}/>")),
    "huge text": (READ, lambda: with_content(f"<a>{'x' * 900_000}</a>")),
    "huge attribute": (READ, lambda: with_content(f"<a b='{'x' * 900_000}'/>")),
    "huge watermark": (Refusal.IDENTIFIER_TOO_LONG, partial(flood, "x", before="</t:Watermark></t:StatusEvent>")),
    "huge id": (READ, lambda: with_content(f"<t:NewMailEvent><t:ItemId Id='{'x' * 900_000}'/></t:NewMailEvent>")),
    "huge number": (
        READ,
        lambda: with_content(f"<t:NewMailEvent><t:UnreadCount>{'9' * 900_000}</t:UnreadCount></t:NewMailEvent>"),
    ),
    "huge namespace": (READ, lambda: with_content(f"<a xmlns='{'x' * 900_000}'><b/><c/></a>")),
    "100,000 siblings": (READ, lambda: with_content("<a/>" * 100_000)),
    "siblings between texts": (READ, partial(flood, "<a/>x")),
    "events": (READ, partial(flood, "<t:MovedEvent/>")),
    "messages": (
        Refusal.NO_SUBSCRIPTION_ID,
        partial(flood, "<m:SendNotificationResponseMessage/>", before="</m:ResponseMessages>"),
    ),
    "header blocks": (READ, partial(flood, "<a/>", before="</soap:Header>")),
    "unknown events": (Refusal.TOO_LARGE, partial(flood, "<t:XEvent/>", size_bytes=MAX_BODY_BYTES)),
    "unknown events in a long scope": (Refusal.TOO_LARGE, _scopes),
    "unknown event full of elements": (READ, partial(flood, "<a/>x", *_UNKNOWN)),
    "unknown event full of attributes": (
        READ,
        lambda: flood(f"<a {attributes(10, EMPTY)}/>", *_UNKNOWN),
    ),
    "unknown event that grows when written": (
        Refusal.TOO_LARGE,
        partial(flood, ">", *_UNKNOWN, size_bytes=MAX_BODY_BYTES),
    ),
    "unknown event that grows in UTF-8": (READ, _one_byte_each),
    "comments": (READ, partial(flood, "<!---->")),
    "comments inside a text": (
        Refusal.IDENTIFIER_TOO_LONG,
        partial(flood, "x<!---->", before="</t:SubscriptionId>"),
    ),
    "elements inside a text": (Refusal.IDENTIFIER_TOO_LONG, partial(flood, "x<a/>", before="</t:SubscriptionId>")),
    "instructions": (READ, partial(flood, "<?a?>")),
    "CDATA sections": (READ, partial(flood, "<![CDATA[]]>")),
    "CDATA sections in an id": (
        Refusal.IDENTIFIER_TOO_LONG,
        partial(flood, "<![CDATA[x]]>", before="</t:SubscriptionId>"),
    ),
    "character references": (Refusal.IDENTIFIER_TOO_LONG, partial(flood, "&#60;", before="</t:SubscriptionId>")),
    "equals signs": (READ, partial(flood, "= ")),
    "text that looks like attributes": (READ, partial(flood, "a='b' ")),
    "equals signs in an attribute": (READ, lambda: flood(f"<a b='{'=' * 200}'/>")),
    "white space": (READ, partial(flood, " ")),
    "white space before the root": (READ, lambda: b" " * 900_000 + PLAIN.encode()),
    "white space in a tag": (READ, lambda: with_content(f"<a{' ' * 900_000}/>")),
    "less-than signs": (Refusal.NOT_WELL_FORMED, partial(flood, "<")),
    "ampersands": (Refusal.NOT_WELL_FORMED, partial(flood, "&")),
}
