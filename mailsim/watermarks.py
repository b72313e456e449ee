"""Watermarks: a mailbox's counter, in the shape of each server. Clients see opaque text."""

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


def encoded(profile: Profile, mailbox: str, counter: int) -> str:
    """Return the watermark for `counter`, as the server of `profile` spells it."""
    number = counter.to_bytes(_COUNTER_BYTES, "little")
    spelled = number if profile.watermark_bytes == _COUNTER_BYTES else _HEAD + _database(mailbox) + number + _TAIL
    return base64.b64encode(spelled).decode()


def decoded(profile: Profile, mailbox: str, watermark: str) -> int | None:
    """Return the counter, or None for what this server never wrote for this mailbox."""
    try:
        spelled = base64.b64decode(watermark, validate=True)
    except (binascii.Error, ValueError):
        return None
    body = spelled if profile.watermark_bytes == _COUNTER_BYTES else spelled[len(_HEAD) + 16 : -len(_TAIL)]
    counter = int.from_bytes(body, "little")
    known = len(body) == _COUNTER_BYTES and encoded(profile, mailbox, counter) == watermark
    return counter if known else None


def _database(mailbox: str) -> bytes:
    """Return the 16 bytes that look like the GUID of the mailbox's database."""
    return hashlib.sha256(mailbox.encode()).digest()[:16]
