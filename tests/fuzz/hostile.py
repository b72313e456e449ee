"""Bodies made to do harm, one or more of each class, with what becomes of them as a notification.

Those that flood are as large as a body may be: what they cost is measured. Every class is known from elsewhere; the
addresses in them lead nowhere.
"""

import codecs
import gzip
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from ewspush.errors import Refusal
from ewspush.protocol.hardened_xml import MAX_ATTRIBUTES, MAX_BODY_BYTES
from tests import payloads
from tests.fuzz.grammar import DECLARED

_END: Final = "</m:Notification>"
_PLAIN: Final = payloads.heartbeat().decode().removeprefix(payloads.DECLARATION)
_UNKNOWN: Final = ("<t:XEvent>", "</t:XEvent>")
_XINCLUDE: Final = '<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
_EMPTY: Final = "a{}=''"
_NAMESPACE: Final = "xmlns:a{}='u'"
_READ: Final = None
_Made = tuple[Refusal | None, Callable[[], bytes]]


def _with(content: str, before: str = _END, declaration: str = "") -> bytes:
    return (declaration + _PLAIN.replace(before, content + before, 1)).encode("utf-8", "surrogatepass")


def _flood(unit: str, lead: str = "", tail: str = "", before: str = _END) -> bytes:
    """A heartbeat with as many of `unit` as a body may hold."""
    room = MAX_BODY_BYTES - len(_with(lead + tail, before))
    return _with(lead + unit * (room // len(unit.encode())) + tail, before)


def _numbered(unit: str, lead: str = "", tail: str = "") -> bytes:
    """Likewise, each with a number of its own: nothing can be remembered."""
    room = MAX_BODY_BYTES - len(_with(lead + tail))
    return _with(lead + "".join(unit.format(n) for n in range(10**5, 10**5 + room // (len(unit) + 10))) + tail)


def _doctype(subset: str, reference: str = "", declaration: str = payloads.DECLARATION) -> bytes:
    return f"{declaration}<!DOCTYPE s:Envelope {subset}>".encode() + _with(reference, "</t:SubscriptionId>")


def _laughs() -> str:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'[<!ENTITY l0 "ha">{levels}]'


def _recoded(codec: str, declared: str, mark: bytes = b"") -> bytes:
    return mark + f'<?xml version="1.0" encoding="{declared}"?>{_PLAIN}'.encode(codec)


def _marks(*marks: bytes) -> bytes:
    return b"".join(marks) + _PLAIN.encode()


def _attributes(count: int, pattern: str = "a{}='x'") -> str:
    return " ".join(pattern.format(number) for number in range(count))


def _mandatory() -> bytes:
    return _with('<q:Seal xmlns:q="urn:harbour" soap:mustUnderstand="1"/>', "</soap:Header>")


def _scopes() -> bytes:
    """Unknown events that use a namespace that stands at the end of a long list of others."""
    declared = f"<m:Notification {_attributes(MAX_ATTRIBUTES, _NAMESPACE)}>"
    return _with("<t:XEvent a63:a=''/>" * 50_000).replace(b"<m:Notification>", declared.encode())


def _one_byte_each() -> bytes:
    """A body that is three times as long once it is UTF-8."""
    text = _PLAIN.replace(_END, f"<t:XEvent>{'€' * (MAX_BODY_BYTES - len(_PLAIN) - 100)}</t:XEvent>{_END}")
    return b'<?xml version="1.0" encoding="windows-1252"?>' + text.encode("cp1252")


CLASSES: Final[Mapping[str, _Made]] = {
    # what a DOCTYPE can do
    "billion laughs": (Refusal.DOCTYPE, lambda: _doctype(_laughs(), "&l9;")),
    "quadratic blow-up": (Refusal.DOCTYPE, lambda: _doctype(f'[<!ENTITY a "{"a" * 50_000}">]', "&a;" * 50_000)),
    "file as entity": (Refusal.DOCTYPE, lambda: _doctype('[<!ENTITY x SYSTEM "file:///etc/passwd">]', "&x;")),
    "address as entity": (Refusal.DOCTYPE, lambda: _doctype('[<!ENTITY x SYSTEM "http://127.0.0.1:9/">]', "&x;")),
    "parameter entity": (Refusal.DOCTYPE, lambda: _doctype('[<!ENTITY % x SYSTEM "http://127.0.0.1:9/"> %x;]')),
    "external DTD": (Refusal.DOCTYPE, lambda: _doctype('SYSTEM "http://127.0.0.1:9/a.dtd"')),
    "public DTD": (Refusal.DOCTYPE, lambda: _doctype('PUBLIC "-//A//B" "file:///etc/passwd"')),
    "DOCTYPE alone": (Refusal.DOCTYPE, lambda: _doctype("")),
    "DOCTYPE with unused entity": (Refusal.DOCTYPE, lambda: _doctype('[<!ENTITY unused "x">]')),
    "DOCTYPE that adds attributes": (Refusal.DOCTYPE, lambda: _doctype('[<!ATTLIST s:Envelope a CDATA "x">]')),
    "DOCTYPE after comments": (Refusal.DOCTYPE, lambda: b"<!-- > -->\n" * 9_999 + _doctype("", declaration="")),
    "DOCTYPE after instructions": (Refusal.DOCTYPE, lambda: b"<?p > ?>" * 9_999 + _doctype("", declaration="")),
    "DOCTYPE in UTF-16": (Refusal.DOCTYPE, lambda: _doctype(_laughs(), "&l9;", "\ufeff").decode().encode("utf-16-le")),
    "DOCTYPE behind a second mark": (
        Refusal.NOT_WELL_FORMED,
        lambda: codecs.BOM_UTF8 * 2 + _doctype(_laughs(), "&l9;", ""),
    ),
    "DOCTYPE behind a second declaration": (
        Refusal.DOCTYPE,
        lambda: payloads.DECLARATION.encode() + _doctype(_laughs(), "&l9;"),
    ),
    "DOCTYPE in small letters": (Refusal.DOCTYPE, lambda: b"<!doctype a>" + _PLAIN.encode()),
    "DOCTYPE inside": (Refusal.NOT_WELL_FORMED, lambda: _with("<!DOCTYPE a>")),
    "entity that is not declared": (Refusal.NOT_WELL_FORMED, lambda: _with("&x;")),
    "entity in an attribute": (Refusal.NOT_WELL_FORMED, lambda: _with('<t:StatusEvent a="&x;"/>')),
    "parameter entity inside": (_READ, lambda: _with("%x;")),
    "XInclude": (_READ, lambda: _with(_XINCLUDE)),
    "XInclude in an unknown event": (_READ, lambda: _with(_XINCLUDE.join(_UNKNOWN))),
    "schema location": (
        _READ,
        lambda: _with(
            '<a xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="u http://127.0.0.1:9/"/>'
        ),
    ),
    "stylesheet": (_READ, lambda: _with('<?xml-stylesheet href="http://127.0.0.1:9/"?>')),
    # encodings
    "UTF-16 without a mark": (Refusal.ENCODING, lambda: _recoded("utf-8", "utf-16")),
    "UTF-16 by its bytes alone": (Refusal.NOT_WELL_FORMED, lambda: _recoded("utf-16-le", "utf-8")),
    "UTF-16 with half a character": (
        Refusal.ENCODING,
        lambda: _recoded("utf-16-le", "utf-16", codecs.BOM_UTF16_LE)[:-1],
    ),
    "UTF-16 with the mark of the other": (
        Refusal.NOT_WELL_FORMED,
        lambda: _recoded("utf-16-be", "utf-16", codecs.BOM_UTF16_LE),
    ),
    "UTF-32": (Refusal.ENCODING, lambda: _recoded("utf-32-le", "utf-32", codecs.BOM_UTF32_LE)),
    "UTF-32, the other way": (Refusal.NOT_WELL_FORMED, lambda: _recoded("utf-32-be", "utf-32", codecs.BOM_UTF32_BE)),
    "UTF-7 declared": (Refusal.ENCODING, lambda: _recoded("utf-7", "utf-7")),
    "EBCDIC declared": (Refusal.ENCODING, lambda: _recoded("utf-8", "cp037")),
    "EBCDIC": (Refusal.NOT_WELL_FORMED, lambda: _recoded("cp037", "cp037")),
    "unknown encoding": (Refusal.ENCODING, lambda: _recoded("utf-8", "x-harbour")),
    "codec that is no encoding": (Refusal.ENCODING, lambda: _recoded("utf-8", "zlib_codec")),
    "endless name of an encoding": (Refusal.NOT_WELL_FORMED, lambda: _recoded("utf-8", "x" * 900_000)),
    "endless declaration": (Refusal.NOT_WELL_FORMED, lambda: b"<?xml " + b"a" * 900_000),
    "mark of UTF-8 twice": (Refusal.NOT_WELL_FORMED, lambda: _marks(codecs.BOM_UTF8, codecs.BOM_UTF8)),
    "marks of two encodings": (Refusal.NOT_WELL_FORMED, lambda: _marks(codecs.BOM_UTF8, codecs.BOM_UTF16_LE)),
    "mark of UTF-16 before UTF-8": (Refusal.NOT_WELL_FORMED, lambda: _marks(codecs.BOM_UTF16_LE)[:-1]),
    "marks alone": (Refusal.NOT_WELL_FORMED, lambda: codecs.BOM_UTF8),
    "mark inside": (_READ, lambda: _with("\ufeff")),
    "NUL bytes": (Refusal.NOT_WELL_FORMED, lambda: _with("\0")),
    "nothing but NUL": (Refusal.NOT_WELL_FORMED, lambda: b"\0" * 900_000),
    "NUL after the end": (Refusal.NOT_WELL_FORMED, lambda: _PLAIN.encode() + b"\0"),
    "control characters": (Refusal.NOT_WELL_FORMED, lambda: _with("\x0b\x1b")),
    "control characters as references": (Refusal.NOT_WELL_FORMED, lambda: _with("&#11;")),
    "surrogates": (Refusal.NOT_WELL_FORMED, lambda: _with("\ud83d")),
    "surrogates as references": (Refusal.NOT_WELL_FORMED, lambda: _with("&#xD83D;&#xDE00;")),
    "surrogates in UTF-16": (
        Refusal.ENCODING,
        lambda: codecs.BOM_UTF16_BE + _PLAIN.encode("utf-16-be") + b"\xd8\x00",
    ),
    "reference to no character": (Refusal.NOT_WELL_FORMED, lambda: _with("&#x110000;&#99999999999999999999;")),
    "no character": (Refusal.NOT_WELL_FORMED, lambda: _with("\uffff")),
    "invalid UTF-8": (Refusal.NOT_WELL_FORMED, lambda: _PLAIN.encode().replace(b"Watermark>", b"Watermark>\xff\xfe")),
    "overlong UTF-8": (Refusal.NOT_WELL_FORMED, lambda: _PLAIN.encode().replace(b"Watermark>", b"Watermark>\xc0\xbc")),
    "cut UTF-8": (Refusal.NOT_WELL_FORMED, lambda: _PLAIN.encode() + b"\xf0\x9f"),
    # what is not XML, or not one document
    "empty": (Refusal.EMPTY, lambda: b""),
    "blank": (Refusal.EMPTY, lambda: b" \r\n\t" * 200_000),
    "gzip": (Refusal.NOT_WELL_FORMED, lambda: gzip.compress(_PLAIN.encode())),
    "gzip bomb": (Refusal.NOT_WELL_FORMED, lambda: gzip.compress(b"<a>" * 9_999_999)),
    "form": (Refusal.NOT_WELL_FORMED, lambda: b"a=1&xml=%3Cs%3AEnvelope%3E&" * 9_999),
    "JSON": (Refusal.NOT_WELL_FORMED, lambda: b'{"value":[{"subscriptionId":"s"}]}'),
    "nested JSON": (Refusal.NOT_WELL_FORMED, lambda: b"[" * 900_000),
    "HTML": (Refusal.NOT_WELL_FORMED, lambda: b"<html><body>busy<br></body></html>"),
    "two roots": (Refusal.NOT_WELL_FORMED, lambda: _PLAIN.encode() * 2),
    "text after the root": (Refusal.NOT_WELL_FORMED, lambda: _PLAIN.encode() + b"x"),
    "CDATA after the root": (Refusal.NOT_WELL_FORMED, lambda: _PLAIN.encode() + b"<![CDATA[]]>"),
    "duplicate attributes": (Refusal.NOT_WELL_FORMED, lambda: _with("<t:StatusEvent a='1' a='2'/>")),
    "attributes that namespaces make duplicates": (
        Refusal.NOT_WELL_FORMED,
        lambda: _with("<t:StatusEvent xmlns:a='u' xmlns:b='u' a:c='1' b:c='2'/>"),
    ),
    "prefix that is not declared": (Refusal.NOT_WELL_FORMED, lambda: _with("<z:a/>")),
    "name with two colons": (Refusal.NOT_WELL_FORMED, lambda: _with("<t:a:bEvent/>")),
    "prefix of XML declared anew": (Refusal.NOT_WELL_FORMED, lambda: _with("<a xmlns:xml='urn:x'/>")),
    "not closed": (Refusal.NOT_WELL_FORMED, lambda: _with("<a>")),
    "CDATA not closed": (Refusal.NOT_WELL_FORMED, lambda: _with("<![CDATA[" + "]]" * 400_000)),
    "comment not closed": (Refusal.NOT_WELL_FORMED, lambda: b"<!--" + b"-" * 900_000),
    "attribute not closed": (Refusal.NOT_WELL_FORMED, lambda: b"<a b='" + b"c=" * 400_000),
    # SOAP
    "header that must be understood": (Refusal.HEADER_NOT_UNDERSTOOD, _mandatory),
    "envelope in an envelope": (Refusal.NOT_A_NOTIFICATION, lambda: _with(_PLAIN, "</soap:Body>")),
    "Body twice": (Refusal.NOT_SOAP, lambda: _with("<soap:Body/>", "</soap:Envelope>")),
    "no message": (Refusal.NO_MESSAGE, lambda: payloads.written(payloads.envelope())),
    "no subscription": (
        Refusal.NO_SUBSCRIPTION_ID,
        lambda: payloads.written(payloads.envelope(payloads.notification(subscription_id=" "))),
    ),
    "Body in the Header": (_READ, lambda: _with("<soap:Body/>", "</soap:Header>")),
    # floods
    "too large": (Refusal.TOO_LARGE, lambda: b"<a>" * (MAX_BODY_BYTES // 3 + 1)),
    "deep": (Refusal.NOT_WELL_FORMED, lambda: _with("<a>" * 149_000 + "</a>" * 149_000)),
    "deep and open": (Refusal.NOT_WELL_FORMED, lambda: b"<a>" * 340_000),
    "deep, each with namespaces": (
        Refusal.NOT_WELL_FORMED,
        lambda: _with("".join(f"<a xmlns:a{n}='u'>" for n in range(9_999))),
    ),
    "as deep as may be, often": (_READ, partial(_flood, "<a>" * 240 + "</a>" * 240)),
    "attributes on one element": (
        Refusal.TOO_MANY_ATTRIBUTES,
        lambda: _with(f"<a {_attributes(90_000)}/>"),
    ),
    "namespaces on one element": (
        Refusal.TOO_MANY_ATTRIBUTES,
        lambda: _with(f"<a {_attributes(40_000, _NAMESPACE)}/>"),
    ),
    "as many attributes as may be, often": (_READ, lambda: _flood(f"<a {_attributes(MAX_ATTRIBUTES, _EMPTY)}/>")),
    "as many namespaces as may be, often": (
        _READ,
        lambda: _flood(f"<a {_attributes(MAX_ATTRIBUTES, _NAMESPACE)}/>"),
    ),
    "namespaces, each anew": (_READ, partial(_numbered, "<a xmlns='{}'/>")),
    "names, each anew": (_READ, partial(_numbered, "<a{}/>")),
    "attribute names, each anew": (_READ, partial(_numbered, "<a a{}=''/>")),
    "endless name": (Refusal.NOT_WELL_FORMED, lambda: _with(f"<{'a' * 900_000}/>")),
    "endless text": (_READ, lambda: _with(f"<a>{'x' * 900_000}</a>")),
    "endless attribute": (_READ, lambda: _with(f"<a b='{'x' * 900_000}'/>")),
    "endless watermark": (Refusal.IDENTIFIER_TOO_LONG, partial(_flood, "x", before="</t:Watermark></t:StatusEvent>")),
    "endless id": (_READ, lambda: _with(f"<t:NewMailEvent><t:ItemId Id='{'x' * 900_000}'/></t:NewMailEvent>")),
    "endless number": (
        _READ,
        lambda: _with(f"<t:NewMailEvent><t:UnreadCount>{'9' * 900_000}</t:UnreadCount></t:NewMailEvent>"),
    ),
    "endless namespace": (_READ, lambda: _with(f"<a xmlns='{'x' * 900_000}'><b/><c/></a>")),
    "100,000 siblings": (_READ, lambda: _with("<a/>" * 100_000)),
    "siblings between texts": (_READ, partial(_flood, "<a/>x")),
    "events": (_READ, partial(_flood, "<t:MovedEvent/>")),
    "messages": (
        Refusal.NO_SUBSCRIPTION_ID,
        partial(_flood, "<m:SendNotificationResponseMessage/>", before="</m:ResponseMessages>"),
    ),
    "header blocks": (_READ, partial(_flood, "<a/>", before="</soap:Header>")),
    "unknown events": (Refusal.TOO_LARGE, partial(_flood, "<t:XEvent/>")),
    "unknown events in a long scope": (Refusal.TOO_LARGE, _scopes),
    "unknown event full of elements": (_READ, partial(_flood, "<a/>x", *_UNKNOWN)),
    "unknown event full of attributes": (
        _READ,
        lambda: _flood(f"<a {_attributes(10, _EMPTY)}/>", *_UNKNOWN),
    ),
    "unknown event that grows when written": (Refusal.TOO_LARGE, partial(_flood, ">", *_UNKNOWN)),
    "unknown event that grows in UTF-8": (_READ, _one_byte_each),
    "comments": (_READ, partial(_flood, "<!---->")),
    "comments that cut a text": (
        Refusal.IDENTIFIER_TOO_LONG,
        partial(_flood, "x<!---->", before="</t:SubscriptionId>"),
    ),
    "elements that cut a text": (Refusal.IDENTIFIER_TOO_LONG, partial(_flood, "x<a/>", before="</t:SubscriptionId>")),
    "instructions": (_READ, partial(_flood, "<?a?>")),
    "CDATA sections": (_READ, partial(_flood, "<![CDATA[]]>")),
    "CDATA sections in an id": (
        Refusal.IDENTIFIER_TOO_LONG,
        partial(_flood, "<![CDATA[x]]>", before="</t:SubscriptionId>"),
    ),
    "character references": (Refusal.IDENTIFIER_TOO_LONG, partial(_flood, "&#60;", before="</t:SubscriptionId>")),
    "equals signs": (_READ, partial(_flood, "= ")),
    "text that looks like attributes": (_READ, partial(_flood, "a='b' ")),
    "tags that look crowded": (_READ, lambda: _flood(f"<a b='{'=' * 200}'/>")),
    "white space": (_READ, partial(_flood, " ")),
    "white space before the root": (_READ, lambda: b" " * 900_000 + _PLAIN.encode()),
    "white space in a tag": (_READ, lambda: _with(f"<a{' ' * 900_000}/>")),
    "less-than signs": (Refusal.NOT_WELL_FORMED, partial(_flood, "<")),
    "ampersands": (Refusal.NOT_WELL_FORMED, partial(_flood, "&")),
}
"""Class: what refuses it as a notification (nothing does where it is read), and how it is made."""


def ordinary_flood() -> bytes:
    """Return what a body of the largest size looks like where nobody means harm."""
    return _flood('<t:CreatedEvent><t:Watermark>AQAAAHdoYXJm</t:Watermark><t:ItemId Id="AAMk"/></t:CreatedEvent>')


def answers(operation: str) -> Mapping[str, Callable[[], bytes]]:
    """Return floods in the place where answers to `operation` have what is read of them."""
    units = ("<a/>", "<a/>x", "<t:Create/>", "<t:Create><a/></t:Create>", "<t:Delete><t:ItemId Id=''/></t:Delete>")
    return {f"{operation}: {unit}": partial(_answer, operation, unit) for unit in units}


def _answer(operation: str, unit: str) -> bytes:
    message = f"m:{operation}ResponseMessage"
    lead = (
        f"<s:Envelope {DECLARED}><s:Body><m:{operation}Response><m:ResponseMessages>"
        f'<{message} ResponseClass="Success"><m:SyncState>s1</m:SyncState><m:Changes>'
    )
    tail = f"</m:Changes></{message}></m:ResponseMessages></m:{operation}Response></s:Body></s:Envelope>"
    return f"{lead}{unit * ((MAX_BODY_BYTES - len(lead + tail)) // len(unit))}{tail}".encode()
