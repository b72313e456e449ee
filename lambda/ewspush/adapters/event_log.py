"""The event log on DynamoDB, as the forwarder reads it."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ewspush.adapters.attributes import typed
from ewspush.adapters.log_items import continuation, notification_of
from ewspush.domain.ports import UnavailableError
from ewspush.domain.subscription import LoggedNotification

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBEventLog:
    """`EventLog` on the events table."""

    def __init__(self, client: "DynamoDBClient", events: str) -> None:
        """Take the client and the table's name."""
        self._client = client
        self._events = events

    def rest_of(self, head: LoggedNotification, parts: int) -> list[LoggedNotification]:
        """See `EventLog.rest_of`."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._events,
            KeyConditionExpression="subscription = :subscription AND arrival BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":subscription": typed(head.subscription),
                ":first": typed(continuation(head.arrival, 2)),
                ":last": typed(continuation(head.arrival, parts)),
            },
            ConsistentRead=True,
        )
        try:
            return [notification_of(item) for page in pages for item in page["Items"]]
        except (BotoCoreError, ClientError) as error:
            raise UnavailableError(str(error)) from error
