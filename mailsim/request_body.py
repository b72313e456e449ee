"""The body of an HTTP request: with a length, or in chunks (RFC 9112, section 7.1)."""

import re
from email.message import Message
from http import HTTPStatus
from io import BufferedIOBase
from typing import Final

MAX_BODY_BYTES: Final = 4 * 1024 * 1024

_MAX_LINE_BYTES: Final = 1024


class BodyError(ValueError):
    """Raised for a body that can't be read or is too large; `status` is the HTTP status of the response."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


def read_body(headers: Message, stream: BufferedIOBase) -> bytes:
    """Return the body that follows the headers in `stream`. Raises `BodyError`; then the connection is unusable."""
    encoding = headers.get("Transfer-Encoding", "").strip().lower()
    if encoding == "chunked":
        return _read_chunks(stream)
    if encoding:
        raise BodyError(HTTPStatus.NOT_IMPLEMENTED)
    return _read_exactly(stream, _parse_size(headers.get("Content-Length", "0"), 10))


def _read_chunks(stream: BufferedIOBase) -> bytes:
    body = b""
    while size := _parse_size(_read_line(stream).partition(";")[0], 16):
        if len(body) + size > MAX_BODY_BYTES:
            raise BodyError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body += _read_exactly(stream, size)
        if _read_line(stream):
            raise BodyError(HTTPStatus.BAD_REQUEST)
    while _read_line(stream):  # trailers
        pass
    return body


def _parse_size(text: str, base: int) -> int:
    digits = text.strip()
    if re.fullmatch("[0-9]+" if base == 10 else "[0-9a-fA-F]+", digits) is None:  # noqa: PLR2004  # decimal
        raise BodyError(HTTPStatus.BAD_REQUEST)
    size = int(digits, base)
    if size > MAX_BODY_BYTES:
        raise BodyError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return size


def _read_exactly(stream: BufferedIOBase, size: int) -> bytes:
    body = stream.read(size)
    if len(body) != size:
        raise BodyError(HTTPStatus.BAD_REQUEST)
    return body


def _read_line(stream: BufferedIOBase) -> str:
    line = stream.readline(_MAX_LINE_BYTES)
    if not line.endswith(b"\n"):
        raise BodyError(HTTPStatus.BAD_REQUEST)
    return line.decode("latin-1").rstrip("\r\n")
