"""Typed attribute values: the same as boto3's own, for everything that we write."""

from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from ewspush.adapters.attributes import plain, typed
from tests.builders import NOON

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**37), 10**37) | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=20,
)


@given(VALUES)
def test_values_are_typed_as_boto3_types_them(value: Any) -> None:
    """The same wire form, without loading the library before the ack."""
    assert typed(value) == TypeSerializer().serialize(value)


@given(VALUES)
def test_values_read_back_as_boto3_reads_them(value: Any) -> None:
    """Numbers as int, since we write no others."""
    attribute: Any = typed(value)
    assert plain(attribute) == value == TypeDeserializer().deserialize(attribute)


def test_times_and_tuples_have_a_form() -> None:
    """RFC 3339, and a list."""
    assert (typed(NOON), typed(("a",))) == ({"S": "2026-03-04T12:00:00.000Z"}, {"L": [{"S": "a"}]})


def test_bytes_are_read_from_a_client_and_from_the_event_of_a_stream() -> None:
    """A client returns them as they are; Lambda writes its events as JSON, with bytes in base64."""
    assert typed(b"\xff") == TypeSerializer().serialize(b"\xff")
    assert plain({"B": b"\xff"}) == plain({"B": "/w=="}) == b"\xff"


@pytest.mark.parametrize("value", [1.5, {1}, object()])
def test_what_it_cannot_hold_is_refused(value: Any) -> None:
    """We write none of it."""
    with pytest.raises(TypeError, match="holds no"):
        typed(value)


@pytest.mark.parametrize("attribute", [{"B": "half"[:3]}, {"SS": ["a"]}, {}, {"N": "one"}, {"N": "1", "S": "1"}])
def test_what_we_do_not_write_is_not_read(attribute: Any) -> None:
    """An attribute of another program is not guessed at."""
    with pytest.raises((TypeError, ValueError)):
        plain(attribute)
