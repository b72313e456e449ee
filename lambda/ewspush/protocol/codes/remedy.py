"""What can be done about a refusal, and how the tables of this package say it."""

from dataclasses import dataclass
from enum import StrEnum


class Remedy(StrEnum):
    """What to do after a Subscribe that did not succeed, or a notification that says that a subscription is gone."""

    RETRY = "retry"
    """The server is overloaded or away: again, with back-off."""

    RETRY_A_FEW_TIMES = "retry-a-few-times"
    """It may pass; where it does not, a person must act."""

    WAIT = "wait"
    """The quota is used up, perhaps by subscriptions of ours that have not died yet: again, slowly."""

    RETRY_WITHOUT_WATERMARK = "retry-without-watermark"
    """The mailbox moves: again with back-off, and its watermarks mean nothing afterwards."""

    WAIT_FOR_PUSH = "wait-for-push"
    """The subscription may have been made: give it time for its first push before making another."""

    RESUBSCRIBE = "resubscribe"
    """The subscription is gone: make a new one now, from the last watermark."""

    RESUBSCRIBE_WITHOUT_WATERMARK = "resubscribe-without-watermark"
    """So is the watermark: make a new one from now on, and recover what lies between."""

    RETRY_THEN_SUSPEND = "retry-then-suspend"
    """Rights are missing, or not in force yet: again for ten minutes, then rarely, until a person acts."""

    SUSPEND = "suspend"
    """Nothing will change by itself: stop, and say what to do."""


class Missing(StrEnum):
    """What a refusal says is not there, or not any more; trouble of the server says nothing of the kind."""

    MAILBOX = "mailbox"
    """Disabled, deleted, or never there."""

    FOLDER = "folder"
    """Deleted, or hidden from the account."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do, and the reason in words for the person who has to act."""

    remedy: Remedy
    reason: str
    missing: Missing | None = None


def table(*groups: tuple[str, Advice]) -> dict[str, Advice]:
    """Return the advice of each code; those of a group stand in one text and share theirs."""
    return {code: advice for codes, advice in groups for code in codes.split()}
