"""The ledger on DynamoDB: one UpdateItem for a heartbeat, one transaction for events, no read before either."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from ewspush.adapters.attributes import typed
from ewspush.adapters.log_items import log_item, notification_of
from ewspush.adapters.rows import KEY, item_of, subscription_of
from ewspush.adapters.sync_items import writes_of
from ewspush.adapters.updates import update_item
from ewspush.domain.events import LoggedNotification, arrival
from ewspush.domain.subscription import Subscription, SubscriptionKey
from ewspush.domain.updates import ConditionalUpdate, WriteResult

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from ewspush.domain.sync_run import SyncStep


DUE_INDEX: Final = "due"
"""Of the subscriptions table: due_shard and next_check_at, nothing but keys (infra/storage.py)."""

SILENT_INDEX: Final = "silent"
"""Of the subscriptions table: silent_shard and subscription, nothing but keys."""


class DynamoDBLedger:
    """`SubscriptionLedger` on the tables; `retention` is how long an event stays in the log.

    Only whoever commits steps of sync runs needs the table of `sync_states`.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        subscriptions: str,
        events: str,
        retention: timedelta,
        sync_states: str = "",
    ) -> None:
        self._client = client
        self._subscriptions = subscriptions
        self._events = events
        self._retention = retention
        self._sync_states = sync_states

    def read(self, key: SubscriptionKey) -> Subscription | None:
        answer = self._client.get_item(TableName=self._subscriptions, Key={KEY: typed(key)}, ConsistentRead=True)
        item = answer.get("Item")
        return subscription_of(item) if item else None

    def add(self, subscription: Subscription) -> bool:
        try:
            self._client.put_item(
                TableName=self._subscriptions,
                Item=item_of(subscription),
                ConditionExpression="attribute_not_exists(subscription)",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def due(self, shard: str, now: datetime) -> Iterator[SubscriptionKey]:
        """A sparse index of keys, which heartbeats never touch."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._subscriptions,
            IndexName=DUE_INDEX,
            KeyConditionExpression="due_shard = :shard AND next_check_at <= :now",
            ExpressionAttributeValues={":shard": typed(shard), ":now": typed(now)},
        )
        return (SubscriptionKey(item[KEY]["S"]) for page in pages for item in page["Items"])

    def silent(self, shard: str, at_most: int | None = None) -> Iterator[SubscriptionKey]:
        """A sparse index of keys, which only a Subscribe and the first push after it write."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._subscriptions,
            IndexName=SILENT_INDEX,
            KeyConditionExpression="silent_shard = :shard",
            ExpressionAttributeValues={":shard": typed(shard)},
            PaginationConfig={"MaxItems": at_most, "PageSize": at_most} if at_most is not None else {},
        )
        return (SubscriptionKey(item[KEY]["S"]) for page in pages for item in page["Items"])

    def commit(self, update: ConditionalUpdate | None, step: "SyncStep | None" = None) -> WriteResult:
        """The failed condition itself returns the row. A heartbeat is one UpdateItem, all else a transaction."""
        writes = self._writes(update, step)
        try:
            if update is not None and len(writes) == 1:
                self._client.update_item(**writes[0]["Update"])
            else:
                self._client.transact_write_items(TransactItems=writes)
        except ClientError as error:
            return self._refused(update, error)
        return WriteResult(stored=True)

    def recent(self, key: SubscriptionKey, since: datetime) -> Iterator[LoggedNotification]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._events,
            KeyConditionExpression="subscription = :subscription AND arrival >= :since",
            ExpressionAttributeValues={":subscription": typed(key), ":since": typed(arrival(since))},
            ScanIndexForward=False,
            ConsistentRead=True,
        )
        return (notification_of(item) for page in pages for item in page["Items"])

    def _writes(self, update: ConditionalUpdate | None, step: "SyncStep | None") -> list[Any]:
        """Return the writes of a transaction; the update comes first: a failed condition is known by its place."""
        writes: list[Any] = []
        if update is not None:
            writes.append({"Update": update_item(update) | {"TableName": self._subscriptions}})
            if update.notification is not None:
                item = log_item(update.notification, self._retention)
                writes.append({"Put": {"TableName": self._events, "Item": item}})
        return writes + (writes_of(step, self._sync_states) if step is not None else [])

    def _refused(self, update: ConditionalUpdate | None, error: ClientError) -> WriteResult:
        """Return the row as the failed condition found it, or as it is after a conflict; raise anything else."""
        code = error.response["Error"]["Code"]
        answer: Any = error.response
        if code == "ConditionalCheckFailedException":
            return _found(answer.get("Item"))
        reasons = answer.get("CancellationReasons", []) if code == "TransactionCanceledException" else []
        if update is not None and reasons and reasons[0].get("Code") == "ConditionalCheckFailed":
            return _found(reasons[0].get("Item"))
        is_conflict = code == "TransactionConflictException"
        if is_conflict or any(reason.get("Code") in _LOST_RACES for reason in reasons):
            return WriteResult(stored=False, subscription=self.read(update.key) if update is not None else None)
        raise error


_LOST_RACES: Final = frozenset({"ConditionalCheckFailed", "TransactionConflict"})


def _found(item: dict[str, Any] | None) -> WriteResult:
    return WriteResult(stored=False, subscription=subscription_of(item) if item else None)
