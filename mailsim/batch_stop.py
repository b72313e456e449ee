"""A GetItem whose later items are not answered: one HTTP 200 with a response code for each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailsim.errors import EwsError
from mailsim.responses import ResponseClass, ResponseMessage

BATCH_STOPPED: Final = "ErrorBatchProcessingStopped"
"""The code of the items after one that failed; Exchange sends it with the class Warning (EWS Managed API)."""


@dataclass(slots=True)
class BatchStop:
    """The items after the first `after` of a GetItem get `error`."""

    after: int
    error: EwsError
    response_class: ResponseClass
    times: int | None = None
    """Of how many more requests with so many items; None is all."""

    def stopped(self, messages: Sequence[ResponseMessage]) -> list[ResponseMessage]:
        """Return the response messages of a request, the later ones with the error."""
        if len(messages) <= self.after or self.times == 0:
            return list(messages)
        self.times = None if self.times is None else self.times - 1
        unanswered = ResponseMessage("<m:Items/>", self.error, self.response_class)
        return [*messages[: self.after], *[unanswered] * (len(messages) - self.after)]
