"""What a warm function keeps of a secret: read at a cold start, and read again by the clock."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, Generic, TypeAlias, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from ewspush.domain.ports import Clock

Value = TypeVar("Value")
OnFailure: TypeAlias = Callable[[Exception], None]

RETRY_AFTER: Final = timedelta(minutes=1)
"""After a reading that failed: an attempt can take ten seconds, and the value that is known still works."""


def ignore(_error: Exception) -> None:
    """Do not report a failure."""


class Refreshed(Generic[Value]):
    """The last value that `read` returned. Where it cannot be read again it stays, and `on_failure` gets the error."""

    def __init__(self, read: Callable[[], Value], clock: Clock, on_failure: OnFailure = ignore) -> None:
        self._read = read
        self._clock = clock
        self._on_failure = on_failure
        self._lock = Lock()
        self._known: tuple[Value, datetime] | None = None
        self._failed_at: datetime | None = None

    def get(self, max_age: timedelta) -> Value:
        """Return the value, read again if it is older; whoever asks meanwhile waits for it.

        Raises what `read` raises where nothing is known yet.
        """
        with self._lock:
            now = self._clock()
            if self._known is None:
                self._known = (self._read(), now)
            elif now - self._known[1] >= max_age and not self._has_failed_lately(now):
                self._refresh(now)
            return self._known[0]

    def _has_failed_lately(self, now: datetime) -> bool:
        return self._failed_at is not None and now - self._failed_at < RETRY_AFTER

    def _refresh(self, now: datetime) -> None:
        try:
            self._known, self._failed_at = (self._read(), now), None
        except (BotoCoreError, ClientError, LookupError) as error:  # LookupError: the secret holds no text any more
            self._failed_at = now
            self._on_failure(error)
