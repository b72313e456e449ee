"""Fault plans: which calls of a twin fail, written down before the test begins."""

from collections.abc import Iterable
from dataclasses import dataclass, field


class InjectedError(Exception):
    """Raised by a twin because its fault plan says so."""


@dataclass
class FaultPlan:
    """Faults by number of the call, from 1: `refuse` raises before the call does anything, `forget` raises afterwards.

    Every call beyond the plan succeeds: `FaultPlan(refuse=[1, 2])` is "throttled twice, then fine".
    """

    refuse: Iterable[int] = ()
    forget: Iterable[int] = ()
    error: type[Exception] = InjectedError
    calls: int = field(default=0, init=False)

    def before(self) -> None:
        """Count a call that begins, and raise if the plan refuses it."""
        self.calls += 1
        if self.calls in self.refuse:
            raise self.error("refused by the fault plan")

    def after(self) -> None:
        """Raise if the plan loses the answer of the call that succeeded."""
        if self.calls in self.forget:
            raise self.error("answer lost by the fault plan")
