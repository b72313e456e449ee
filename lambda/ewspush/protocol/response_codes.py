"""What a response code means for a subscription, as data: the codes of Microsoft's ResponseCode page and what to do.

The pages on notification errors, throttling and watermarks say the rest; the code of a fourth subscription on Amazon
WorkMail is not published, ErrorExceededSubscriptionCount is Exchange's.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


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


MAX_CODE_CHARACTERS: Final = 100
"""None is half as long; what is longer is cut before it is kept."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do, and the reason in words for the person who has to act."""

    remedy: Remedy
    reason: str


_OVERLOADED: Final = Advice(Remedy.RETRY, "the mail server is busy or away for a moment")
_MOVING: Final = Advice(Remedy.RETRY_WITHOUT_WATERMARK, "the mailbox is being moved to another database")
_ELSEWHERE: Final = Advice(Remedy.RETRY, "the mailbox is served by another server: check the EWS address")
_GONE: Final = Advice(Remedy.RESUBSCRIBE, "the server no longer knows the subscription")
_PAST: Final = Advice(Remedy.RESUBSCRIBE_WITHOUT_WATERMARK, "the server no longer knows the point to resume from")
_OUR_FAULT: Final = Advice(Remedy.SUSPEND, "the server refuses the request itself: this is a defect, please report it")
_NO_RIGHT: Final = Advice(
    Remedy.RETRY_THEN_SUSPEND, "the account may not subscribe to this mailbox: check its rights or impersonation"
)
_ACCOUNT: Final = Advice(Remedy.SUSPEND, "the account or its mailbox is disabled, or its password has expired")

_UNREADABLE: Final = Advice(Remedy.WAIT_FOR_PUSH, "something between here and the mail server answered for it")
_REDIRECTED: Final = Advice(Remedy.RETRY_A_FEW_TIMES, "the server redirects elsewhere: check the EWS address")

NO_CREDENTIALS: Final = "no credentials"
"""Instead of a response code: nothing was sent, for want of credentials."""

NO_CONNECTION: Final = "no connection"
"""Instead of a response code: nothing was sent, for no server was reached."""

HTML_PAGE: Final = "HTML page"
"""Instead of a response code: a page of HTML, and no status that says more."""

SOAP_FAULT: Final = "SOAP fault"
"""Instead of a response code: a SOAP fault that has none; its words have to do."""

UNKNOWN: Final = Advice(Remedy.RETRY_A_FEW_TIMES, "the server gives a reason that is not known here")
"""For any code that is not in the table, and for answers that can't be read."""

ADVICE: Final = {
    "ErrorServerBusy": _OVERLOADED,
    "ErrorInternalServerTransientError": _OVERLOADED,
    "ErrorTimeoutExpired": _OVERLOADED,
    "ErrorConnectionFailed": _OVERLOADED,
    "ErrorInsufficientResources": _OVERLOADED,
    "ErrorADUnavailable": _OVERLOADED,
    "ErrorMailboxStoreUnavailable": _OVERLOADED,
    "ErrorTooManyObjectsOpened": _OVERLOADED,
    "ErrorExceededConnectionCount": _OVERLOADED,
    "ErrorMailboxMoveInProgress": _MOVING,
    "ErrorMailboxFailover": _MOVING,
    "ErrorInternalServerError": Advice(Remedy.RETRY_A_FEW_TIMES, "the mail server failed and does not say why"),
    "ErrorExceededSubscriptionCount": Advice(Remedy.WAIT, "the mailbox has as many subscriptions as the server allows"),
    "ErrorProxyRequestNotAllowed": _ELSEWHERE,
    "ErrorNoRespondingCASInDestinationSite": _ELSEWHERE,
    "ErrorProxiedSubscriptionCallFailure": _ELSEWHERE,
    "ErrorReadEventsFailed": _GONE,
    "ErrorExpiredSubscription": _GONE,
    "ErrorSubscriptionNotFound": _GONE,
    "ErrorInvalidSubscription": _GONE,
    "ErrorSubscriptionUnsubscribed": _GONE,
    "ErrorSubscriptionAccessDenied": _GONE,
    "ErrorMissedNotificationEvents": _GONE,
    "ErrorInvalidWatermark": _PAST,
    "ErrorEventNotFound": _PAST,
    "ErrorInvalidPushSubscriptionUrl": Advice(
        Remedy.SUSPEND, "the server does not take the callback URL: it must be https, public and no longer than 2082"
    ),
    "ErrorSchemaValidation": _OUR_FAULT,
    "ErrorInvalidRequest": _OUR_FAULT,
    "ErrorInvalidSubscriptionRequest": _OUR_FAULT,
    "ErrorInvalidIdMalformed": Advice(Remedy.SUSPEND, "the id of a folder is malformed: check the folders"),
    "ErrorInvalidServerVersion": Advice(
        Remedy.SUSPEND, "the server does not know the schema version: WorkMail takes Exchange2010_SP2, and no other"
    ),
    "ErrorWrongServerVersion": Advice(
        Remedy.SUSPEND,
        "the mailbox is on a server of another version: check that the EWS address is that of its server",
    ),
    "ErrorWrongServerVersionDelegate": Advice(
        Remedy.SUSPEND, "the account's mailbox is on a server of another version: use an account on the same version"
    ),
    "ErrorMissingEmailAddress": Advice(
        Remedy.SUSPEND, "the account has no mailbox, and so no address: give it one, or let it impersonate the mailbox"
    ),
    "ErrorInvalidExchangeImpersonationHeaderData": Advice(
        Remedy.SUSPEND, "the mailbox to impersonate is not understood: check its address"
    ),
    "ErrorFolderNotFound": Advice(Remedy.SUSPEND, "a folder does not exist, or the account may not see it"),
    "ErrorAccessDenied": _NO_RIGHT,
    "ErrorImpersonateUserDenied": _NO_RIGHT,
    "ErrorImpersonationDenied": _NO_RIGHT,
    "ErrorSubscriptionDelegateAccessNotSupported": _NO_RIGHT,
    "ErrorImpersonationFailed": Advice(Remedy.RETRY_A_FEW_TIMES, "the server can't impersonate: it is misconfigured"),
    "ErrorNonExistentMailbox": Advice(Remedy.SUSPEND, "there is no mailbox at this address"),
    "ErrorAccountDisabled": _ACCOUNT,
    "ErrorPasswordExpired": _ACCOUNT,
    "ErrorPasswordChangeRequired": _ACCOUNT,
    "ErrorMailboxConfiguration": _ACCOUNT,
    NO_CREDENTIALS: Advice(Remedy.RETRY, "the credentials secret has none for this mailbox: add them"),
    NO_CONNECTION: Advice(Remedy.RETRY, "the mail server can't be reached: check the EWS address, DNS, TLS, firewalls"),
    HTML_PAGE: Advice(
        Remedy.RETRY_A_FEW_TIMES,
        "something else than EWS answers at this address: check the EWS address, or a sign-in page stands before it",
    ),
    SOAP_FAULT: Advice(Remedy.RETRY_A_FEW_TIMES, "the server refuses the request and gives no code, only its words"),
    "NoError": _UNREADABLE,  # without a SubscriptionId
    "HTTP 200": _UNREADABLE,
    "HTTP 301": _REDIRECTED,
    "HTTP 302": _REDIRECTED,
    "HTTP 307": _REDIRECTED,
    "HTTP 308": _REDIRECTED,
    "HTTP 401": Advice(
        Remedy.RETRY_THEN_SUSPEND, "the server refuses the credentials, or is overloaded: check user name and password"
    ),
    "HTTP 403": Advice(
        Remedy.RETRY_THEN_SUSPEND, "the server denies access: check the account, and rules on addresses and protocols"
    ),
    "HTTP 404": Advice(Remedy.RETRY_A_FEW_TIMES, "there is no EWS at this address: check the EWS address"),
    "HTTP 429": _OVERLOADED,
    "HTTP 502": _UNREADABLE,
    "HTTP 503": _OVERLOADED,
    "HTTP 504": _UNREADABLE,
}
"""`HTTP <status>` stands for an answer with that status and no response code in it."""


def advice(response_code: str) -> Advice:
    """Return what to do about a response code; `UNKNOWN` for one that is not in the table."""
    return ADVICE.get(response_code, UNKNOWN)
