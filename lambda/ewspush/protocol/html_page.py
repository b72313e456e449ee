"""Pages of HTML where an answer of EWS was expected: a sign-in page, a proxy's page, another service."""

import html
import re
from typing import Final

_LOOKED_AT_BYTES: Final = 64 * 1024
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
