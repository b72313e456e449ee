"""A mailbox whose subscription is registered in the deployed tables, without a mail server."""

from dataclasses import dataclass, replace
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from ewspush.adapters.clock import utc_now
from ewspush.adapters.cloud_events import documents_of
from ewspush.adapters.log_items import notification_of
from ewspush.adapters.secrets import SecretCallbackKeys
from ewspush.domain.callback import Callback, signed_path
from ewspush.domain.desired import DesiredSubscription
from ewspush.domain.subscription import SubscriptionKey
from local.deployment import Deployment
from local.subscriptions import register


@dataclass(frozen=True)
class Mailbox:
    """A mailbox with one subscription; `path` is the path of its callback URL."""

    deployment: Deployment
    address: str
    key: SubscriptionKey
    path: str

    @classmethod
    def registered(cls, deployment: Deployment, address: str, name: str = "default") -> "Mailbox":
        """Register a subscription to `address`, as the keeper does right before its first Subscribe."""
        path = register(deployment, address, name).removeprefix(deployment.callback)
        return cls(deployment, address, DesiredSubscription(address, name).key, path)

    @property
    def url(self) -> str:
        """The callback URL."""
        return self.deployment.callback + self.path

    @property
    def secrets(self) -> list[str]:
        """Strings that no log may hold: the address, plain and as it stands in the path, and the signature."""
        return [self.address, *self.path.rsplit("/", 1)[1].split(".")]

    def in_generation(self, generation: int) -> "Mailbox":
        """Return the same mailbox with the callback URL of another generation."""
        client = self.deployment.emulator.client("secretsmanager")
        key = SecretCallbackKeys(client, self.deployment.callback_secret_arn, utc_now).signing()
        return replace(self, path=signed_path(Callback(self.key, self.address, generation), key))

    def retire(self) -> None:
        """Retire the subscription, as an operator does."""
        self.deployment.emulator.client("dynamodb").update_item(
            TableName=self.deployment.subscriptions_table,
            Key={"subscription": {"S": self.key}},
            UpdateExpression="SET #state = :retired",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":retired": {"S": "retired"}},
        )

    def stored_subscription(self) -> dict[str, Any]:
        """Return the item of the subscriptions table."""
        found = self.deployment.emulator.client("dynamodb").get_item(
            TableName=self.deployment.subscriptions_table, Key={"subscription": {"S": self.key}}, ConsistentRead=True
        )
        return _plain(found["Item"])

    def logged_events(self) -> list[dict[str, Any]]:
        """Return the events in the events table, in order of arrival."""
        pages = (
            self.deployment.emulator.client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self.deployment.events_table,
                KeyConditionExpression="subscription = :subscription",
                ExpressionAttributeValues={":subscription": {"S": self.key}},
                ConsistentRead=True,
            )
        )
        return [event for page in pages for item in page["Items"] for event in documents_of(notification_of(item))]


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}
