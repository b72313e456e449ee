"""HTTP API requests and answers (payload format 2.0)."""

import base64
import binascii
from typing import Any, Final

_LOST = "\ufffd"
_TEXT: Final = {"content-type": "text/plain; charset=utf-8"}


def body_of(event: dict[str, Any]) -> bytes:
    """Return the bytes that were posted.

    API Gateway hands on a `text/*` body as a string decoded from UTF-8, whatever its bytes were.
    """
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            return base64.b64decode(body)
        except (binascii.Error, ValueError):
            return b""
    return _restored_utf16(body) or body.encode("utf-8", "surrogatepass")


def _restored_utf16(body: str) -> bytes | None:
    """Return UTF-16 that was decoded as UTF-8 on its way; None for anything else.

    Its byte order mark is two replacement characters by then, every ASCII character one of a pair with NUL. With any
    other character the loss is real, and the parser refuses what is left.
    """
    if not body.startswith(_LOST * 2) or "\0" not in body[2:4]:
        return None
    rest = body[2:]
    text, zeros = (rest[1::2], rest[0::2]) if rest[0] == "\0" else (rest[0::2], rest[1::2])
    return text.encode() if text.isascii() and not zeros.strip("\0") else None


def answer(status: int, text: str, content_type: str | None = None) -> dict[str, Any]:
    """Return a response with `text` as its body."""
    headers = _TEXT if content_type is None else {"content-type": content_type}
    return {"statusCode": status, "headers": headers, "body": text, "isBase64Encoded": False}
