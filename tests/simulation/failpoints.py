"""Failpoints: every call of a port passes through a proxy, where it can fail, be repeated, delayed or overlapped."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from ewspush.domain.sync_run import SyncStep
from ewspush.domain.updates import AtWatermark, ConditionalUpdate, GenerationPending, NoActivitySince, SameRevision
from ewspush.errors import UnavailableError
from tests.simulation.clock import Timeline
from tests.twins.faults import InjectedError

Phase = Literal["before", "after"]

WRITE_PURPOSES: Final = {AtWatermark: "append", SameRevision: "decide", GenerationPending: "conclude"}
ATTEMPT: Final = "attempt"
"""Purpose of the write that begins a generation, before its Subscribe is sent."""
RESCHEDULE: Final = "reschedule"
"""Purpose of the write that only says when the next check is."""

SYNC_STEP: Final = "step"
"""Purpose of the write that stores a step of a sync run, with its events."""

_CALL_SECONDS: Final = 0.004
"""Duration of a call."""


class Killed(BaseException):
    """Raised where a process ends as Lambda ends one: no `except Exception` of the code sees it."""


class CallSite(NamedTuple):
    """Where a failpoint is: at calls of `call` by `process` ("any" matches all). `call` is a port or a part of one.

    Calls are named "<port>.<method>"; those of `ledger.commit` end with the purpose of the write, since some are rare.
    """

    process: str
    call: str
    phase: Phase

    def matches(self, process: str, call: str, phase: Phase) -> bool:
        """Whether a call passes here."""
        return (
            self.phase == phase
            and self.process in {"any", process}
            and (self.call in {"any", call} or call.startswith(f"{self.call}."))
        )


@dataclass(slots=True)
class _Armed:
    """`effect` gets the call, and returns how often the call is to be made."""

    site: CallSite
    effect: Callable[[str], int]
    count: int
    skip: int


class Failpoints:
    """The armed failpoints of a system, and which ports are down."""

    def __init__(self, time: Timeline) -> None:
        self.down_until: dict[str, float] = {}
        """By port."""
        self.triggered = 0
        """Calls that a failpoint or an outage has disturbed."""
        self.calls = 0
        self._armed: list[_Armed] = []
        self._time = time

    def arm(self, site: CallSite, effect: Callable[[str], int], count: int = 1, skip: int = 0) -> None:
        """Let `effect` happen at `count` calls at `site`, after the first `skip` of them."""
        self._armed.append(_Armed(site, effect, count, skip))

    def clear(self) -> None:
        """Disarm all failpoints and end all outages; an outage that is cut short counts as one until now."""
        self._armed.clear()
        self.down_until = {port: min(until, self._time.now) for port, until in self.down_until.items()}

    def enter(self, process: str, call: str) -> int:
        """Return how often a call is to be made. Raises what a failpoint or an outage raises."""
        self.calls += 1
        self._time.now += _CALL_SECONDS
        if self.down_until and self.down_until.get(call.partition(".")[0], 0) > self._time.now:
            self.triggered += 1
            fail(call)
        return self._trigger(process, call, "before") if self._armed else 1

    def leave(self, process: str, call: str) -> None:
        """Trigger what is armed for after a call."""
        if self._armed:
            self._trigger(process, call, "after")

    def _trigger(self, process: str, call: str, phase: Phase) -> int:
        for armed in self._armed:
            if not armed.site.matches(process, call, phase):
                continue
            if armed.skip > 0:
                armed.skip -= 1
                continue
            armed.count -= 1
            if armed.count <= 0:
                self._armed.remove(armed)
            self.triggered += 1
            self._time.note(f"! {process} {phase} {call}")
            return armed.effect(call)
        return 1


def fail(call: str) -> int:
    """Raise what the adapter of a port raises when its service does not answer."""
    raise UnavailableError(call) if call.startswith(("queue", "server")) else InjectedError(call)


def kill(call: str) -> int:
    """End the process."""
    raise Killed(call)


def _purpose(update: ConditionalUpdate | None, step: SyncStep | None = None) -> str:
    if update is None or step is not None:
        return SYNC_STEP
    if isinstance(update.precondition, NoActivitySince):
        return ATTEMPT if "pending_generation" in update.changes else RESCHEDULE
    return WRITE_PURPOSES[type(update.precondition)]


class PortProxy:
    """A port as a process sees it: the twin `inner`, with failpoints before and after each call."""

    def __init__(self, failpoints: Failpoints, process: str, port: str, inner: object) -> None:
        self._failpoints = failpoints
        self._process = process
        self._port = port
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        method, call_name = getattr(self._inner, name), f"{self._port}.{name}"
        failpoints, process = self._failpoints, self._process
        is_write = call_name == "ledger.commit"

        def proxied(*args: Any, **named: Any) -> Any:
            call = f"{call_name}.{_purpose(*args)}" if is_write else call_name
            for _ in range(failpoints.enter(process, call)):
                result = method(*args, **named)
            failpoints.leave(process, call)
            return result

        self.__dict__[name] = proxied
        return proxied
