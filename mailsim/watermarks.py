"""Watermarks: a mailbox's counter in the shape of each server, opaque to clients."""

import base64
import binascii
import hashlib
from typing import Final

from mailsim.profiles import Profile

SUBSCRIBE_ZERO: Final = base64.b64encode(bytes(5)).decode()
"""Subscribe's watermark in the WorkMail guide's sample."""

_HEAD: Final = bytes((1, 0, 0, 0))
_TAIL: Final = bytes((1,))
_COUNTER_BYTES: Final = 8
_GUID_BYTES: Final = 16


def encode_watermark(profile: Profile, mailbox: str, counter: int) -> str:
    """Return the watermark for `counter` in the shape of `profile`."""
    number = counter.to_bytes(_COUNTER_BYTES, "little")
    is_bare = profile.watermark_bytes == _COUNTER_BYTES
    return base64.b64encode(number if is_bare else _HEAD + _database(mailbox) + number + _TAIL).decode()


def decode_watermark(profile: Profile, mailbox: str, watermark: str) -> int | None:
    """Return the counter; None for a text that this server never issued for this mailbox."""
    try:
        decoded = base64.b64decode(watermark, validate=True)
    except (binascii.Error, ValueError):
        return None
    is_bare = profile.watermark_bytes == _COUNTER_BYTES
    number = decoded if is_bare else decoded[len(_HEAD) + _GUID_BYTES : -len(_TAIL)]
    counter = int.from_bytes(number, "little")
    is_own = len(number) == _COUNTER_BYTES and encode_watermark(profile, mailbox, counter) == watermark
    return counter if is_own else None


def _database(mailbox: str) -> bytes:
    """Return 16 bytes in place of the GUID of the mailbox's database."""
    return hashlib.sha256(mailbox.encode()).digest()[:_GUID_BYTES]
