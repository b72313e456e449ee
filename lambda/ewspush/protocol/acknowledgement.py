"""The two answers a server understands: SendNotificationResult with SubscriptionStatus OK or Unsubscribe.

Amazon WorkMail's guide prints this form; messages.xsd makes the two values case-sensitive. Compact, without
comments or white space: nothing for a strict reader to object to.
"""

from enum import StrEnum
from typing import Final

from ewspush.protocol.namespaces import MESSAGES, SOAP

CONTENT_TYPE: Final = "text/xml; charset=utf-8"


class SubscriptionStatus(StrEnum):
    """OK: go on sending. Unsubscribe: end this subscription for good; there is no way back."""

    OK = "OK"
    UNSUBSCRIBE = "Unsubscribe"


_ENVELOPES: Final = {
    status: (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<s:Envelope xmlns:s="{SOAP}"><s:Body><SendNotificationResult xmlns="{MESSAGES}">'
        f"<SubscriptionStatus>{status.value}</SubscriptionStatus></SendNotificationResult></s:Body></s:Envelope>"
    )
    for status in SubscriptionStatus
}


def acknowledgement(status: SubscriptionStatus) -> str:
    """Return the SOAP answer for `status`, 316 bytes at most."""
    return _ENVELOPES[status]
