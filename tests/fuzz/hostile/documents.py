"""Bodies that are not XML, not one document, or not a notification."""

import gzip
from typing import Final

from ewspush.errors import Refusal
from tests import payloads
from tests.fuzz.hostile.bodies import PLAIN, READ, Classes, with_content

_MANDATORY_HEADER: Final = '<q:Seal xmlns:q="urn:harbour" soap:mustUnderstand="1"/>'

DOCUMENTS: Final[Classes] = {
    "empty": (Refusal.EMPTY, lambda: b""),
    "blank": (Refusal.EMPTY, lambda: b" \r\n\t" * 200_000),
    "gzip": (Refusal.NOT_WELL_FORMED, lambda: gzip.compress(PLAIN.encode())),
    "gzip bomb": (Refusal.NOT_WELL_FORMED, lambda: gzip.compress(b"<a>" * 9_999_999)),
    "form": (Refusal.NOT_WELL_FORMED, lambda: b"a=1&xml=%3Cs%3AEnvelope%3E&" * 9_999),
    "JSON": (Refusal.NOT_WELL_FORMED, lambda: b'{"value":[{"subscriptionId":"s"}]}'),
    "nested JSON": (Refusal.NOT_WELL_FORMED, lambda: b"[" * 900_000),
    "HTML": (Refusal.NOT_WELL_FORMED, lambda: b"<html><body>busy<br></body></html>"),
    "two roots": (Refusal.NOT_WELL_FORMED, lambda: PLAIN.encode() * 2),
    "text after the root": (Refusal.NOT_WELL_FORMED, lambda: PLAIN.encode() + b"x"),
    "CDATA after the root": (Refusal.NOT_WELL_FORMED, lambda: PLAIN.encode() + b"<![CDATA[]]>"),
    "duplicate attributes": (Refusal.NOT_WELL_FORMED, lambda: with_content("<t:StatusEvent a='1' a='2'/>")),
    "attributes that namespaces make duplicates": (
        Refusal.NOT_WELL_FORMED,
        lambda: with_content("<t:StatusEvent xmlns:a='u' xmlns:b='u' a:c='1' b:c='2'/>"),
    ),
    "prefix that is not declared": (Refusal.NOT_WELL_FORMED, lambda: with_content("<z:a/>")),
    "name with two colons": (Refusal.NOT_WELL_FORMED, lambda: with_content("<t:a:bEvent/>")),
    "prefix xml redeclared": (Refusal.NOT_WELL_FORMED, lambda: with_content("<a xmlns:xml='urn:x'/>")),
    "not closed": (Refusal.NOT_WELL_FORMED, lambda: with_content("<a>")),
    "CDATA not closed": (Refusal.NOT_WELL_FORMED, lambda: with_content("<![CDATA[" + "]]" * 400_000)),
    "comment not closed": (Refusal.NOT_WELL_FORMED, lambda: b"<!--" + b"-" * 900_000),
    "attribute not closed": (Refusal.NOT_WELL_FORMED, lambda: b"<a b='" + b"c=" * 400_000),
    "header that must be understood": (
        Refusal.HEADER_NOT_UNDERSTOOD,
        lambda: with_content(_MANDATORY_HEADER, "</soap:Header>"),
    ),
    "envelope in an envelope": (Refusal.NOT_A_NOTIFICATION, lambda: with_content(PLAIN, "</soap:Body>")),
    "Body twice": (Refusal.NOT_SOAP, lambda: with_content("<soap:Body/>", "</soap:Envelope>")),
    "no message": (Refusal.NO_MESSAGE, lambda: payloads.serialize(payloads.envelope())),
    "no subscription": (
        Refusal.NO_SUBSCRIPTION_ID,
        lambda: payloads.serialize(payloads.envelope(payloads.notification(subscription_id=" "))),
    ),
    "Body in the Header": (READ, lambda: with_content("<soap:Body/>", "</soap:Header>")),
}
