"""The credentials secret: its forms, and when it is read."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from ewspush.adapters.credentials import MAX_AGE, SecretCredentials
from ewspush.adapters.refreshed import RETRY_AFTER
from ewspush.domain.ports import Credentials
from tests.aws import Aws, moto
from tests.builders import MAILBOX, NOON

ACCOUNT = {"username": "keeper@example.com", "password": "k:ey"}


class Scenario:
    """A secret, its credentials, and a clock that the test moves. While `error` is set, reading it fails with that."""

    def __init__(self, aws: Aws) -> None:
        self.client = aws.secrets_manager
        self.requests = 0
        self.error: Exception | None = None
        self.failures: list[Exception] = []
        self.now = NOON
        self.client.meta.events.register("before-call.secrets-manager.GetSecretValue", self._count)
        self.arn = self.client.create_secret(Name="mail", SecretString=json.dumps(ACCOUNT))["ARN"]
        self.credentials = SecretCredentials(self.client, self.arn, lambda: self.now, self.failures.append)

    def _count(self, **_: Any) -> None:
        self.requests += 1
        if self.error is not None:
            raise self.error

    def put(self, content: object) -> None:
        """Make `content` the current version: a text as it is, anything else as JSON."""
        text = content if isinstance(content, str) else json.dumps(content)
        self.client.put_secret_value(SecretId=self.arn, SecretString=text)


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    """Return one moto for all tests of this file: a secret each."""
    with moto() as aws:
        yield aws


@pytest.fixture
def scenario(aws: Aws) -> Iterator[Scenario]:
    """Return a secret on moto."""
    scenario = Scenario(aws)
    yield scenario
    scenario.error = None
    aws.secrets_manager.delete_secret(SecretId=scenario.arn, ForceDeleteWithoutRecovery=True)


def basic(username: str, password: str, *, impersonates: bool) -> Credentials:
    """Return credentials by RFC 7617."""
    token = base64.b64encode(f"{username}:{password}".encode()).decode()
    return Credentials(f"Basic {token}", impersonates)


class TestForms:
    """What may stand in the secret."""

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (ACCOUNT, basic("keeper@example.com", "k:ey", impersonates=True)),
            ({"username": "Alice@Example.com", "password": "p"}, basic("Alice@Example.com", "p", impersonates=False)),
            ({"mailboxes": {MAILBOX: "hers"}}, basic(MAILBOX, "hers", impersonates=False)),
            ({"mailboxes": {"ALICE@example.com": "hers"}}, basic(MAILBOX, "hers", impersonates=False)),
            (ACCOUNT | {"mailboxes": {MAILBOX: "hers"}}, basic(MAILBOX, "hers", impersonates=False)),
            (
                ACCOUNT | {"mailboxes": {"bob@example.com": "his"}},
                basic("keeper@example.com", "k:ey", impersonates=True),
            ),
            (
                {"mailboxes": {MAILBOX: {"username": "CORP\\alice", "password": "pä"}}},
                basic("CORP\\alice", "pä", impersonates=False),
            ),
        ],
    )
    def test_a_mailbox_signs_in_as_itself_or_is_impersonated(
        self, scenario: Scenario, content: object, expected: Credentials
    ) -> None:
        """A listed mailbox signs in as itself, any other one is impersonated by the account."""
        scenario.put(content)
        assert scenario.credentials.of(MAILBOX) == expected

    @pytest.mark.parametrize(
        "content",
        [
            "",
            "placeholder: fill me in",
            "[1]",
            '"text"',
            "null",
            {},
            {"username": "keeper@example.com"},
            {"password": "x"},
            {"username": 1, "password": 2},
            {"mailboxes": ["alice@example.com"]},
            {"mailboxes": {"bob@example.com": "his"}},
            {"mailboxes": {MAILBOX: {"username": "alice"}}},
            ACCOUNT | {"mailboxes": {MAILBOX: {"username": "alice"}}},
            ACCOUNT | {"mailboxes": {MAILBOX: 12345}},
            ACCOUNT | {"mailboxes": {MAILBOX: ["hers"]}},
        ],
    )
    def test_anything_else_holds_none(self, scenario: Scenario, content: Any) -> None:
        """The keeper says so in the row. A mistake in the secret never gives one mailbox the password of another."""
        if content == "":
            content = " "  # Secrets Manager takes no empty text
        scenario.put(content)
        assert scenario.credentials.of(MAILBOX) is None

    def test_the_password_is_in_no_representation(self, scenario: Scenario) -> None:
        """Nor what it is encoded to."""
        credentials = scenario.credentials.of(MAILBOX)
        assert credentials is not None
        token = credentials.authorization.split()[1]
        for secret in ("k:ey", token):
            assert secret not in f"{credentials!r} {credentials} {scenario.credentials!r}"


class TestReading:
    """When it is read."""

    def test_once_a_cold_start(self, scenario: Scenario) -> None:
        """Nothing before it is needed, nothing for the next mailbox."""
        assert scenario.requests == 0
        for mailbox in (MAILBOX, "bob@example.com", "carol@example.com"):
            scenario.credentials.of(mailbox)
        assert scenario.requests == 1

    def test_again_when_it_is_a_quarter_of_an_hour_old(self, scenario: Scenario) -> None:
        """A mailbox that was added is known before any request is refused."""
        scenario.credentials.of(MAILBOX)
        scenario.put({"mailboxes": {MAILBOX: "hers"}})
        scenario.now += MAX_AGE - timedelta(seconds=1)
        assert scenario.credentials.of(MAILBOX) == basic("keeper@example.com", "k:ey", impersonates=True)
        scenario.now += timedelta(seconds=1)
        assert scenario.credentials.of(MAILBOX) == basic(MAILBOX, "hers", impersonates=False)
        assert scenario.requests == 2

    def test_at_once_where_the_mail_server_refused_what_was_read(self, scenario: Scenario) -> None:
        """Many mailboxes that are refused together read it once."""
        scenario.credentials.of(MAILBOX)
        scenario.put({"mailboxes": {MAILBOX: "hers"}})
        scenario.now += timedelta(seconds=20)
        for _ in range(3):
            scenario.credentials.refresh()
            assert scenario.credentials.of(MAILBOX) == basic(MAILBOX, "hers", impersonates=False)
        assert scenario.requests == 2

    def test_not_where_it_was_read_a_moment_ago(self, scenario: Scenario) -> None:
        """It would hold the same."""
        scenario.credentials.of(MAILBOX)
        scenario.now += timedelta(seconds=19)
        scenario.credentials.refresh()
        assert scenario.requests == 1

    def test_for_all_mailboxes_at_once(self, scenario: Scenario) -> None:
        """Each reading brings the whole secret."""
        scenario.put({"mailboxes": {MAILBOX: "hers", "bob@example.com": "his"}})
        assert scenario.credentials.of("bob@example.com") == basic("bob@example.com", "his", impersonates=False)
        scenario.now += timedelta(minutes=1)
        scenario.credentials.refresh()
        scenario.credentials.of(MAILBOX)
        assert scenario.requests == 2


class TestSecretsManagerAway:
    """Where it cannot be read again."""

    AWAY = EndpointConnectionError(endpoint_url="secretsmanager")
    KNOWN = basic("keeper@example.com", "k:ey", impersonates=True)

    def test_what_was_read_stays_in_use(self, scenario: Scenario) -> None:
        """Each failure is counted, and soon it is read again; not with every mailbox."""
        scenario.credentials.of(MAILBOX)
        scenario.error = self.AWAY
        scenario.now += MAX_AGE
        for _ in range(10):
            assert scenario.credentials.of(MAILBOX) == self.KNOWN
        assert (scenario.requests, scenario.failures) == (2, [self.AWAY])
        scenario.error = None
        scenario.put({"mailboxes": {MAILBOX: "hers"}})
        scenario.now += RETRY_AFTER
        assert scenario.credentials.of(MAILBOX) == basic(MAILBOX, "hers", impersonates=False)
        assert (scenario.requests, scenario.failures) == (3, [self.AWAY])

    def test_a_refusal_by_the_mail_server_is_no_reason_to_fail_either(self, scenario: Scenario) -> None:
        """The answer of the mail server says more than an error of AWS would."""
        scenario.credentials.of(MAILBOX)
        scenario.error = self.AWAY
        scenario.now += timedelta(seconds=20)
        for _ in range(3):
            scenario.credentials.refresh()
            assert scenario.credentials.of(MAILBOX) == self.KNOWN
        assert len(scenario.failures) == 1

    def test_without_anything_read_the_check_fails(self, scenario: Scenario) -> None:
        """Nothing is known of any mailbox; the next check reads it."""
        scenario.error = self.AWAY
        with pytest.raises(EndpointConnectionError):
            scenario.credentials.of(MAILBOX)
        scenario.error = None
        assert scenario.credentials.of(MAILBOX) == self.KNOWN
