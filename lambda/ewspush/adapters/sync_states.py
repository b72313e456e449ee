"""Sync runs, baselines and sync states, read from a table of their own; the ledger writes them."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ewspush.adapters.attributes import plain, typed
from ewspush.adapters.rows import KEY
from ewspush.adapters.sync_items import BASELINE, RUN, key_of, part_key, record_from, state_key
from ewspush.domain.subscription import SubscriptionKey
from ewspush.domain.sync_run import Baseline, SyncRun

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBSyncStates:
    """`SyncStates` on one table."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def load_run(self, key: SubscriptionKey) -> SyncRun | None:
        text = self._text(key, RUN)
        return record_from(SyncRun, text) if text is not None else None

    def baseline(self, key: SubscriptionKey) -> Baseline | None:
        text = self._text(key, BASELINE)
        return record_from(Baseline, text) if text is not None else None

    def sync_state(self, key: SubscriptionKey, number: int, folder: str) -> str | None:
        return self._text(key, state_key(number, folder))

    def folders(self, key: SubscriptionKey, number: int) -> Sequence[str]:
        items = self._query(key, f"state#{number:06d}#")
        return [plain(item["of"]) for item in items if "of" in item]

    def forget(self, key: SubscriptionKey, before: int) -> None:
        last = f"state#{before:06d}#"
        for item in self._query(key, "state#"):
            if plain(item["record"]) < last:
                self._client.delete_item(TableName=self._table, Key={name: item[name] for name in (KEY, "record")})

    def _text(self, key: SubscriptionKey, sort_key: str) -> str | None:
        item = self._item(key, sort_key)
        if item is None:
            return None
        rest = (self._item(key, part_key(sort_key, number)) or {} for number in range(1, plain(item["parts"])))
        return "".join(plain(part["text"]) for part in (item, *rest))

    def _item(self, key: SubscriptionKey, sort_key: str) -> dict[str, Any] | None:
        answer = self._client.get_item(TableName=self._table, Key=key_of(key, sort_key), ConsistentRead=True)
        return answer.get("Item")

    def _query(self, key: SubscriptionKey, prefix: str) -> Iterator[dict[str, Any]]:
        """Return the items whose sort key begins with `prefix`, without their texts."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="subscription = :subscription AND begins_with(#record, :prefix)",
            ExpressionAttributeValues={":subscription": typed(key), ":prefix": typed(prefix)},
            ExpressionAttributeNames={"#of": "of", "#record": "record"},
            ProjectionExpression="subscription, #record, #of",
            ConsistentRead=True,
        )
        return (item for page in pages for item in page["Items"])
