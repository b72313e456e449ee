"""The two outsiders of every story: the mail server with its mailboxes, and the consumer of the queue."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from boto3.dynamodb.types import TypeDeserializer

from ewspush.adapters.clock import utc_now
from ewspush.adapters.secrets import SecretCallbackKeys
from ewspush.domain.callback import Callback, signed_path
from ewspush.domain.desired import DesiredSubscription
from local.consumer import Consumer as TakingConsumer
from local.deployment import Deployment
from local.mailbox import register

Found = TypeVar("Found")

_WAIT_SECONDS: Final = 30


def awaited(look: Callable[[], Found | None], what: str, seconds: float = _WAIT_SECONDS) -> Found:
    """Return what `look` finds, as soon as it does. Fails where it takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.05)
    message = f"{what} did not come within {seconds:g} seconds"
    raise AssertionError(message)


@dataclass(frozen=True)
class Mailbox:
    """A mailbox with a subscription of its own; `path` is that of its callback URL."""

    deployment: Deployment
    address: str
    key: str
    path: str

    @classmethod
    def of(cls, deployment: Deployment, address: str) -> "Mailbox":
        """Register `address`, as the keeper does right before its first Subscribe."""
        path = register(deployment, address).removeprefix(deployment.callback)
        return cls(deployment, address, DesiredSubscription(address).subscription, path)

    @property
    def url(self) -> str:
        """The callback URL."""
        return self.deployment.callback + self.path

    @property
    def secrets(self) -> list[str]:
        """What no log may hold: the address, as it is and as it stands in the path, and the signature."""
        return [self.address, *self.path.rsplit("/", 1)[1].split(".")]

    def in_generation(self, generation: int) -> "Mailbox":
        """Return the same mailbox with the callback URL of another generation."""
        client = self.deployment.emulator.client("secretsmanager")
        key = SecretCallbackKeys(client, self.deployment.callback_secret_arn, utc_now).signing()
        return replace(self, path=signed_path(Callback(self.key, self.address, generation), key))

    def retire(self) -> None:
        """Have the subscription retired, as an operator does."""
        self.deployment.emulator.client("dynamodb").update_item(
            TableName=self.deployment.subscriptions_table,
            Key={"subscription": {"S": self.key}},
            UpdateExpression="SET #state = :retired",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":retired": {"S": "retired"}},
        )

    def row(self) -> dict[str, Any]:
        """Return the subscription as it is stored."""
        found = self.deployment.emulator.client("dynamodb").get_item(
            TableName=self.deployment.subscriptions_table, Key={"subscription": {"S": self.key}}, ConsistentRead=True
        )
        return _plain(found["Item"])

    def logged(self) -> list[dict[str, Any]]:
        """Return the events in the table, in order of arrival."""
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
        return [event for page in pages for item in page["Items"] for event in _plain(item)["events"]]


class Consumer(TakingConsumer):
    """The consumer of a queue, with the patience of a test."""

    def awaited(self, group: str, count: int) -> list[dict[str, Any]]:
        """Return the messages of `group` once there are `count`, or more."""

        def enough() -> list[dict[str, Any]] | None:
            messages = self.received(group)
            return messages if len(messages) >= count else None

        return awaited(enough, f"message {count} of {group}")


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}
