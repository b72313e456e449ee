"""Judging an answer to a notification, strictly: what one server might forgive, no responder should rely on."""

from typing import Final, Literal

from mailsim.soap import M, NotSoapError, elements, envelope_of, operation_of, text_of

Verdict = Literal["ok", "unsubscribe", "failed"]

_VERDICTS: Final[dict[str, Verdict]] = {"OK": "ok", "Unsubscribe": "unsubscribe"}
"""The enumeration is case-sensitive and keeps white space (messages.xsd, SubscriptionStatusType)."""


def judged(status: int | None, body: bytes, max_bytes: int) -> Verdict:
    """Return what an answer means; None is no answer. The Content-Type is not looked at: the body decides.

    SOAP 1.1 section 6.2: 2xx is processed, anything else is not, whatever the body says.
    """
    if status is None or status // 100 != 2 or len(body) > max_bytes:  # noqa: PLR2004  # the class of statuses
        return "failed"
    try:
        result = operation_of(envelope_of(body))
    except NotSoapError:
        return "failed"
    children = elements(result)
    if result.tag != f"{M}SendNotificationResult" or [child.tag for child in children] != [f"{M}SubscriptionStatus"]:
        return "failed"
    return _VERDICTS.get(text_of(children[0]), "failed")
