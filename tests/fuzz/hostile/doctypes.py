"""What a DOCTYPE or an inclusion can do. The addresses lead nowhere."""

import codecs
from typing import Final

from ewspush.errors import Refusal
from tests import payloads
from tests.fuzz.hostile.bodies import PLAIN, READ, Classes, with_content

_XINCLUDE: Final = '<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'


def _doctype(subset: str, reference: str = "", declaration: str = payloads.DECLARATION) -> bytes:
    doctype = f"{declaration}<!DOCTYPE s:Envelope {subset}>"
    return doctype.encode() + with_content(reference, "</t:SubscriptionId>")


def _laughs() -> str:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'[<!ENTITY l0 "ha">{levels}]'


DOCTYPES: Final[Classes] = {
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
    "DOCTYPE after a second byte order mark": (
        Refusal.NOT_WELL_FORMED,
        lambda: codecs.BOM_UTF8 * 2 + _doctype(_laughs(), "&l9;", ""),
    ),
    "DOCTYPE after a second declaration": (
        Refusal.DOCTYPE,
        lambda: payloads.DECLARATION.encode() + _doctype(_laughs(), "&l9;"),
    ),
    "DOCTYPE in lower case": (Refusal.DOCTYPE, lambda: b"<!doctype a>" + PLAIN.encode()),
    "DOCTYPE in the body": (Refusal.NOT_WELL_FORMED, lambda: with_content("<!DOCTYPE a>")),
    "entity that is not declared": (Refusal.NOT_WELL_FORMED, lambda: with_content("&x;")),
    "entity in an attribute": (Refusal.NOT_WELL_FORMED, lambda: with_content('<t:StatusEvent a="&x;"/>')),
    "parameter entity in the body": (READ, lambda: with_content("%x;")),
    "XInclude": (READ, lambda: with_content(_XINCLUDE)),
    "XInclude in an unknown event": (READ, lambda: with_content(f"<t:XEvent>{_XINCLUDE}</t:XEvent>")),
    "schema location": (
        READ,
        lambda: with_content(
            '<a xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="u http://127.0.0.1:9/"/>'
        ),
    ),
    "stylesheet": (READ, lambda: with_content('<?xml-stylesheet href="http://127.0.0.1:9/"?>')),
}
