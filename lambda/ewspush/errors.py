"""What can be wrong with a POST, as one tree; each class says which HTTP status to answer.

    AnswerableError                     the root: `error_status_hint` is what to answer
    ├── UnreadableNotificationError     400  damaged, hostile, or no SendNotification
    │   └── TooLargeError               413  more bytes than any notification has
    ├── ForgedCallbackError             403  the path was not signed by us (domain.callback)
    ├── UndecidedError                  503  we cannot tell: the server is to send again (domain.receipt)
    └── UnavailableError                503  AWS refuses or does not answer (ports)

None is ever answered with OK or Unsubscribe: a damaged POST of the real server is then sent again, and nobody can end a
subscription by posting garbage.
"""

from enum import StrEnum


class Refusal(StrEnum):
    """Why a body was refused; a closed set, so that it can be a metric dimension."""

    TOO_LARGE = "too-large"
    EMPTY = "empty"
    ENCODING = "encoding"
    DOCTYPE = "doctype"
    NOT_WELL_FORMED = "not-well-formed"
    TOO_MANY_ATTRIBUTES = "too-many-attributes"
    NOT_SOAP = "not-soap"
    HEADER_NOT_UNDERSTOOD = "header-not-understood"
    NOT_A_NOTIFICATION = "not-a-notification"
    NO_MESSAGE = "no-message"
    NO_SUBSCRIPTION_ID = "no-subscription-id"
    IDENTIFIER_TOO_LONG = "identifier-too-long"


class AnswerableError(Exception):
    """Root of the errors that have an answer; `error_status_hint` is the HTTP status of it."""

    error_status_hint = 503


class UnreadableNotificationError(AnswerableError):
    """Raised for a body that is not a readable SendNotification.

    `reason` says which rule it broke; the message says it in words and never quotes the body, which may hold mailbox
    content.
    """

    error_status_hint = 400

    def __init__(self, reason: Refusal, message: str) -> None:
        """Keep the rule that was broken beside the words for it."""
        super().__init__(message)
        self.reason = reason


class TooLargeError(UnreadableNotificationError):
    """Raised for a body above `MAX_BODY_BYTES`, before anything reads it."""

    error_status_hint = 413

    def __init__(self, size_bytes: int, limit_bytes: int) -> None:
        """Say both sizes."""
        super().__init__(Refusal.TOO_LARGE, f"the body has {size_bytes} bytes, more than the {limit_bytes} taken")
