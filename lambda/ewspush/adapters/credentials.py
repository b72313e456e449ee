r"""Basic credentials from one secret in Secrets Manager.

    {"username": "keeper@example.com", "password": "..."}              one account that impersonates every mailbox
    {"mailboxes": {"alice@example.com": "her password"}}               each mailbox signs in as itself

Both can stand in one secret: a mailbox that is listed signs in as itself, any other one is impersonated. Where the user
name is not the address: {"mailboxes": {"alice@example.com": {"username": "CORP\\alice", "password": "..."}}}.
"""

import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from ewspush.adapters.refreshed import OnFailure, Refreshed, ignore
from ewspush.domain.ports import Clock, Credentials

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

MAX_AGE: Final = timedelta(minutes=15)
"""How long a warm keeper may go on with what it read; after a refusal by the mail server it is read again at once."""

_MIN_AGE: Final = timedelta(seconds=20)
"""Below this nothing is read again: many mailboxes that are refused together read once."""


class SecretCredentials:
    """`MailCredentials` from a secret. What is no such JSON object holds no credentials.

    Where it cannot be read again, what was read stays in use.
    """

    def __init__(
        self, client: "SecretsManagerClient", secret_arn: str, clock: Clock, on_failure: OnFailure = ignore
    ) -> None:
        self._client = client
        self._secret_arn = secret_arn
        self._content = Refreshed(self._read, clock, on_failure)

    def of(self, mailbox: str) -> Credentials | None:
        content = self._content.get(MAX_AGE)
        own = _lowered(content.get("mailboxes")).get(mailbox.lower())
        if isinstance(own, str):
            return _basic(mailbox, own, impersonates=False)
        account = content if own is None else own if isinstance(own, Mapping) else {}
        username, password = account.get("username"), account.get("password")
        if not isinstance(username, str) or not isinstance(password, str):
            return None
        return _basic(username, password, impersonates=own is None and username.lower() != mailbox.lower())

    def refresh(self) -> None:
        self._content.get(_MIN_AGE)

    def _read(self) -> Mapping[str, Any]:
        return _object(self._client.get_secret_value(SecretId=self._secret_arn)["SecretString"])


def _object(text: str) -> Mapping[str, Any]:
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _lowered(passwords: object) -> dict[str, Any]:
    return {name.lower(): value for name, value in passwords.items()} if isinstance(passwords, dict) else {}


def _basic(username: str, password: str, *, impersonates: bool) -> Credentials:
    """Return credentials as RFC 7617 writes them."""
    return Credentials(f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}", impersonates)
