"""Which EWS requests came, and how they were answered: what a test counts."""

from dataclasses import dataclass
from typing import Final

KEPT_REQUESTS: Final = 100_000
"""How many requests are remembered, so that a long run does not fill the memory."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One EWS request. Names are as far as they can be read; `mailbox` is who is impersonated, or else who asks."""

    operation: str | None
    mailbox: str | None
    at: float
    answer: str
    """`NoError`, the first other response code, `401`, or `lost`."""
    watermark: bool
    """Whether it is to resume from a watermark."""
