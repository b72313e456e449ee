"""The keys of the callback signatures, from Secrets Manager."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from ewspush.domain.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

MAX_AGE: Final = timedelta(hours=1)
"""How long a warm function may go on without a rotated key; keys younger than that sign nothing (docs/adr)."""

_STAGES: Final = ("AWSCURRENT", "AWSPREVIOUS")


class SecretCallbackKeys:
    """`CallbackKeys` from the two versions of one secret, read at a cold start and again after `MAX_AGE`.

    The refresh is due by the clock, never by what a request holds: a wrong URL costs no AWS call.
    """

    def __init__(self, client: "SecretsManagerClient", secret_arn: str, clock: Clock) -> None:
        self._client = client
        self._secret_arn = secret_arn
        self._clock = clock
        self._versions: list[tuple[bytes, datetime]] = []
        self._read_at: datetime | None = None

    def accepted(self) -> list[bytes]:
        return [key for key, _ in self._fresh()]

    def signing(self) -> bytes:
        """Return the key to sign new callbacks with: the current one, once every warm function must know it."""
        versions = self._fresh()
        known = [key for key, created_at in versions if self._clock() - created_at >= MAX_AGE]
        return known[0] if known else versions[-1][0]

    def _fresh(self) -> list[tuple[bytes, datetime]]:
        now = self._clock()
        if self._read_at is None or now - self._read_at >= MAX_AGE:
            self._versions = list(filter(None, map(self._version, _STAGES)))
            self._read_at = now
        return self._versions

    def _version(self, stage: str) -> tuple[bytes, datetime] | None:
        try:
            answer = self._client.get_secret_value(SecretId=self._secret_arn, VersionStage=stage)
        except self._client.exceptions.ResourceNotFoundException:
            if stage == "AWSPREVIOUS":
                return None  # never rotated
            raise
        return answer["SecretString"].encode(), answer["CreatedDate"]
