"""Mailboxes of this machine, behind the keeper's back: for what is tried without a mail server."""

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


def register(deployment: Deployment, mailbox: str) -> str:
    """Want a subscription for `mailbox`, as if its first Subscribe had just been sent; return its callback URL.

    The keeper is not to look at it: there may be no mail server.
    """
    row = replace(new_subscription(DesiredSubscription(mailbox), utc_now()), pending_generation=1, next_check_at=None)
    ledger_of(deployment).add(row)
    secrets = deployment.emulator.client("secretsmanager")
    keys = SecretCallbackKeys(secrets, deployment.callback_secret_arn, utc_now)
    return deployment.callback + signed_path(Callback(row.subscription, mailbox, 1), keys.signing())
