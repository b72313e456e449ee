"""`Subscription` <-> item of the subscriptions table: the same names, times as RFC 3339, absent instead of null."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from ewspush.domain.subscription import State, Subscription
from ewspush.domain.times import from_iso, iso

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_FIELDS: Final = frozenset(field.name for field in fields(Subscription))
_TIMES: Final = frozenset({"last_seen_at", "check_at"})
_LISTS: Final = frozenset({"folders", "event_types"})
_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def attribute(value: object) -> "AttributeValueTypeDef":
    """Return `value` of a field as DynamoDB's wire form."""
    if isinstance(value, datetime):
        value = iso(value)
    elif isinstance(value, tuple):
        value = list(value)
    return _serializer.serialize(value)


def item_of(row: Subscription) -> dict[str, "AttributeValueTypeDef"]:
    """Return the whole row as an item, without its empty attributes."""
    values = {name: getattr(row, name) for name in _FIELDS}
    return {name: attribute(value) for name, value in values.items() if value is not None and value != ()}


def row_of(item: Mapping[str, Any]) -> Subscription:
    """Return the row that `item` holds; attributes of other owners are passed over."""
    values = {name: _field(name, value) for name, value in item.items() if name in _FIELDS}
    return Subscription(**values)


def _field(name: str, value: Any) -> Any:  # noqa: ANN401  # any attribute of the row
    plain = _deserializer.deserialize(value)
    if name in _TIMES:
        return from_iso(plain)
    if name in _LISTS:
        return tuple(plain)
    if name == "state":
        return State(plain)
    return int(plain) if "N" in value else plain
