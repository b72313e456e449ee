"""What every `CallbackKeys` promises, the in-memory twin and Secrets Manager alike."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from ewspush.adapters.secrets import SecretCallbackKeys
from ewspush.domain.ports import CallbackKeys
from tests.aws import moto
from tests.twins.keys import MemoryKeys


@pytest.fixture(params=["memory", "moto"])
def rotated(request: pytest.FixtureRequest) -> Iterator[CallbackKeys]:
    """Return keys that were rotated once, from `old` to `new`."""
    if request.param == "memory":
        yield MemoryKeys(b"new", b"old")
        return
    with moto() as aws:
        arn = aws.secrets_manager.create_secret(Name="callback", SecretString="old")["ARN"]
        aws.secrets_manager.put_secret_value(SecretId=arn, SecretString="new")
        yield SecretCallbackKeys(aws.secrets_manager, arn, lambda: datetime.now(UTC))


def test_the_current_key_comes_first_and_the_previous_is_still_accepted(rotated: CallbackKeys) -> None:
    """Live subscriptions outlast a rotation."""
    assert list(rotated.accepted()) == [b"new", b"old"]
