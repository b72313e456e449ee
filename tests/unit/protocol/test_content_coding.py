"""Compressed answers, asked for or not."""

import gzip
import zlib
from typing import Final

import pytest

from ewspush.protocol.content_coding import decoded

TEXT: Final = b"<s:Envelope>" + bytes(range(256)) * 20 + b"</s:Envelope>"
LIMIT: Final = 10_000


def raw_deflate(content: bytes) -> bytes:
    """Return what some servers call deflate: without zlib's header."""
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(content) + deflater.flush()


@pytest.mark.parametrize(
    ("content", "coding"),
    [
        (gzip.compress(TEXT), "gzip"),
        (gzip.compress(TEXT), " X-GZIP "),
        (gzip.compress(TEXT), None),
        (gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:]), "gzip"),
        (gzip.compress(TEXT) + b"\0\0", "gzip"),
        (zlib.compress(TEXT), "deflate"),
        (raw_deflate(TEXT), "deflate"),
        (gzip.compress(zlib.compress(TEXT)), "deflate, gzip"),
        (TEXT, None),
        (TEXT, "identity"),
        (TEXT, "gzip"),
        (TEXT, "br"),
        (b"", "gzip"),
    ],
)
def test_the_content_is_read(content: bytes, coding: str | None) -> None:
    """Also where the header claims what is not so."""
    assert decoded(content, coding, LIMIT) == (TEXT if content else b"")


def test_it_never_exceeds_the_limit_by_more_than_a_byte() -> None:
    """A megabyte may hold a gigabyte."""
    bomb = gzip.compress(gzip.compress(b" " * 10_000_000))
    assert decoded(bomb, "gzip, gzip", LIMIT) == b" " * (LIMIT + 1)
    assert len(decoded(gzip.compress(b" " * LIMIT), "gzip", LIMIT)) == LIMIT


def test_what_is_cut_is_read_up_to_the_cut() -> None:
    """Its reader refuses it."""
    assert TEXT.startswith(decoded(gzip.compress(TEXT)[:200], "gzip", LIMIT))
