"""Signed paths: what was signed is verified, and a changed path is refused."""

import string
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.domain.callback import Callback, signed_path, verified
from ewspush.errors import ForgedCallbackError
from tests.property.strategies import EXAMPLES

SEGMENT: Final = st.text(string.ascii_letters + string.digits + "-_.~é", min_size=1, max_size=20)
CALLBACKS: Final = st.builds(Callback, SEGMENT, st.text(max_size=30), st.integers(0, 10**9))
KEYS: Final = st.binary(min_size=16, max_size=40)


def open_path(path: str, key: bytes) -> Callback:
    """Return the callback of a path, split into segments as the route of the API does."""
    parts = path.split("/")
    if len(parts) != 5 or parts[:2] != ["", "notify"]:
        raise ForgedCallbackError
    return verified(parts[2], parts[3], parts[4], (key,))


@EXAMPLES
@given(CALLBACKS, KEYS)
def test_signed_path_holds_what_was_signed(callback: Callback, key: bytes) -> None:
    """For any subscription key and mailbox address."""
    assert open_path(signed_path(callback, key), key) == callback


@EXAMPLES
@given(CALLBACKS, KEYS, st.data())
def test_path_with_one_character_changed_is_refused(callback: Callback, key: bytes, data: st.DataObject) -> None:
    """Replaced, removed or inserted, anywhere in the path."""
    path = signed_path(callback, key)
    character = data.draw(st.sampled_from([*string.ascii_letters, *string.digits, *"-_=./+!", "\ud800", ""]))
    dropped = data.draw(st.integers(0, 1))
    changes = {path[:place] + character + path[place + dropped :] for place in range(len(path) + 1)}
    for changed in changes - {path}:
        with pytest.raises(ForgedCallbackError):
            open_path(changed, key)
