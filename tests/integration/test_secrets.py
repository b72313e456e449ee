"""When the callback keys are read, and which one signs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from ewspush.adapters.refreshed import RETRY_AFTER
from ewspush.adapters.secrets import MAX_AGE, SecretCallbackKeys
from tests.aws import Aws, moto

AWAY = [
    EndpointConnectionError(endpoint_url="secretsmanager"),
    ClientError({"Error": {"Code": "InternalServiceError", "Message": "later"}}, "GetSecretValue"),
    ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "deleted"}}, "GetSecretValue"),
]


class Scenario:
    """A secret, its keys, and a clock that the test moves. While `error` is set, Secrets Manager fails with it."""

    def __init__(self, aws: Aws) -> None:
        self.client = aws.secrets_manager
        self.requests = 0
        self.error: Exception | None = None
        self.failures: list[Exception] = []
        self.now = datetime.now(UTC)
        self.client.meta.events.register("before-call.secrets-manager.GetSecretValue", self._count)
        self.arn = self.client.create_secret(Name="callback", SecretString="first")["ARN"]
        self.keys = self.new_keys()

    def new_keys(self) -> SecretCallbackKeys:
        """Return the keys of a cold start."""
        return SecretCallbackKeys(self.client, self.arn, lambda: self.now, self.failures.append)

    def _count(self, **_: Any) -> None:
        self.requests += 1
        if self.error is not None:
            raise self.error

    def rotate(self, key: str) -> None:
        """Make `key` the current version."""
        self.client.put_secret_value(SecretId=self.arn, SecretString=key)

    def rotate_while_away(self, key: str) -> None:
        """Make `key` the current version; Secrets Manager is back after that."""
        self.error = None
        self.rotate(key)

    def fails_for_previous(self) -> None:
        """Let each reading of the previous version fail from now on."""

        def fail(params: dict[str, Any], **_: Any) -> None:
            if params["VersionStage"] == "AWSPREVIOUS":
                raise AWAY[0]

        self.client.meta.events.register("provide-client-params.secrets-manager.GetSecretValue", fail)


@pytest.fixture
def scenario() -> Iterator[Scenario]:
    """Return a secret on moto."""
    with moto() as aws:
        yield Scenario(aws)


def test_keys_are_read_once_a_cold_start(scenario: Scenario) -> None:
    """Both versions at the first request, nothing before it and nothing for the next."""
    assert scenario.requests == 0
    for _ in range(3):
        assert scenario.keys.accepted() == [b"first"]
    assert scenario.requests == 2


def test_a_warm_function_reads_the_keys_again_by_the_clock(scenario: Scenario) -> None:
    """Not by what the requests hold: a wrong URL costs no AWS call."""
    scenario.keys.accepted()
    scenario.rotate("second")
    assert scenario.keys.accepted() == [b"first"]
    scenario.now += MAX_AGE
    assert scenario.keys.accepted() == [b"second", b"first"]


def test_a_new_key_signs_once_every_warm_function_must_know_it(scenario: Scenario) -> None:
    """Until then the previous one does."""
    scenario.now += timedelta(days=1)
    scenario.rotate("second")
    scenario.now = datetime.now(UTC)
    scenario.keys = scenario.new_keys()
    assert scenario.keys.signing() == b"first"
    scenario.now += MAX_AGE + timedelta(seconds=5)
    assert scenario.keys.signing() == b"second"


class TestSecretsManagerAway:
    """Where the keys cannot be read again."""

    @pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
    def test_the_keys_that_work_are_kept(self, scenario: Scenario, error: Exception) -> None:
        """And each failure is counted: no POST is refused for it."""
        scenario.keys.accepted()
        scenario.error = error
        scenario.now += MAX_AGE
        assert scenario.keys.accepted() == [b"first"]
        assert scenario.keys.signing() == b"first"
        assert scenario.failures == [error]

    def test_they_are_read_again_soon_and_not_with_every_request(self, scenario: Scenario) -> None:
        """By the clock, as ever: a wrong URL costs no AWS call."""
        scenario.keys.accepted()
        scenario.error = AWAY[0]
        scenario.now += MAX_AGE
        before = scenario.requests
        for _ in range(50):
            scenario.keys.accepted()
        assert (scenario.requests - before, len(scenario.failures)) == (1, 1)
        scenario.now += RETRY_AFTER
        scenario.keys.accepted()
        assert (scenario.requests - before, len(scenario.failures)) == (2, 2)
        scenario.rotate_while_away("second")
        scenario.now += RETRY_AFTER
        assert scenario.keys.accepted() == [b"second", b"first"]
        assert len(scenario.failures) == 2
        scenario.now += MAX_AGE - timedelta(seconds=1)
        before = scenario.requests
        scenario.keys.accepted()
        assert scenario.requests == before

    def test_half_a_reading_changes_nothing(self, scenario: Scenario) -> None:
        """The current key without the one before would refuse live subscriptions."""
        scenario.rotate("second")
        assert scenario.keys.accepted() == [b"second", b"first"]
        scenario.rotate("third")
        scenario.fails_for_previous()
        scenario.now += MAX_AGE
        assert scenario.keys.accepted() == [b"second", b"first"]

    def test_without_any_key_nothing_can_be_verified(self, scenario: Scenario) -> None:
        """A cold start fails, and the next request reads them again."""
        scenario.error = AWAY[0]
        with pytest.raises(EndpointConnectionError):
            scenario.keys.accepted()
        scenario.error = None
        assert (scenario.keys.accepted(), scenario.failures) == ([b"first"], [])
