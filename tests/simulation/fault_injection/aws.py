"""Faults of AWS: the tables, the queue and the stream."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.simulation.steps import Fault

if TYPE_CHECKING:
    from tests.simulation.system import System


@dataclass(frozen=True, slots=True)
class Outage(Fault):
    """Every call of these ports fails."""

    ports: tuple[str, ...]
    minutes: float

    def begin(self, system: "System") -> None:
        for port in self.ports:
            system.failpoints.down_until[port] = system.time.now + 60 * self.minutes


@dataclass(frozen=True, slots=True)
class RejectedMessages(Fault):
    """The queue rejects the next `count` messages, and takes the others of their requests."""

    count: int

    def begin(self, system: "System") -> None:
        system.queue.rejections += self.count


@dataclass(frozen=True, slots=True)
class RedeliveredRecords(Fault):
    """The stream delivers its last `count` records again."""

    count: int

    def begin(self, system: "System") -> None:
        system.stream.position = max(system.stream.position - self.count, 0)


@dataclass(frozen=True, slots=True)
class DelayedStream(Fault):
    """The stream delivers nothing for a while."""

    minutes: float

    def begin(self, system: "System") -> None:
        system.forwarding.delayed_until = system.time.now + 60 * self.minutes
