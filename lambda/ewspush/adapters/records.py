"""Dataclasses <-> stored values, by their annotations: a field is written once, where the class is."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from ewspush.domain.timestamps import from_iso

Record = TypeVar("Record")


def values_of(record: Any) -> dict[str, Any]:  # noqa: ANN401  # any dataclass
    """Return the fields of a dataclass."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def record_of(kind: type[Record], values: Mapping[str, Any]) -> Record:
    """Return a record of `kind` from stored values: times as RFC 3339, enums as text; others' values are ignored."""
    converters = _converters(kind)  # type: ignore[arg-type]  # classes are hashable
    return kind(**{name: converters[name](value) for name, value in values.items() if name in converters})


def _optional(converter: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: converter(value) if value is not None else None


@cache
def _converters(kind: type) -> dict[str, Callable[[Any], Any]]:
    return {name: _optional(_converter(hint)) for name, hint in get_type_hints(kind).items()}


def _converter(hint: Any) -> Callable[[Any], Any]:  # noqa: ANN401  # any annotation
    if isinstance(hint, UnionType):
        (hint,) = (each for each in get_args(hint) if each is not NoneType)
    if get_origin(hint) is tuple:
        each = _converter(get_args(hint)[0])
        return lambda values: tuple(each(value) for value in values)
    if hint is datetime:
        return from_iso
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    return lambda value: value
