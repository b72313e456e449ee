"""Faults of the mail server itself: what it forgets, and what it refuses."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mailsim.errors import EwsError
from mailsim.faults import Refusal
from tests.simulation.steps import Fault

if TYPE_CHECKING:
    from tests.simulation.system import System

_SOAP_FAULTS: Final = frozenset({"ErrorServerBusy", "ErrorNonExistentMailbox", "ErrorSchemaValidation"})
"""Codes that come as a SOAP fault."""


@dataclass(frozen=True, slots=True)
class Restart(Fault):
    """Subscriptions end silently."""

    def begin(self, system: "System") -> None:
        system.core.restart()


@dataclass(frozen=True, slots=True)
class ForgetWatermarks(Fault):
    """No earlier watermark is accepted any more."""

    def begin(self, system: "System") -> None:
        system.core.forget_watermarks()


@dataclass(frozen=True, slots=True)
class ForgetSyncStates(Fault):
    """No earlier sync state is accepted any more."""

    def begin(self, system: "System") -> None:
        system.core.forget_sync_states()


@dataclass(frozen=True, slots=True)
class ErrorNotification(Fault):
    """The server ends the subscriptions of a mailbox, and pushes why."""

    mailbox: int
    code: str

    def begin(self, system: "System") -> None:
        system.core.notify_error(self.code, system.desired[self.mailbox].mailbox)


@dataclass(frozen=True, slots=True)
class RefuseSubscribe(Fault):
    """The next `times` Subscribes get a code; no back-off is 0."""

    code: str
    times: int
    back_off_minutes: float

    def begin(self, system: "System") -> None:
        system.core.faults.refuse_subscribe = _refusal(self.code, self.times, self.back_off_minutes)


@dataclass(frozen=True, slots=True)
class RefuseSync(Fault):
    """The next `times` requests of a sync get a code; no back-off is 0."""

    code: str
    times: int
    back_off_minutes: float

    def begin(self, system: "System") -> None:
        system.core.faults.refuse_sync = _refusal(self.code, self.times, self.back_off_minutes)


def _refusal(code: str, times: int, back_off_minutes: float) -> Refusal:
    back_off_ms = int(60_000 * back_off_minutes) or None
    return Refusal(EwsError(code, "not now", fault=code in _SOAP_FAULTS, back_off_ms=back_off_ms), times)
