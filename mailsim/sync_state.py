"""SyncState: the part of a history that a client knows, in text that is opaque to it."""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Final

_CHECKSUM_BYTES: Final = 16
_FIELD_BYTES: Final = 8
_FIELDS: Final = 4


@dataclass(frozen=True, slots=True)
class SyncState:
    """The client knows all changes before `start`, and the first `returned` net changes from `start` to `end`.

    `end` is set while a result spans several pages; later changes come after the last of them.
    """

    start: int = 0
    end: int = 0
    returned: int = 0
    empty_pages: int = 0
    """Number of pages in a row that a folder without an end returned."""


def encode_sync_state(scope: str, state: SyncState) -> str:
    """Return the text for a state; it is valid for `scope` only."""
    fields = (state.start, state.end, state.returned, state.empty_pages)
    numbers = b"".join(number.to_bytes(_FIELD_BYTES, "little") for number in fields)
    return base64.b64encode(_checksum(scope, numbers) + numbers).decode()


def decode_sync_state(scope: str, text: str, history_length: int) -> SyncState | None:
    """Return the state; None for a text that was not issued for `scope`, whose history has this length."""
    try:
        decoded = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    checksum, numbers = decoded[:_CHECKSUM_BYTES], decoded[_CHECKSUM_BYTES:]
    if len(numbers) != _FIELDS * _FIELD_BYTES or checksum != _checksum(scope, numbers):
        return None
    offsets = range(0, len(numbers), _FIELD_BYTES)
    state = SyncState(*(int.from_bytes(numbers[offset : offset + _FIELD_BYTES], "little") for offset in offsets))
    return state if max(state.start, state.end) <= history_length else None


def _checksum(scope: str, numbers: bytes) -> bytes:
    return hashlib.sha256(f"{scope}/{numbers.hex()}".encode()).digest()[:_CHECKSUM_BYTES]
