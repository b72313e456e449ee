"""When the callback keys are read, and which one signs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ewspush.adapters.secrets import MAX_AGE, SecretCallbackKeys
from tests.aws import Aws, moto


class Story:
    """A secret, its keys, and a clock that the test moves."""

    def __init__(self, aws: Aws) -> None:
        """Make the secret and count the requests."""
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
def story() -> Iterator[Story]:
    """Return a secret on moto."""
    with moto() as aws:
        yield Story(aws)


def test_keys_are_read_once_a_cold_start(story: Story) -> None:
    """Nothing before the first request, both versions then, nothing for the next."""
    assert story.requests == 0
    for _ in range(3):
        assert story.keys.accepted() == [b"first"]
    assert story.requests == 2


def test_a_warm_function_learns_of_a_rotation_by_the_clock(story: Story) -> None:
    """Whatever the requests hold: a wrong URL costs no AWS call."""
    story.keys.accepted()
    story.rotate("second")
    assert story.keys.accepted() == [b"first"]
    story.now += MAX_AGE
    assert story.keys.accepted() == [b"second", b"first"]


def test_a_new_key_signs_once_every_warm_function_must_know_it(story: Story) -> None:
    """Until then the previous one does."""
    story.now += timedelta(days=1)
    story.rotate("second")
    story.now = datetime.now(UTC)
    story.keys = SecretCallbackKeys(story.client, story.arn, lambda: story.now)
    assert story.keys.signing() == b"first"
    story.now += MAX_AGE + timedelta(seconds=5)
    assert story.keys.signing() == b"second"
