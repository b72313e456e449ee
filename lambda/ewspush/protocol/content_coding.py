"""Compressed answers: some proxies compress whatever Accept-Encoding says (RFC 9110, section 8.4)."""

import zlib
from typing import Final

_MAX_CODINGS: Final = 3
_GZIP_MARK: Final = b"\x1f\x8b"
_GZIP_OR_ZLIB: Final = zlib.MAX_WBITS | 32
_RAW_DEFLATE: Final = -zlib.MAX_WBITS
"""What some servers call deflate; the standard means zlib's format."""

_FORMATS: Final = {
    "gzip": (_GZIP_OR_ZLIB,),
    "x-gzip": (_GZIP_OR_ZLIB,),
    "deflate": (_GZIP_OR_ZLIB, _RAW_DEFLATE),
}


def decoded(content: bytes, content_encoding: str | None, max_bytes: int) -> bytes:
    """Return the content without its codings, at most a byte more than `max_bytes`: the reader then refuses it.

    What is not in the coding that it claims, or in an unknown one, is returned as it is; what is cut, up to the cut.
    """
    codings = [each.strip().lower() for each in (content_encoding or "").split(",")]
    known = [each for each in reversed(codings) if each in _FORMATS]
    if not known and content.startswith(_GZIP_MARK):  # no answer of EWS begins so
        known = ["gzip"]
    for coding in known[:_MAX_CODINGS]:
        content = _inflated(content, _FORMATS[coding], max_bytes + 1)
    return content


def _inflated(content: bytes, formats: tuple[int, ...], max_bytes: int) -> bytes:
    for wbits in formats:
        try:
            return _members(content, wbits, max_bytes)
        except zlib.error:
            continue
    return content


def _members(content: bytes, wbits: int, max_bytes: int) -> bytes:
    """Return what all members of a stream hold: gzip allows several, one after the other (RFC 1952, section 2.2)."""
    text = b""
    while content and len(text) < max_bytes:
        inflater = zlib.decompressobj(wbits)
        text += inflater.decompress(content, max_bytes - len(text))
        content = inflater.unused_data if inflater.unused_data.startswith(_GZIP_MARK) else b""
    return text
