"""What a check of the keeper comes to."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class CheckOutcome(StrEnum):
    """What a check came to; also what the metrics count."""

    ALIVE = "alive"
    RENEWED = "renewed"
    REFUSED = "refused"
    SUSPENDED = "suspended"
    """From now on; a later try that fails as well is refused."""

    UNCONFIRMED = "unconfirmed"
    """The Subscribe got no answer: the server subscription may have been made."""

    RETIRED = "retired"
    SKIPPED = "skipped"
    """No longer due, or another keeper or a notification was faster."""


class Reachability(StrEnum):
    """Whether pushes arrive."""

    REACHABLE = "reachable"
    BECAME_UNREACHABLE = "became unreachable"
    UNREACHABLE = "unreachable"
    REACHED_AGAIN = "reached again"
    """A push has made it due. What else is unreachable may be reached as well."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A check; where it left a subscription lapsed, for how long that has been, and what the server answered."""

    outcome: CheckOutcome
    overdue: timedelta = timedelta()
    response_code: str | None = None
    reachability: Reachability = Reachability.REACHABLE
