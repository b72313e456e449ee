"""Bytes of an unknown sender -> root element, or a refusal before anything is expanded.

The order is the defence: size cap, decoding from an allow-list, declaration dropped, DOCTYPE refused, and only then a
parser without entities, network, DTD loading, recovery or huge trees.
"""

import codecs
import re
from functools import lru_cache
from typing import Final

from lxml import etree

from ewspush.errors import Refusal, TooLargeError, UnreadableNotificationError

MAX_BODY_BYTES: Final = 6 * 1024 * 1024
"""Every POST that API Gateway passes on: an event of Lambda holds 6 MB, so a larger body gets 413 from API Gateway.

A POST that is refused is sent again as it is, or longer, until the subscription dies. Nothing limits the events of one:
those of an hour without a connection can come at once.
"""

MAX_ATTRIBUTES: Final = 64
"""On one element, namespace declarations included. The widest EWS notification element has a handful."""

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_FIRST_BYTES: Final = tuple({mark[:1] for mark, _ in _MARKS})
_UTF_32_LE_MARK: Final = codecs.BOM_UTF32_LE

_CODECS: Final = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
}
"""Encodings that may be declared. UTF-16 is read by its byte order mark alone."""

_UTF_16_NAMES: Final = frozenset({"utf-16", "utf-16le", "utf-16be"})

# The guide of Amazon WorkMail prints a version of '1.0 (http://www.w3.org/TR/REC-xml/)', which no strict parser takes:
# the declaration is read for its encoding only and never reaches the parser.
_DECLARATION: Final = re.compile(rb"""\s*+<\?xml\s([^>]{0,512})\?>""")
_USUAL_DECLARATIONS: Final = (b'<?xml version="1.0" encoding="utf-8"?>', b'<?xml version="1.0" encoding="UTF-8"?>')
_ENCODING: Final = re.compile(rb"""\sencoding\s*=\s*["']([^"']*)["']""")
_CROWDED_TAG: Final = re.compile(
    rb"""[^\s<>/!?]++(?:\s*+[^\s<>/='"]++\s*+=\s*+(?:"[^"]*+"|'[^']*+')){%d}""" % (MAX_ATTRIBUTES + 1)
)
_CROWD: Final = b"=" * (MAX_ATTRIBUTES + 1)
_ALL_BUT_TAGS_AND_EQUALS: Final = bytes(set(range(256)) - set(b"<="))
_CHARACTERS: Final = (range(0x20, 0xD800), (0x9, 0xA, 0xD), range(0xE000, 0xFFFE), range(0x10000, 0x110000))
"""Those of XML 1.0 (section 2.2)."""

_FORBIDDEN: Final = re.compile(rb"&#(?:x([0-9A-Fa-f]++)|([0-9]++));|[\x00-\x08\x0b\x0c\x0e-\x1f]++|\xef\xbf[\xbe\xbf]")
"""Any other character as such; and every reference, which may be to one of them."""

_REPLACEMENT: Final = "\ufffd".encode()
_MAX_DIGITS: Final = 7
_PROLOG: Final = re.compile(rb"(?:\s++|<!--.*?-->|<\?.*?\?>)*+", re.DOTALL)

_PARSER: Final = etree.XMLParser(
    encoding="utf-8",
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    recover=False,
    huge_tree=False,  # keeps libxml2's limit of 256 levels
    remove_comments=True,  # a comment inside a text would cut it short
    remove_pis=True,
)
"""Shared: the first use of a new one takes half as long again as parsing a heartbeat. lxml locks it while it parses."""


def parse(body: bytes, *, max_bytes: int = MAX_BODY_BYTES) -> etree._Element:
    """Return the root element of `body`, which has at most `max_bytes`.

    Raises `TooLargeError` or `UnreadableNotificationError`.
    """
    if len(body) > max_bytes:
        raise TooLargeError(len(body), max_bytes)
    if not body or body.isspace():
        raise UnreadableNotificationError(Refusal.EMPTY, "the body is empty")
    # The line break keeps what follows from being taken for a second mark or declaration, which would hide a DOCTYPE.
    return _strict(_checked(b"\n" + _undeclared_utf8(body)))


def parse_answer(body: bytes, *, max_bytes: int) -> etree._Element:
    """Return the root element of an answer of a server that we asked ourselves; raises as `parse` does.

    Characters that XML 1.0 forbids are replaced: some servers write them into texts, and a refusal is one all the same.
    """
    try:
        return parse(body, max_bytes=max_bytes)
    except UnreadableNotificationError as unreadable:
        if unreadable.reason is not Refusal.NOT_WELL_FORMED:
            raise
        text = _undeclared_utf8(body)
        allowed = _FORBIDDEN.sub(_allowed, text)
        if allowed == text:
            raise
        return _strict(_checked(b"\n" + allowed))


def _checked(text: bytes) -> bytes:
    """Return `text` if it may be parsed."""
    _refuse_doctype(text)
    _refuse_crowded_elements(text)
    return text


def _allowed(found: re.Match[bytes]) -> bytes:
    """Return a reference as it is where XML 1.0 allows its character; U+FFFD for anything else."""
    hexadecimal, decimal = found.groups()
    digits = (hexadecimal or decimal or b"0").lstrip(b"0") or b"0"
    number = int(digits, 16 if hexadecimal else 10) if len(digits) <= _MAX_DIGITS else 0
    return found[0] if any(number in each for each in _CHARACTERS) else _REPLACEMENT


def _undeclared_utf8(body: bytes) -> bytes:
    """Return the document as UTF-8 without mark and declaration; the bytes decide, not a Content-Type."""
    if body.startswith(_USUAL_DECLARATIONS):
        return body[len(_USUAL_DECLARATIONS[0]) :]
    if not body.startswith(_FIRST_BYTES):
        return _without_declaration(body, marked=False)
    if body.startswith(_UTF_32_LE_MARK):
        raise UnreadableNotificationError(Refusal.ENCODING, "UTF-32 is not taken")
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return _without_declaration(_recoded(body[len(mark) :], codec), marked=True)
    return _without_declaration(body, marked=False)


def _without_declaration(body: bytes, *, marked: bool) -> bytes:
    declaration = _DECLARATION.match(body)
    if declaration is None:
        return body
    rest = body[declaration.end() :]
    codec = _declared_codec(declaration[1], marked=marked)
    return rest if codec == "utf-8" else _recoded(rest, codec)


@lru_cache(maxsize=32)
def _declared_codec(declaration: bytes, *, marked: bool) -> str:
    """Return the codec to read what follows with; where a byte order mark has settled it, that is UTF-8 by now."""
    encoding = _ENCODING.search(b" " + declaration)
    if encoding is None:
        return "utf-8"
    name = encoding[1].decode("ascii", "replace").strip().lower()
    if marked and (name in _CODECS or name in _UTF_16_NAMES):
        return "utf-8"
    if name not in _CODECS:
        raise UnreadableNotificationError(Refusal.ENCODING, "the declared encoding is not one of those taken")
    return _CODECS[name]


def _recoded(body: bytes, codec: str) -> bytes:
    if codec == "utf-8":
        return body  # the parser refuses bytes that are not UTF-8
    try:
        return body.decode(codec).encode()
    except UnicodeError:
        message = "the bytes are not in the encoding they claim"
        raise UnreadableNotificationError(Refusal.ENCODING, message) from None


def _refuse_doctype(text: bytes) -> None:
    """SOAP 1.1, section 3: a message must not contain a Document Type Declaration."""
    if text[:8].lstrip()[1:2].isalpha():
        return  # the root begins at once, and no declaration can follow it
    start = _PROLOG.match(text)
    if start is not None and text.startswith(b"<!", start.end()) and not text.startswith(b"<!--", start.end()):
        raise UnreadableNotificationError(Refusal.DOCTYPE, "a document type declaration is never taken")


def _strict(text: bytes) -> etree._Element:
    try:
        return etree.fromstring(text, _PARSER)
    except (etree.XMLSyntaxError, ValueError):
        # Without the parser's words: they can quote the body.
        message = "the body is not well-formed XML"
        raise UnreadableNotificationError(Refusal.NOT_WELL_FORMED, message) from None


def _refuse_crowded_elements(text: bytes) -> None:
    """Refuse elements with more than `MAX_ATTRIBUTES`, before a parser makes a tree of them."""
    if text.count(b"=") <= MAX_ATTRIBUTES:
        return
    # Without all but '<' and '=', a crowded tag is a long run of '='; ordinary bodies have none.
    if _CROWD not in text.translate(None, _ALL_BUT_TAGS_AND_EQUALS):
        return
    for tag in text.split(b"<"):
        if tag.count(b"=") > MAX_ATTRIBUTES and _CROWDED_TAG.match(tag):
            raise UnreadableNotificationError(Refusal.TOO_MANY_ATTRIBUTES, "an element has too many attributes")
