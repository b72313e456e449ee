"""Times that follow from StatusFrequency, in protocol minutes."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

_SILENT_FREQUENCIES: Final = 2
"""Exchange, page on StatusFrequency: without a notification for twice as long, the subscription is to be renewed."""

_RETRY_FREQUENCIES: Final = 2
"""Exchange, page on StatusFrequency: the first retry comes after 30 s, each wait is twice the last, and none is longer
than StatusFrequency. So they add up to less than twice that; Amazon WorkMail gives up sooner."""

_ATTEMPT_MINUTES: Final = 100 / 60
"""Upper bound for one attempt without an answer: .NET ends a web request after 100 s by default. The limit of the
servers is not published."""

_CLOCK_MARGIN_MINUTES: Final = 5
"""By how much the server's clock may differ from ours: what Kerberos allows the servers of a domain by default."""

MIN_GRACE: Final = timedelta(seconds=45)
"""For a Subscribe under way, in real time: longer than its time-outs, so that no second keeper starts beside it."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a protocol minute lasts: a real one in production, less in the local run and in tests."""

    minute: timedelta

    def minutes(self, number: float) -> timedelta:
        """Return the length of so many protocol minutes."""
        return number * self.minute

    @property
    def clock_margin(self) -> timedelta:
        """By how much the server's clock may differ from ours."""
        return self.minutes(_CLOCK_MARGIN_MINUTES)

    def silence(self, status_frequency_minutes: int) -> timedelta:
        """Return how long a subscription may be silent before it counts as lost."""
        return self.minutes(_SILENT_FREQUENCIES * status_frequency_minutes)

    def grace(self, status_frequency_minutes: int) -> timedelta:
        """Return how long a Subscribe without an answer has for its first push: StatusFrequency and a minute."""
        return max(self.minutes(status_frequency_minutes + 1), MIN_GRACE)

    def max_delivery_window(self, status_frequency_minutes: int) -> timedelta:
        """Return how long a server may try to deliver one POST: the waits between its attempts, and the attempts."""
        attempts = (2 * status_frequency_minutes).bit_length() + 1
        return self.minutes(_RETRY_FREQUENCIES * status_frequency_minutes + _ATTEMPT_MINUTES * attempts)
