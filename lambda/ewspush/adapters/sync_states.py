"""Sync states on a table of their own, and what each step adds to the log: one transaction a step.

subscription  place                     what
key           work                      the newest run, as JSON, with its version
key           state#000007#<digest>     the state of one place in round 7; `place` is hashed, ids have any length
key           ….001, ….002              what of a long text does not fit in one item
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from ewspush.adapters.attributes import plain, typed
from ewspush.adapters.log_items import items_of
from ewspush.adapters.updates import update_of
from ewspush.domain.recovering.rules import Purpose, SyncRun
from ewspush.domain.timestamps import from_iso, iso
from ewspush.domain.updates import ConditionalUpdate

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_TEXT_CHARACTERS: Final = 300_000
"""In one item: all is ASCII but for odd folder ids, and DynamoDB's limit is 400 KB."""

_WORK: Final = "work"
_MOMENTS: Final = frozenset({"begun_at", "ended_at"})
_TUPLES: Final = frozenset({"places", "found", "new", "seen"})


class DynamoDBSyncStates:
    """`SyncStates` on one table, next to those of the ledger; `retention` is how long an event stays in the log."""

    def __init__(
        self, client: "DynamoDBClient", sync_states: str, subscriptions: str, events: str, retention: timedelta
    ) -> None:
        """Take the client and the names of the tables."""
        self._client = client
        self._table = sync_states
        self._subscriptions = subscriptions
        self._events = events
        self._retention = retention

    def work(self, subscription: str) -> SyncRun | None:
        """See `SyncStates.work`."""
        text = self._text(subscription, _WORK)
        return _work_of(subscription, json.loads(text)) if text is not None else None

    def state(self, subscription: str, number: int, place: str) -> str | None:
        """See `SyncStates.state`."""
        return self._text(subscription, _sort_key(number, place))

    def places(self, subscription: str, number: int) -> Sequence[str]:
        """See `SyncStates.places`."""
        items = self._query(subscription, f"state#{number:06d}#")
        return [plain(item["of"]) for item in items if "of" in item]

    def advance(
        self,
        before: SyncRun | None,
        after: SyncRun,
        place: str | None = None,
        state: str | None = None,
        entry: ConditionalUpdate | None = None,
    ) -> bool:
        """See `SyncStates.advance`."""
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(version)"}
        if before is not None:
            values = {":was": typed(before.version)}
            condition = {"ConditionExpression": "version = :was", "ExpressionAttributeValues": values}
        work, *rest = _items(after.subscription, _WORK, _text_of(after), {"version": after.version})
        writes: list[Any] = [{"Put": {"TableName": self._table, "Item": work, **condition}}]
        if place is not None and state is not None:
            rest += _items(after.subscription, _sort_key(after.round, place), state, {"of": place})
        writes += [{"Put": {"TableName": self._table, "Item": item}} for item in rest]
        if entry is not None:
            writes.append({"Update": update_of(entry) | {"TableName": self._subscriptions}})
            items = items_of(entry.logged, self._retention) if entry.logged is not None else []
            writes += [{"Put": {"TableName": self._events, "Item": item}} for item in items]
        try:
            self._client.transact_write_items(TransactItems=writes)
        except self._client.exceptions.TransactionCanceledException as error:
            reasons = error.response.get("CancellationReasons", [])
            if any(reason.get("Code") in {"ConditionalCheckFailed", "TransactionConflict"} for reason in reasons):
                return False
            raise
        return True

    def forget(self, subscription: str, before: int) -> None:
        """See `SyncStates.forget`."""
        last = f"state#{before:06d}#"
        for item in self._query(subscription, "state#"):
            if plain(item["place"]) < last:
                key = {name: item[name] for name in ("subscription", "place")}
                self._client.delete_item(TableName=self._table, Key=key)

    def _text(self, subscription: str, place: str) -> str | None:
        key = {"subscription": typed(subscription), "place": typed(place)}
        item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        if item is None:
            return None
        parts = [plain(item["text"])]
        for number in range(1, plain(item["parts"])):
            key["place"] = typed(_part_key(place, number))
            part = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)["Item"]
            parts.append(plain(part["text"]))
        return "".join(parts)

    def _query(self, subscription: str, prefix: str) -> Iterator[dict[str, Any]]:
        """Return the items whose place begins with `prefix`, without their texts."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="subscription = :subscription AND begins_with(place, :prefix)",
            ExpressionAttributeValues={":subscription": typed(subscription), ":prefix": typed(prefix)},
            ExpressionAttributeNames={"#of": "of"},
            ProjectionExpression="subscription, place, #of",
            ConsistentRead=True,
        )
        return (item for page in pages for item in page["Items"])


def _sort_key(number: int, place: str) -> str:
    return f"state#{number:06d}#{hashlib.sha256(place.encode()).hexdigest()[:32]}"


def _part_key(place: str, number: int) -> str:
    return f"{place}.{number:03d}"


def _items(subscription: str, place: str, text: str, more: dict[str, object]) -> list[dict[str, Any]]:
    """Return the items that hold `text`, the one with `more` attributes first."""
    count = max(-(-len(text) // MAX_TEXT_CHARACTERS), 1)
    parts = [text[number * MAX_TEXT_CHARACTERS : (number + 1) * MAX_TEXT_CHARACTERS] for number in range(count)]
    head: dict[str, object] = {"subscription": subscription, "place": place, "text": parts[0], "parts": count, **more}
    rest: list[dict[str, object]] = [
        {"subscription": subscription, "place": _part_key(place, number), "text": part}
        for number, part in enumerate(parts[1:], start=1)
    ]
    return [{name: typed(value) for name, value in item.items()} for item in (head, *rest)]


def _text_of(work: SyncRun) -> str:
    values = asdict(work)
    moments = {name: iso(values[name]) for name in _MOMENTS if values[name] is not None}
    return json.dumps(values | moments, separators=(",", ":"), default=str)


def _work_of(subscription: str, values: dict[str, Any]) -> SyncRun:
    moments = {name: from_iso(values[name]) for name in _MOMENTS if values[name] is not None}
    tuples = {name: tuple(values[name]) for name in _TUPLES if values[name] is not None}
    purpose = Purpose(values["purpose"])
    return SyncRun(**{**values, **moments, **tuples, "purpose": purpose, "subscription": subscription})
