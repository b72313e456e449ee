"""What stands for an answer without a response code: an HTTP status, or a word for why there is none."""

from typing import Final

from ewspush.protocol.codes.remedy import Advice, Remedy

NO_CREDENTIALS: Final = "no credentials"
"""Instead of a response code: nothing was sent, for want of credentials."""

NO_CONNECTION: Final = "no connection"
"""Instead of a response code: nothing was sent, for no server was reached."""

HTML_PAGE: Final = "HTML page"
"""Instead of a response code: a page of HTML, and no status that says more."""

ERROR_PAGE: Final = "error page"
"""Instead of a response code: a redirect to a page that reports an error, as Exchange sends it now and then."""

SOAP_FAULT: Final = "SOAP fault"
"""Instead of a response code: a SOAP fault that has none; its words have to do."""

_UNREADABLE: Final = Advice(Remedy.WAIT_FOR_PUSH, "the server's answer can't be read: look for a proxy before it")
_GATEWAY: Final = Advice(
    Remedy.WAIT_FOR_PUSH, "a proxy before the mail server gets no answer from it: check that the server runs"
)
_REDIRECTED: Final = Advice(Remedy.RETRY_A_FEW_TIMES, "the server redirects elsewhere: check the EWS address")
_NO_EWS: Final = Advice(Remedy.RETRY_A_FEW_TIMES, "there is no EWS at this address: check the EWS address")
_FAILED: Final = Advice(Remedy.RETRY_A_FEW_TIMES, "the mail server failed and does not say why: check its event log")
_REFUSED: Final = Advice(
    Remedy.RETRY_A_FEW_TIMES, "the server refuses the request: check the EWS address, and proxies before it"
)
_BUSY: Final = Advice(Remedy.RETRY, "the mail server is busy or away for a moment; nothing to do unless it stays so")

ADVICE: Final = {
    NO_CREDENTIALS: Advice(Remedy.RETRY, "the credentials secret has none for this mailbox: add them"),
    NO_CONNECTION: Advice(Remedy.RETRY, "the mail server can't be reached: check the EWS address, DNS, TLS, firewalls"),
    HTML_PAGE: Advice(
        Remedy.RETRY_A_FEW_TIMES,
        "something else than EWS answers at this address: check the EWS address, or a sign-in page stands before it",
    ),
    ERROR_PAGE: Advice(Remedy.RETRY, "the mail server redirects to an error page; if it stays so, check its event log"),
    SOAP_FAULT: Advice(Remedy.RETRY_A_FEW_TIMES, "the server refuses the request and gives no code, only its words"),
    "NoError": Advice(Remedy.WAIT_FOR_PUSH, "the server reports success, but its answer names no subscription"),
    "HTTP 200": _UNREADABLE,
    "HTTP 401": Advice(
        Remedy.RETRY_THEN_SUSPEND, "the server refuses the credentials, or is overloaded: check user name and password"
    ),
    "HTTP 403": Advice(
        Remedy.RETRY_THEN_SUSPEND, "the server denies access: check the account, and rules on addresses and protocols"
    ),
    "HTTP 407": Advice(
        Remedy.RETRY_A_FEW_TIMES, "a proxy before the mail server wants a sign-in of its own: let the keeper pass it"
    ),
    "HTTP 440": Advice(
        Remedy.RETRY_A_FEW_TIMES, "a web mail sign-in answers, its session has ended: check the EWS address"
    ),
    "HTTP 500": _FAILED,
} | {
    f"HTTP {status}": its_advice
    for statuses, its_advice in (
        ((301, 302, 303, 307, 308), _REDIRECTED),
        ((404, 405, 410, 421, 501), _NO_EWS),
        ((408, 425, 429, 503, 507, 509), _BUSY),
        ((502, 504, 520, 521, 522, 523, 524), _GATEWAY),
    )
    for status in statuses
}
"""`HTTP <status>` stands for an answer with that status and no response code in it."""

BY_CLASS: Final = {"2": _UNREADABLE, "3": _REDIRECTED, "4": _REFUSED, "5": _FAILED}
"""By its first digit, any status that is not in the table."""
