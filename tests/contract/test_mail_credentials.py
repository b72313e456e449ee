"""What every `MailCredentials` promises, the in-memory twin and Secrets Manager alike."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from ewspush.adapters.credentials import SecretCredentials
from ewspush.domain.ports import Credentials, MailCredentials
from tests.aws import moto
from tests.builders import MAILBOX, NOON
from tests.twins.credentials import MemoryCredentials

OLD = Credentials("Basic YWxpY2VAZXhhbXBsZS5jb206b2xk", impersonates=False)
NEW = Credentials("Basic YWxpY2VAZXhhbXBsZS5jb206bmV3", impersonates=False)


@dataclass
class Clock:
    """A clock that the test moves."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(params=["memory", "moto"])
def changed(request: pytest.FixtureRequest) -> Iterator[MailCredentials]:
    """Return credentials that were changed after they were read: another password for alice, and bob left out."""
    old, new = {MAILBOX: "old", "bob@example.com": "old"}, {MAILBOX: "new"}
    if request.param == "memory":
        yield MemoryCredentials({MAILBOX: OLD, "bob@example.com": OLD}, {MAILBOX: NEW})
        return
    with moto() as aws:
        client, clock = aws.secrets_manager, Clock()
        arn = client.create_secret(Name="mail", SecretString=json.dumps({"mailboxes": old}))["ARN"]
        credentials = SecretCredentials(client, arn, clock)
        credentials.of(MAILBOX)
        client.put_secret_value(SecretId=arn, SecretString=json.dumps({"mailboxes": new}))
        clock.now += timedelta(minutes=1)
        yield credentials


def test_what_was_read_counts_until_the_mail_server_refuses_it(changed: MailCredentials) -> None:
    """Then it is read again."""
    assert changed.of(MAILBOX) == OLD
    changed.refresh()
    assert changed.of(MAILBOX) == NEW


def test_a_mailbox_is_known_in_whatever_case(changed: MailCredentials) -> None:
    """No mail server distinguishes addresses by case."""
    known = changed.of("ALICE@Example.com")
    assert known is not None
    assert not known.impersonates


def test_there_are_none_for_a_mailbox_that_is_not_listed(changed: MailCredentials) -> None:
    """Before or after a change."""
    assert changed.of("carol@example.com") is None
    changed.refresh()
    assert changed.of("bob@example.com") is None
