"""Signed callback paths: which are accepted, and whose POST they name."""

from dataclasses import replace
from typing import Any

import pytest

from ewspush.domain.callback import Callback, signed_path, verified
from ewspush.domain.subscription import SubscriptionKey
from ewspush.errors import ForgedCallbackError

CALLBACK = Callback(SubscriptionKey("sub-7f3a"), "ida@harbour.example", 4)
KEY, OTHER_KEY = b"k" * 32, b"o" * 32


def segments(path: str) -> tuple[str, str, str]:
    """Return the three variable segments of a callback path."""
    _, root, subscription, generation, signature = path.split("/")
    assert root == "notify"
    return subscription, generation, signature


@pytest.mark.parametrize("keys", [(KEY,), (OTHER_KEY, KEY), (KEY, OTHER_KEY)])
def test_a_path_signed_with_any_accepted_key_names_its_callback(keys: tuple[bytes, ...]) -> None:
    """The current key and the previous one are accepted, in any order."""
    assert verified(*segments(signed_path(CALLBACK, KEY)), keys) == CALLBACK


@pytest.mark.parametrize("keys", [(), (OTHER_KEY,)])
def test_a_path_signed_with_any_other_key_is_refused(keys: tuple[bytes, ...]) -> None:
    """Also with one that was rotated out; the refusal is a 403."""
    with pytest.raises(ForgedCallbackError) as refused:
        verified(*segments(signed_path(CALLBACK, KEY)), keys)
    assert refused.value.error_status_hint == 403


@pytest.mark.parametrize("change", [{"key": "sub-0"}, {"mailbox": "eve@harbour.example"}, {"generation": 5}], ids=repr)
def test_a_signature_is_valid_for_one_callback_only(change: dict[str, Any]) -> None:
    """Not for another subscription, generation or mailbox."""
    *_, signature = segments(signed_path(CALLBACK, KEY))
    subscription, generation, other = segments(signed_path(replace(CALLBACK, **change), KEY))
    mailbox, mac = other.partition(".")[0], signature.partition(".")[2]
    with pytest.raises(ForgedCallbackError):
        verified(subscription, generation, f"{mailbox}.{mac}", (KEY,))


def test_a_signature_has_one_spelling() -> None:
    """Other base64 spellings of the same bytes are other paths."""
    subscription, generation, signature = segments(signed_path(CALLBACK, KEY))
    for respelled in (signature + "=", signature + "!", signature.replace(".", ".-", 1), _last_bits_changed(signature)):
        with pytest.raises(ForgedCallbackError):
            verified(subscription, generation, respelled, (KEY,))


def _last_bits_changed(signature: str) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return signature[:-1] + alphabet[alphabet.index(signature[-1]) ^ 1]


@pytest.mark.parametrize("signature", ["", ".", "a.b", "....", "\ud800.\ud800", "é.é", "x" * 10_000])
def test_garbage_is_a_forgery(signature: str) -> None:
    """Anything that can stand in a path is refused in the same way."""
    with pytest.raises(ForgedCallbackError):
        verified("sub\ud800", "one", signature, (KEY,))


def test_the_mailbox_is_no_plain_text_in_the_path() -> None:
    """A proxy may log paths; the address in them is encoded."""
    assert CALLBACK.mailbox not in signed_path(CALLBACK, KEY)
