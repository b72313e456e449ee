"""HTTP API requests and answers (payload format 2.0)."""

import base64
import binascii
import codecs
from typing import Any, Final

_REPLACEMENT: Final = "\ufffd"
_NOT_UTF_8: Final = b"\xff"
_TEXT: Final = {"content-type": "text/plain; charset=utf-8"}


def body_of(event: dict[str, Any]) -> bytes:
    """Return the bytes that were posted.

    API Gateway passes a `text/*` body as a string decoded from UTF-8, whatever its bytes were. A byte that was none
    has become a replacement character by then. It is made one again, so that what claims to be UTF-8 is refused as
    damaged, and what is declared as a one-byte encoding is read.
    """
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            return base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError):
            return b""
    return _restored_utf16(body) or body.encode("utf-8", "surrogatepass").replace(_REPLACEMENT.encode(), _NOT_UTF_8)


def _restored_utf16(body: str) -> bytes | None:
    """Return UTF-16 that was decoded as UTF-8 on its way, as UTF-8 with a mark; None for anything else.

    Its byte order mark is two replacement characters by then, every ASCII character one of a pair with NUL. With any
    other character the loss is real, and the parser refuses what is left.
    """
    if not body.startswith(_REPLACEMENT * 2) or "\0" not in body[2:4]:
        return None
    rest = body[2:]
    text, zeros = (rest[1::2], rest[0::2]) if rest[0] == "\0" else (rest[0::2], rest[1::2])
    whole = len(text) == len(zeros) and text.isascii() and not zeros.strip("\0")
    return codecs.BOM_UTF8 + text.encode() if whole else None


def response(status: int, text: str, content_type: str | None = None) -> dict[str, Any]:
    """Return a response with `text` as its body."""
    headers = _TEXT if content_type is None else {"content-type": content_type}
    return {"statusCode": status, "headers": headers, "body": text, "isBase64Encoded": False}
