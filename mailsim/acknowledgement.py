"""Strict reading of the response to a notification: a receiver must not rely on what one server may tolerate."""

from typing import Final, Literal

from mailsim.soap import M, NotSoapError, body_content, child_elements, parse_envelope, text_of

Verdict = Literal["ok", "unsubscribe", "failed"]
"""The meaning of a response, in the words of the control API."""

_VERDICTS: Final[dict[str, Verdict]] = {"OK": "ok", "Unsubscribe": "unsubscribe"}
"""The enumeration is case-sensitive and keeps white space (messages.xsd, SubscriptionStatusType)."""


def parse_acknowledgement(status: int | None, body: bytes, max_bytes: int) -> Verdict:
    """Return the meaning of a response; a status of None is no response. The Content-Type does not matter.

    SOAP 1.1 section 6.2: 2xx means processed and any other status means failed, whatever the body is.
    """
    if status is None or status // 100 != 2 or len(body) > max_bytes:  # noqa: PLR2004  # the class of statuses
        return "failed"
    try:
        result = body_content(parse_envelope(body))
    except NotSoapError:
        return "failed"
    children = child_elements(result)
    if result.tag != f"{M}SendNotificationResult" or [child.tag for child in children] != [f"{M}SubscriptionStatus"]:
        return "failed"
    return _VERDICTS.get(text_of(children[0]), "failed")
