"""The errors of the package, as one tree.

    EwsPushError
    ├── AnswerableError                      a POST that gets no acknowledgement: `error_status_hint` is the HTTP status
    │   ├── UnreadableNotificationError 400  damaged, hostile, or no SendNotification
    │   │   └── TooLargeError           413  more bytes than an event of Lambda holds
    │   ├── ForgedCallbackError         403  no key of ours signed the path
    │   └── UndecidedError              503  neither stored nor refused: the server is to send it again
    ├── UnavailableError                     AWS or the mail server did not answer, or refused: to be tried again later
    ├── LostRaceError                        another process changed the subscription or its sync run first
    └── EntryTooLongError                    an entry of the log holds more events than one write takes

No error is answered with OK or Unsubscribe: the mail server sends a damaged POST again, and a
POST of garbage ends no subscription.
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


class EwsPushError(Exception):
    """Root of the tree."""


class AnswerableError(EwsPushError):
    """Root of the errors that a POST is answered with; `error_status_hint` is the HTTP status."""

    error_status_hint = 503


class UnreadableNotificationError(AnswerableError):
    """Raised for a body that is not a readable SendNotification.

    `reason` names the rule that it breaks; the message says it in words and never quotes the body, which may hold
    mailbox content.
    """

    error_status_hint = 400

    def __init__(self, reason: Refusal, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class TooLargeError(UnreadableNotificationError):
    """Raised for a body above `MAX_BODY_BYTES`, before anything reads it."""

    error_status_hint = 413

    def __init__(self, size_bytes: int, limit_bytes: int) -> None:
        super().__init__(Refusal.TOO_LARGE, f"the body has {size_bytes} bytes, more than the limit of {limit_bytes}")


class ForgedCallbackError(AnswerableError):
    """Raised for a callback path that none of our keys signed."""

    error_status_hint = 403


class UndecidedError(AnswerableError):
    """Raised where a POST can be neither stored nor refused: the server is to send it again."""


class UnavailableError(EwsPushError):
    """Raised by an adapter when AWS or the mail server does not answer, or AWS refuses: to be tried again later.

    Whether the request was carried out is not known.
    """


class LostRaceError(EwsPushError):
    """Raised where another process changed the subscription, or its sync run, since it was read."""


class EntryTooLongError(EwsPushError):
    """Raised by a ledger, which then stores nothing, for an entry of the log with more events than one write takes.

    `event_id` is that of the first event that did not fit.
    """

    def __init__(self, event_id: str) -> None:
        super().__init__("the entry holds more events than one write takes")
        self.event_id = event_id
