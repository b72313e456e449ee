"""Faults between the mail server and us: what gets lost, doubled or late on its way."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.simulation.steps import Fault

if TYPE_CHECKING:
    from tests.simulation.system import System


@dataclass(frozen=True, slots=True)
class CallbacksUnreachable(Fault):
    """No POST reaches our URL."""

    minutes: float

    def begin(self, system: "System") -> None:
        system.core.faults.callbacks_unreachable = True
        system.time.after(self.minutes, lambda: setattr(system.core.faults, "callbacks_unreachable", False))


@dataclass(frozen=True, slots=True)
class RefusedBacklogs(Fault):
    """A POST of more than `max_events` events is refused for good, by what is in front of us."""

    max_events: int
    minutes: float

    def begin(self, system: "System") -> None:
        system.posts.max_events = self.max_events
        system.time.after(self.minutes, lambda: setattr(system.posts, "max_events", None))


@dataclass(frozen=True, slots=True)
class LostAcks(Fault):
    """The answers to the next `count` POSTs get lost."""

    count: int

    def begin(self, system: "System") -> None:
        system.core.faults.drop_acks += self.count


@dataclass(frozen=True, slots=True)
class DuplicatePosts(Fault):
    """The next `count` POSTs are sent twice at once."""

    count: int

    def begin(self, system: "System") -> None:
        system.core.faults.duplicate += self.count


@dataclass(frozen=True, slots=True)
class LatePosts(Fault):
    """The next `count` POSTs arrive so much later; the server may have timed out by then."""

    count: int
    minutes: float

    def begin(self, system: "System") -> None:
        system.posts.delays_minutes += [self.minutes] * self.count


@dataclass(frozen=True, slots=True)
class LostSubscribeAnswers(Fault):
    """The server carries out the next `count` Subscribes, and closes the connection without an answer."""

    count: int

    def begin(self, system: "System") -> None:
        system.core.faults.lose_subscribe_answers += self.count


@dataclass(frozen=True, slots=True)
class SubscribeTimeouts(Fault):
    """The next `count` Subscribes time out: every other request gets lost, and of the rest the answers."""

    count: int

    def begin(self, system: "System") -> None:
        system.server.timeouts += self.count
