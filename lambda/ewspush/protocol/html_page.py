"""What stands where an answer of EWS was expected: a sign-in page, a proxy's page or line, another service."""

import html
import re
from typing import Final

_LOOKED_AT_BYTES: Final = 64 * 1024
_MAX_PLAIN_BYTES: Final = 2_000
"""A line of text, or the JSON of a gateway; what is longer is none of them."""

_PAGE: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s++|<!--.*?-->|<\?.*?\?>)*+<(?:!doctype\s++html|html|head|title|body|meta|script)\b",
    re.DOTALL | re.IGNORECASE,
)
_TITLE: Final = re.compile(rb"<title[^>]{0,200}+>([^<]{0,500}+)", re.IGNORECASE)


def is_html(body: bytes) -> bool:
    """Whether `body` begins as a page of HTML does, well-formed or not."""
    return _PAGE.match(body[:_LOOKED_AT_BYTES]) is not None


def title_of(body: bytes) -> str | None:
    """Return the title of a page; None where it has none."""
    found = _TITLE.search(body[:_LOOKED_AT_BYTES])
    title = " ".join(html.unescape(found[1].decode("utf-8", "replace")).split()) if found is not None else ""
    return title or None


def plain_text_of(body: bytes) -> str | None:
    """Return a body that is a short text, without mark-up; None for anything else."""
    if len(body) > _MAX_PLAIN_BYTES or b"<" in body:
        return None
    try:
        text = " ".join(body.decode("utf-8-sig").split())
    except UnicodeDecodeError:
        return None
    return text if text and text.isprintable() else None
