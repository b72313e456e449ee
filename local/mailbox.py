"""Mailboxes of this machine: registered as the keeper will register them, with the callback URL a server would get."""

from dataclasses import replace
from datetime import timedelta

from ewspush.adapters.clock import utc_now
from ewspush.adapters.dynamodb import DynamoDBLedger
from ewspush.adapters.secrets import SecretCallbackKeys
from ewspush.domain.callback import Callback, signed_path
from ewspush.domain.registration import Wish, wanted
from local.deployment import Deployment


def register(deployment: Deployment, mailbox: str) -> str:
    """Want a subscription for `mailbox`, as if its first Subscribe had just been sent; return its callback URL."""
    client = deployment.emulator.client
    ledger = DynamoDBLedger(
        client("dynamodb"), deployment.subscriptions_table, deployment.events_table, retention=timedelta(days=1)
    )
    keys = SecretCallbackKeys(client("secretsmanager"), deployment.callback_secret_arn, utc_now)
    row = replace(wanted(Wish(mailbox), utc_now()), pending_generation=1)
    ledger.add(row)
    return deployment.callback + signed_path(Callback(row.subscription, mailbox, 1), keys.signing())
