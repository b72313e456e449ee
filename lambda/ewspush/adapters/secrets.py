"""The keys of the callback signatures, from Secrets Manager."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from ewspush.adapters.refreshed import OnFailure, Refreshed, ignore
from ewspush.domain.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

MAX_AGE: Final = timedelta(hours=1)
"""How long a warm function may go on without a rotated key; keys younger than that sign nothing (docs/adr)."""

_STAGES: Final = ("AWSCURRENT", "AWSPREVIOUS")


class SecretCallbackKeys:
    """`CallbackKeys` from the two versions of one secret, read at a cold start and again after `MAX_AGE`.

    The refresh is due by the clock, never by what a request holds: a wrong URL costs no AWS call. Where it fails, the
    keys that are known stay in use.
    """

    def __init__(
        self, client: "SecretsManagerClient", secret_arn: str, clock: Clock, on_failure: OnFailure = ignore
    ) -> None:
        self._client = client
        self._secret_arn = secret_arn
        self._clock = clock
        self._versions = Refreshed(self._read, clock, on_failure)

    def accepted(self) -> list[bytes]:
        return [key for key, _ in self._versions.get(MAX_AGE)]

    def signing(self) -> bytes:
        """Return the key to sign new callbacks with: the current one, once every warm function must know it."""
        versions = self._versions.get(MAX_AGE)
        known = [key for key, created_at in versions if self._clock() - created_at >= MAX_AGE]
        return known[0] if known else versions[-1][0]

    def _read(self) -> list[tuple[bytes, datetime]]:
        return list(filter(None, map(self._version, _STAGES)))

    def _version(self, stage: str) -> tuple[bytes, datetime] | None:
        try:
            answer = self._client.get_secret_value(SecretId=self._secret_arn, VersionStage=stage)
        except self._client.exceptions.ResourceNotFoundException:
            if stage == "AWSPREVIOUS":
                return None  # never rotated
            raise
        return answer["SecretString"].encode(), answer["CreatedDate"]
