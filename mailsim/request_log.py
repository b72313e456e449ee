"""The log of EWS requests and of the response codes they got."""

from dataclasses import dataclass
from typing import Final

MAX_LOGGED_REQUESTS: Final = 100_000
"""Older requests are dropped, so that a long run does not fill the memory."""


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One EWS request, with the field names of the control API. A field that could not be parsed is None."""

    operation: str | None
    mailbox: str | None
    """The impersonated user, or else the user of the credentials."""
    at: float
    answer: str
    """`NoError`, the first other response code, `401`, `html`, or `lost`."""
    watermark: bool
    """Whether it is to resume from a watermark."""
