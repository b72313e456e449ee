"""Signed callback URLs: the path names the subscription of a POST, and only we can sign such a path.

    /notify/{subscription}/{generation}/{signature}

`signature` is `<mailbox, base64url>.<HMAC-SHA256, base64url>`: the path carries the address, signed, so that events can
be stored without reading the subscription first (docs/adr/0001). The whole path is a secret and goes into no log.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ewspush.domain.subscription import SubscriptionKey
from ewspush.errors import ForgedCallbackError

_CONTEXT: Final = b"ews-push callback v1"
_PATH: Final = re.compile(r"/notify/[^\s'\"<>]*")


@dataclass(frozen=True, slots=True)
class Callback:
    """Whose notification a POST carries, and which Subscribe its URL was made for."""

    key: SubscriptionKey
    mailbox: str
    generation: int


def signed_path(callback: Callback, signing_key: bytes) -> str:
    """Return the path to subscribe with, from `/notify/` on."""
    mailbox = _encoded(callback.mailbox.encode())
    mac = _mac(callback.key, str(callback.generation), mailbox, signing_key).decode()
    return f"/notify/{callback.key}/{callback.generation}/{mailbox}.{mac}"


def without_paths(text: str) -> str:
    """Return `text` without the callback paths in it."""
    return _PATH.sub("/notify/…", text)


def verified(subscription: str, generation: str, signature: str, keys: Iterable[bytes]) -> Callback:
    """Return what the three path segments say.

    Raises `ForgedCallbackError` unless one of `keys` (current and previous, for rotation) signed them. Every key is
    tried in constant time, and the signature compared as text: base64 has several spellings of the same bytes.
    """
    mailbox, _, mac = signature.partition(".")
    given = mac.encode("utf-8", "surrogatepass")
    accepted = False
    for key in keys:
        accepted |= hmac.compare_digest(_mac(subscription, generation, mailbox, key), given)
    if not accepted:
        message = "the callback path is not signed with a current key"
        raise ForgedCallbackError(message)
    return Callback(SubscriptionKey(subscription), _decoded(mailbox), int(generation))


def _mac(subscription: str, generation: str, mailbox: str, key: bytes) -> bytes:
    parts = (part.encode("utf-8", "surrogatepass") for part in (subscription, generation, mailbox))
    return _encoded(hmac.digest(key, b"\0".join((_CONTEXT, *parts)), hashlib.sha256)).encode()


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> str:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
