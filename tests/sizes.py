"""The size of a DynamoDB item, which decides how many write units it costs."""

from collections.abc import Mapping
from typing import Any


def item_bytes(item: Mapping[str, Any]) -> int:
    """Return the size of an item in wire form (DynamoDB developer guide, "DynamoDB item sizes and formats")."""
    return sum(len(name.encode()) + _bytes(value) for name, value in item.items())


def _bytes(attribute: Mapping[str, Any]) -> int:
    ((kind, value),) = attribute.items()
    if kind == "L":
        return 3 + sum(1 + _bytes(each) for each in value)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _bytes(each) for name, each in value.items())
    if kind == "B":
        return len(value)
    return len(str(value).encode()) if kind in {"S", "N"} else 1
