"""When the callback keys are read, and which one signs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ewspush.adapters.secrets import MAX_AGE, SecretCallbackKeys
from tests.aws import Aws, moto


class Scenario:
    """A secret, its keys, and a clock that the test moves."""

    def __init__(self, aws: Aws) -> None:
        self.client = aws.secrets_manager
        self.requests = 0
        self.now = datetime.now(UTC)
        self.client.meta.events.register("before-call.secrets-manager.GetSecretValue", self._count)
        self.arn = self.client.create_secret(Name="callback", SecretString="first")["ARN"]
        self.keys = SecretCallbackKeys(self.client, self.arn, lambda: self.now)

    def _count(self, **_: Any) -> None:
        self.requests += 1

    def rotate(self, key: str) -> None:
        """Make `key` the current version."""
        self.client.put_secret_value(SecretId=self.arn, SecretString=key)


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
    scenario.keys = SecretCallbackKeys(scenario.client, scenario.arn, lambda: scenario.now)
    assert scenario.keys.signing() == b"first"
    scenario.now += MAX_AGE + timedelta(seconds=5)
    assert scenario.keys.signing() == b"second"
