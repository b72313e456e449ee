"""Where a process meets the world: every call of a port goes through a gate, and a gate may have a trap."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ewspush.domain.ports import UnavailableError
from ewspush.domain.updates import AtWatermark, ConditionalUpdate, GenerationPending, NoActivitySince, SameRevision
from tests.simulation.clock import Timeline
from tests.twins.faults import InjectedError

_PURPOSES: Final = {AtWatermark: "link", SameRevision: "judge", GenerationPending: "settle"}

_SECONDS: Final = 0.004
"""What a call takes."""


class Killed(BaseException):
    """Raised where a process ends, as Lambda ends one: no handler of errors gets to see it."""


@dataclass(slots=True)
class Trap:
    """Springs at the calls that it fits, `count` of them, after `skip`.

    `where` is "<process> <port or port.method> <before|after>". `deed` returns how often the call is to be made.
    """

    where: str
    deed: Callable[[str], int]
    count: int = 1
    skip: int = 0

    def fits(self, process: str, call: str, phase: str) -> bool:
        """Whether a call is one it springs at."""
        own_process, own_call, own_phase = self.where.split()
        return (
            own_phase == phase
            and own_process in {"any", process}
            and (own_call in {"any", call} or call.startswith(f"{own_call}."))
        )


class Gates:
    """All gates of a system, and the stores that are down until some time."""

    def __init__(self, time: Timeline) -> None:
        """Start with every gate open."""
        self.traps: list[Trap] = []
        self.down_until: dict[str, float] = {}
        self.sprung = 0
        self.calls = 0
        self._time = time

    def enter(self, process: str, call: str) -> int:
        """Pass before a call; return how often it is to be made. Raises what a trap or an outage raises."""
        self.calls += 1
        self._time.now += _SECONDS
        if self.down_until and self.down_until.get(call.partition(".")[0], 0) > self._time.now:
            self.sprung += 1
            refuse(call)
        return self._spring(process, call, "before") if self.traps else 1

    def leave(self, process: str, call: str) -> None:
        """Pass after a call."""
        if self.traps:
            self._spring(process, call, "after")

    def _spring(self, process: str, call: str, phase: str) -> int:
        for trap in self.traps:
            if not trap.fits(process, call, phase):
                continue
            if trap.skip > 0:
                trap.skip -= 1
                continue
            trap.count -= 1
            if trap.count <= 0:
                self.traps.remove(trap)
            self.sprung += 1
            self._time.note(f"! {process} {phase} {call}")
            return trap.deed(call)
        return 1


def refuse(call: str) -> int:
    """Raise what a port raises when it is away."""
    raise UnavailableError(call) if call.startswith(("queue", "server")) else InjectedError(call)


def kill(call: str) -> int:
    """End the process."""
    raise Killed(call)


def _purpose(entry: ConditionalUpdate) -> str:
    """Return what a write is for, so that a trap can wait for the rare ones."""
    if isinstance(entry.expects, NoActivitySince):
        return "begin" if "pending_generation" in entry.changes else "pass-on"
    return _PURPOSES[type(entry.expects)]


class Gated:
    """A port as a process sees it: the twin `inner`, through gates."""

    def __init__(self, gates: Gates, process: str, port: str, inner: object) -> None:
        """Stand before `inner`."""
        self._gates = gates
        self._process = process
        self._port = port
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        """Return a method of `inner`, behind its gate."""
        method, call_name = getattr(self._inner, name), f"{self._port}.{name}"
        gates, process = self._gates, self._process
        is_write = call_name == "ledger.write"

        def passed(*args: Any, **named: Any) -> Any:
            call = f"{call_name}.{_purpose(args[0])}" if is_write else call_name
            for _ in range(gates.enter(process, call)):
                result = method(*args, **named)
            gates.leave(process, call)
            return result

        self.__dict__[name] = passed
        return passed
