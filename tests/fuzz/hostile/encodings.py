"""Encodings that lie, and characters that XML does not allow."""

import codecs
from typing import Final

from ewspush.errors import Refusal
from tests.fuzz.hostile.bodies import PLAIN, READ, Classes, with_content


def _recoded(codec: str, declared: str, mark: bytes = b"") -> bytes:
    return mark + f'<?xml version="1.0" encoding="{declared}"?>{PLAIN}'.encode(codec)


def _marked(*marks: bytes) -> bytes:
    return b"".join(marks) + PLAIN.encode()


ENCODINGS: Final[Classes] = {
    "UTF-16 without a byte order mark": (Refusal.ENCODING, lambda: _recoded("utf-8", "utf-16")),
    "UTF-16 declared as UTF-8": (Refusal.NOT_WELL_FORMED, lambda: _recoded("utf-16-le", "utf-8")),
    "UTF-16 with half a character": (
        Refusal.ENCODING,
        lambda: _recoded("utf-16-le", "utf-16", codecs.BOM_UTF16_LE)[:-1],
    ),
    "UTF-16 with the byte order mark of the other": (
        Refusal.NOT_WELL_FORMED,
        lambda: _recoded("utf-16-be", "utf-16", codecs.BOM_UTF16_LE),
    ),
    "UTF-32": (Refusal.ENCODING, lambda: _recoded("utf-32-le", "utf-32", codecs.BOM_UTF32_LE)),
    "UTF-32 big-endian": (Refusal.NOT_WELL_FORMED, lambda: _recoded("utf-32-be", "utf-32", codecs.BOM_UTF32_BE)),
    "UTF-7 declared": (Refusal.ENCODING, lambda: _recoded("utf-7", "utf-7")),
    "EBCDIC declared": (Refusal.ENCODING, lambda: _recoded("utf-8", "cp037")),
    "EBCDIC": (Refusal.NOT_WELL_FORMED, lambda: _recoded("cp037", "cp037")),
    "unknown encoding": (Refusal.ENCODING, lambda: _recoded("utf-8", "x-harbour")),
    "codec that is no encoding": (Refusal.ENCODING, lambda: _recoded("utf-8", "zlib_codec")),
    "huge name of an encoding": (Refusal.NOT_WELL_FORMED, lambda: _recoded("utf-8", "x" * 900_000)),
    "huge declaration": (Refusal.NOT_WELL_FORMED, lambda: b"<?xml " + b"a" * 900_000),
    "UTF-8 byte order mark twice": (Refusal.NOT_WELL_FORMED, lambda: _marked(codecs.BOM_UTF8, codecs.BOM_UTF8)),
    "byte order marks of two encodings": (
        Refusal.NOT_WELL_FORMED,
        lambda: _marked(codecs.BOM_UTF8, codecs.BOM_UTF16_LE),
    ),
    "UTF-16 byte order mark before UTF-8": (Refusal.NOT_WELL_FORMED, lambda: _marked(codecs.BOM_UTF16_LE)[:-1]),
    "byte order mark alone": (Refusal.NOT_WELL_FORMED, lambda: codecs.BOM_UTF8),
    "byte order mark in the body": (READ, lambda: with_content("\ufeff")),
    "NUL bytes": (Refusal.NOT_WELL_FORMED, lambda: with_content("\0")),
    "nothing but NUL": (Refusal.NOT_WELL_FORMED, lambda: b"\0" * 900_000),
    "NUL after the end": (Refusal.NOT_WELL_FORMED, lambda: PLAIN.encode() + b"\0"),
    "control characters": (Refusal.NOT_WELL_FORMED, lambda: with_content("\x0b\x1b")),
    "control characters as references": (Refusal.NOT_WELL_FORMED, lambda: with_content("&#11;")),
    "surrogates": (Refusal.NOT_WELL_FORMED, lambda: with_content("\ud83d")),
    "surrogates as references": (Refusal.NOT_WELL_FORMED, lambda: with_content("&#xD83D;&#xDE00;")),
    "surrogates in UTF-16": (
        Refusal.ENCODING,
        lambda: codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be") + b"\xd8\x00",
    ),
    "reference to no character": (Refusal.NOT_WELL_FORMED, lambda: with_content("&#x110000;&#99999999999999999999;")),
    "code point that is no character": (Refusal.NOT_WELL_FORMED, lambda: with_content("\uffff")),
    "invalid UTF-8": (Refusal.NOT_WELL_FORMED, lambda: PLAIN.encode().replace(b"Watermark>", b"Watermark>\xff\xfe")),
    "overlong UTF-8": (Refusal.NOT_WELL_FORMED, lambda: PLAIN.encode().replace(b"Watermark>", b"Watermark>\xc0\xbc")),
    "truncated UTF-8": (Refusal.NOT_WELL_FORMED, lambda: PLAIN.encode() + b"\xf0\x9f"),
}
