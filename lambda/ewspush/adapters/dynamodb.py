"""The ledger on DynamoDB: one UpdateItem for a heartbeat, one transaction for events, no read before either."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from ewspush.adapters.attributes import typed
from ewspush.adapters.log_items import items_of, notification_of
from ewspush.adapters.rows import item_of, row_of
from ewspush.adapters.updates import update_of
from ewspush.domain.subscription import LoggedNotification, Subscription, arrival
from ewspush.domain.updates import ConditionalUpdate, WriteResult

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


DUE_INDEX: Final = "due"
"""Of the subscriptions table: due_shard and next_check_at, nothing but keys (infra/storage.py)."""


class DynamoDBLedger:
    """`SubscriptionLedger` on two tables; `retention` is how long an event stays in the log."""

    def __init__(self, client: "DynamoDBClient", subscriptions: str, events: str, retention: timedelta) -> None:
        """Take the client and the names of the tables."""
        self._client = client
        self._subscriptions = subscriptions
        self._events = events
        self._retention = retention

    def read(self, subscription: str) -> Subscription | None:
        """See `SubscriptionLedger.read`."""
        key = {"subscription": typed(subscription)}
        item = self._client.get_item(TableName=self._subscriptions, Key=key, ConsistentRead=True).get("Item")
        return row_of(item) if item else None

    def add(self, row: Subscription) -> bool:
        """See `SubscriptionLedger.add`."""
        try:
            self._client.put_item(
                TableName=self._subscriptions,
                Item=item_of(row),
                ConditionExpression="attribute_not_exists(subscription)",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def due(self, shard: str, now: datetime) -> Iterator[str]:
        """See `SubscriptionLedger.due`: a sparse index of keys, that heartbeats never touch."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._subscriptions,
            IndexName=DUE_INDEX,
            KeyConditionExpression="due_shard = :shard AND next_check_at <= :now",
            ExpressionAttributeValues={":shard": typed(shard), ":now": typed(now)},
        )
        return (item["subscription"]["S"] for page in pages for item in page["Items"])

    def write(self, entry: ConditionalUpdate) -> WriteResult:
        """See `SubscriptionLedger.write`: the row is told by the failed condition itself."""
        update: Any = update_of(entry) | {"TableName": self._subscriptions}
        try:
            if entry.logged is None:
                self._client.update_item(**update)
            else:
                items = items_of(entry.logged, self._retention)
                puts: list[Any] = [{"Put": {"TableName": self._events, "Item": item}} for item in items]
                self._client.transact_write_items(TransactItems=[{"Update": update}, *puts])
        except ClientError as error:
            return self._refused(entry.subscription, error)
        return WriteResult(stored=True)

    def recent(self, subscription: str, since: datetime) -> Iterator[LoggedNotification]:
        """See `SubscriptionLedger.recent`."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._events,
            KeyConditionExpression="subscription = :subscription AND arrival >= :since",
            ExpressionAttributeValues={":subscription": typed(subscription), ":since": typed(arrival(since))},
            ScanIndexForward=False,
            ConsistentRead=True,
        )
        return (notification_of(item) for page in pages for item in page["Items"])

    def _refused(self, subscription: str, error: ClientError) -> WriteResult:
        """Return the row as the failed condition found it, or as it is after a conflict; raise anything else."""
        code = error.response["Error"]["Code"]
        answer: Any = error.response
        if code == "ConditionalCheckFailedException":
            item = answer.get("Item")
            return WriteResult(stored=False, row=row_of(item) if item else None)
        if code == "TransactionCanceledException":
            reasons = answer.get("CancellationReasons", [])
            if reasons and reasons[0].get("Code") == "ConditionalCheckFailed":
                item = reasons[0].get("Item")
                return WriteResult(stored=False, row=row_of(item) if item else None)
            if any(reason.get("Code") == "TransactionConflict" for reason in reasons):
                return WriteResult(stored=False, row=self.read(subscription))
        if code == "TransactionConflictException":
            return WriteResult(stored=False, row=self.read(subscription))
        raise error
