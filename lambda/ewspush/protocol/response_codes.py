"""What a response code means for a subscription, as data: the codes of Microsoft's ResponseCodeType and what to do.

messages.xsd has the names; the page on ResponseCode, and those on notification errors, throttling and watermarks, say
the rest. The code of a fourth subscription on Amazon WorkMail is not published, ErrorExceededSubscriptionCount is
Exchange's. docs/response-codes.md shows the table.
"""

import re
from typing import Final

from ewspush.protocol.codes import http, mailbox, request, server
from ewspush.protocol.codes.http import ERROR_PAGE, HTML_PAGE, NO_CONNECTION, NO_CREDENTIALS, SOAP_FAULT
from ewspush.protocol.codes.remedy import Advice, Missing, Remedy
from ewspush.protocol.codes.unrelated import UNRELATED

__all__ = [
    "ADVICE",
    "ERROR_PAGE",
    "HTML_PAGE",
    "MAX_CODE_CHARACTERS",
    "NO_CONNECTION",
    "NO_CREDENTIALS",
    "OF_ANOTHER_OPERATION",
    "SOAP_FAULT",
    "UNKNOWN",
    "UNRELATED",
    "Advice",
    "Missing",
    "Remedy",
    "advice",
]

MAX_CODE_CHARACTERS: Final = 100
"""None is half as long; what is longer is cut before it is kept."""

UNKNOWN: Final = Advice(
    Remedy.RETRY_A_FEW_TIMES, "the code is not one of Microsoft's: ask whoever runs the mail server what it means"
)
"""For any code that is not in the table."""

OF_ANOTHER_OPERATION: Final = Advice(
    Remedy.RETRY_A_FEW_TIMES, "the code belongs to an operation that is never asked for: please report it"
)
"""For the codes of `UNRELATED`, should one come after all."""

ADVICE: Final = server.ADVICE | mailbox.ADVICE | request.ADVICE | http.ADVICE

_STATUS: Final = re.compile(r"HTTP ([1-9])[0-9]{2}")


def advice(response_code: str) -> Advice:
    """Return what to do about a response code; `UNKNOWN` for one that nothing here knows."""
    found = ADVICE.get(response_code)
    if found is not None:
        return found
    if response_code in UNRELATED:
        return OF_ANOTHER_OPERATION
    status = _STATUS.fullmatch(response_code)
    return http.BY_CLASS.get(status[1], UNKNOWN) if status is not None else UNKNOWN
