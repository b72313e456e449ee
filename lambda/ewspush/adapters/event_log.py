"""The event log on DynamoDB, as the forwarder reads it."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ewspush.adapters.attributes import typed
from ewspush.adapters.log_items import continuation, messages_of
from ewspush.domain.ports import Message
from ewspush.domain.subscription import SubscriptionKey
from ewspush.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBEventLog:
    """`EventLog` on the events table."""

    def __init__(self, client: "DynamoDBClient", events: str) -> None:
        self._client = client
        self._events = events

    def rest_of(self, key: SubscriptionKey, arrival: str, parts: int) -> list[tuple[Message, ...]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._events,
            KeyConditionExpression="subscription = :subscription AND arrival BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":subscription": typed(key),
                ":first": typed(continuation(arrival, 2)),
                ":last": typed(continuation(arrival, parts)),
            },
            ConsistentRead=True,
        )
        try:
            return [messages_of(item) for page in pages for item in page["Items"]]
        except (BotoCoreError, ClientError) as error:
            raise UnavailableError(str(error)) from error
