"""Subscriptions written to the deployed tables directly, where no mail server takes part."""

from dataclasses import replace
from datetime import timedelta

from ewspush.adapters.clock import utc_now
from ewspush.adapters.dynamodb import DynamoDBLedger
from ewspush.adapters.secrets import SecretCallbackKeys
from ewspush.domain.callback import Callback, signed_path
from ewspush.domain.desired import DesiredSubscription, new_subscription
from local.deployment import Deployment


def ledger_of(deployment: Deployment) -> DynamoDBLedger:
    """Return the ledger on the deployed tables."""
    client = deployment.emulator.client("dynamodb")
    return DynamoDBLedger(client, deployment.subscriptions_table, deployment.events_table, timedelta(days=1))


def register(deployment: Deployment, mailbox: str, name: str = "default") -> str:
    """Store a subscription to `mailbox` as it is right after its first Subscribe request; return its callback URL.

    No keeper run checks it, because there may be no mail server.
    """
    desired = new_subscription(DesiredSubscription(mailbox, name), utc_now())
    subscription = replace(desired, pending_generation=1, next_check_at=None)
    ledger_of(deployment).add(subscription)
    secrets = deployment.emulator.client("secretsmanager")
    keys = SecretCallbackKeys(secrets, deployment.callback_secret_arn, utc_now)
    return deployment.callback + signed_path(Callback(subscription.key, mailbox, 1), keys.signing())
