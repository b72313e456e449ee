"""One step of a plan: an action, and when it happens."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.system import System


class Action(ABC):
    """What a step does. Subclasses are frozen dataclasses, so that a trace shows their fields."""

    @abstractmethod
    def begin(self, system: "System") -> None:
        """Carry it out now; one that lasts schedules its own end."""


class Fault(Action):
    """An action that breaks or disturbs something; a plan without one is calm."""


@dataclass(frozen=True, slots=True)
class Step:
    """An action, `at` minutes after the start."""

    at: float
    action: Action
