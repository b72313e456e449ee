"""Items of the table of sync states.

subscription  record                    what
key           run                       the newest sync run, as JSON, with its version
key           baseline                  the newest baseline, as JSON
key           state#000007#<digest>     the sync state of one folder in round 7; the id is hashed, it has any length
key           ….001, ….002              what of a long text does not fit in one item
"""

import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ewspush.adapters.attributes import typed
from ewspush.adapters.records import record_of, values_of
from ewspush.adapters.rows import KEY
from ewspush.domain.subscription import SubscriptionKey
from ewspush.domain.timestamps import iso

if TYPE_CHECKING:
    from ewspush.domain.sync_run import SyncStep

MAX_TEXT_CHARACTERS: Final = 300_000
"""In one item: all is ASCII but for odd folder ids, and DynamoDB's limit is 400 KB."""

RUN: Final = "run"
BASELINE: Final = "baseline"

Record = TypeVar("Record")


def writes_of(step: "SyncStep", table: str) -> list[dict[str, Any]]:
    """Return the writes of a transaction that store `step`; the first one holds its precondition."""
    run = step.stored_run
    condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(version)"}
    if step.before is not None:
        values = {":was": typed(step.before.version)}
        condition = {"ConditionExpression": "version = :was", "ExpressionAttributeValues": values}
    first, *items = text_items(run.key, RUN, text_of(run), version=run.version)
    if step.baseline is not None:
        items += text_items(run.key, BASELINE, text_of(step.baseline))
    writes: list[dict[str, Any]] = [{"Put": {"TableName": table, "Item": first, **condition}}]
    if step.state is not None and step.state.sync_state is not None:
        sort_key = state_key(run.round, step.state.folder)
        items += text_items(run.key, sort_key, step.state.sync_state, of=step.state.folder)
    elif step.state is not None:
        sort_key = state_key(run.round, step.state.folder)
        writes.append({"Delete": {"TableName": table, "Key": key_of(run.key, sort_key)}})
    return writes + [{"Put": {"TableName": table, "Item": item}} for item in items]


def key_of(key: SubscriptionKey, sort_key: str) -> dict[str, Any]:
    """Return the primary key of an item."""
    return {KEY: typed(key), "record": typed(sort_key)}


def state_key(number: int, folder: str) -> str:
    """Return the sort key of the state of `folder` in round `number`."""
    return f"state#{number:06d}#{hashlib.sha256(folder.encode()).hexdigest()[:32]}"


def part_key(sort_key: str, number: int) -> str:
    """Return the sort key of part `number` (from 1) of a long text."""
    return f"{sort_key}.{number:03d}"


def text_of(record: object) -> str:
    """Return a record as JSON."""
    return json.dumps(values_of(record), separators=(",", ":"), default=_plain)


def record_from(kind: type[Record], text: str) -> Record:
    """Return the record that `text_of` wrote."""
    return record_of(kind, json.loads(text))


def text_items(key: SubscriptionKey, sort_key: str, text: str, **more: object) -> list[dict[str, Any]]:
    """Return the items that hold `text`, the one with `more` attributes first."""
    count = max(-(-len(text) // MAX_TEXT_CHARACTERS), 1)
    parts = [text[number * MAX_TEXT_CHARACTERS : (number + 1) * MAX_TEXT_CHARACTERS] for number in range(count)]
    attributes = {"text": parts[0], "parts": count, **more}
    head = key_of(key, sort_key) | {name: typed(value) for name, value in attributes.items()}
    rest = [key_of(key, part_key(sort_key, number)) | {"text": typed(part)} for number, part in enumerate(parts[1:], 1)]
    return [head, *rest]


def _plain(value: object) -> str:
    return iso(value) if isinstance(value, datetime) else str(value)
