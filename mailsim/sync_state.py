"""SyncState: how much of a folder's past a client knows. Clients see opaque text."""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Final

_MARK_BYTES: Final = 12
_FIELD_BYTES: Final = 8
_FIELDS: Final = 3


@dataclass(frozen=True, slots=True)
class SyncState:
    """All steps before `start` are known, and of the net changes from there to `end` the first `given`.

    `end` is of a list that goes over several pages: what happens meanwhile comes after it.
    """

    start: int = 0
    end: int = 0
    given: int = 0


def encoded(scope: str, state: SyncState) -> str:
    """Return the text for a state; it is worth something to `scope` only."""
    numbers = b"".join(number.to_bytes(_FIELD_BYTES, "little") for number in (state.start, state.end, state.given))
    return base64.b64encode(_mark(scope, numbers) + numbers).decode()


def decoded(scope: str, text: str, steps: int) -> SyncState | None:
    """Return the state, or None for what was never written for `scope`, which has seen so many steps."""
    try:
        spelled = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    mark, numbers = spelled[:_MARK_BYTES], spelled[_MARK_BYTES:]
    if len(numbers) != _FIELDS * _FIELD_BYTES or mark != _mark(scope, numbers):
        return None
    places = range(0, len(numbers), _FIELD_BYTES)
    state = SyncState(*(int.from_bytes(numbers[place : place + _FIELD_BYTES], "little") for place in places))
    return state if max(state.start, state.end) <= steps else None


def _mark(scope: str, numbers: bytes) -> bytes:
    return hashlib.sha256(f"{scope}/{numbers.hex()}".encode()).digest()[:_MARK_BYTES]
