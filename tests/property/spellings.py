"""Strategies for how the same XML is spelled: prefixes, white space, escapes and encodings."""

import string
from collections.abc import Callable
from typing import Final
from xml.sax.saxutils import escape

from hypothesis import strategies as st

from tests.payloads import Style

PREFIXES: Final = st.lists(
    st.text(string.ascii_letters + "_é", min_size=1, max_size=6).filter(
        lambda name: not name.lower().startswith("xml")
    ),
    min_size=3,
    max_size=3,
    unique=True,
)


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
