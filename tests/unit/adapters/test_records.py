"""Stored values <-> dataclasses: every field of every record goes there and back."""

import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

import pytest

from ewspush.adapters.attributes import plain, typed
from ewspush.adapters.records import record_of, values_of
from ewspush.adapters.rows import item_of, subscription_of
from ewspush.adapters.sync_items import record_from, text_of
from ewspush.domain.subscription import State, Subscription, SubscriptionKey
from ewspush.domain.sync_run import Baseline, Purpose, SyncRun
from tests.builders import NOON, subscription

Record = TypeVar("Record")
RECORDS: Final = (Subscription, SyncRun, Baseline)
RUN: Final = SyncRun(SubscriptionKey("k"), Purpose.BASELINE, 1, 0, NOON, None)
STORED: Final[dict[str, Any]] = json.loads(text_of(RUN))


def filled(kind: type[Record]) -> Record:
    """Return a record of `kind` with a value in every field, each of its own."""
    hints = get_type_hints(kind)
    return kind(**{name: _value(hint, number) for number, (name, hint) in enumerate(hints.items(), 1)})


def _value(hint: Any, number: int) -> Any:
    if isinstance(hint, UnionType):
        (hint,) = (each for each in get_args(hint) if each is not NoneType)
    if get_origin(hint) is tuple:
        return (_value(get_args(hint)[0], number), _value(get_args(hint)[0], number + 100))
    if hint is datetime:
        return NOON + timedelta(minutes=number, milliseconds=500)
    if hint is bool:
        return True
    if hint is int:
        return number
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return list(hint)[-1]
    return f"łódź {number}"


def through_item(record: Subscription) -> Subscription:
    """Return what an item of the subscriptions table makes of it."""
    return subscription_of(item_of(record))


def through_text(record: Record) -> Record:
    """Return what the table of sync states makes of it."""
    return record_from(type(record), text_of(record))


def through_attributes(record: Record) -> Record:
    """Return what a map of typed attributes makes of it."""
    return record_of(type(record), plain(typed(values_of(record))))


@pytest.mark.parametrize("kind", RECORDS)
@pytest.mark.parametrize("through", [through_text, through_attributes])
def test_every_field_goes_there_and_back(kind: type, through: Callable[[Any], Any]) -> None:
    """With its type: an enum that came back as a text would equal it."""
    record: Any = filled(kind)
    assert all(getattr(record, field.name) for field in fields(kind))
    read = through(record)
    assert read == record
    for field in fields(kind):
        assert type(getattr(read, field.name)) is type(getattr(record, field.name)), field.name


def test_every_field_of_a_row_goes_into_its_item_and_back() -> None:
    """Under its own name; only the key has another there, as in every table."""
    row = filled(Subscription)
    assert through_item(row) == row
    assert item_of(row).keys() - {field.name for field in fields(row)} == {"subscription"}


def test_what_is_empty_is_absent_from_an_item() -> None:
    """And reads back as empty."""
    row = subscription(folders=(), subscription_id=None, watermark=None, last_seen_at=None)
    assert through_item(row) == row
    assert not item_of(row).keys() & {"folders", "subscription_id", "watermark", "last_seen_at"}


@pytest.mark.parametrize("folders", [None, (), ("inbox", "AAMk/1+=")])
def test_folders_to_be_found_differ_from_none_left(folders: tuple[str, ...] | None) -> None:
    """A run with None begins with the hierarchy; an empty one is done."""
    run = replace(RUN, folders=folders)
    assert through_text(run) == run


def test_values_that_no_field_has_are_ignored() -> None:
    """An older version reads what a later one has stored."""
    assert record_of(SyncRun, STORED | {"added": "by a later version"}) == RUN


def test_a_value_that_is_missing_takes_the_default() -> None:
    """A later version reads what an older one has stored."""
    required = {"key", "purpose", "round", "base_round", "started_at", "folders"}
    assert record_of(SyncRun, {name: STORED[name] for name in required}) == RUN


@pytest.mark.parametrize(
    "broken", [{"started_at": "some day"}, {"started_at": 12}, {"purpose": "mood"}, {"folders": 3}], ids=repr
)
def test_a_value_of_another_kind_is_refused(broken: dict[str, Any]) -> None:
    """Not guessed at."""
    with pytest.raises((TypeError, ValueError)):
        record_of(SyncRun, STORED | broken)


def test_enums_come_back_as_enums() -> None:
    """The rules compare them by identity."""
    assert through_item(subscription(state=State.SUSPENDED)).state is State.SUSPENDED
    assert through_text(RUN).purpose is Purpose.BASELINE
