"""Our side: responder, keepers and forwarder as they are shipped, each process behind gates of its own."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from random import Random
from typing import Any, TypeVar, cast
from unittest.mock import patch

from ewspush.domain.keeper import Keeper
from ewspush.domain.ports import EventLog
from ewspush.domain.recovering.service import Recoverer
from ewspush.domain.renewing.rules import Policy
from ewspush.handlers import forwarder, keeper, responder
from ewspush.handlers.forwarder import Forwarder
from ewspush.handlers.keeper import KeeperRun
from ewspush.handlers.responder import Responder
from mailsim import deliveries
from tests.simulation.clock import Timeline
from tests.simulation.gates import Gated, Gates
from tests.twins.event_log import MemoryEventLog

T = TypeVar("T")


class Silence:
    """A logger, and metrics, that keep nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Take any call."""
        return _nothing


def _nothing(*_args: object, **_named: object) -> None:
    pass


@contextmanager
def cheap() -> Iterator[None]:
    """Keep no logs and metrics, and read equal bytes once: most of what is posted is one heartbeat after the other."""
    with ExitStack() as stack:
        for module in (responder, keeper, forwarder):
            for name in ("logger", "metrics"):
                stack.enter_context(patch.object(module, name, Silence()))
        pure: tuple[tuple[object, str], ...] = (
            (responder, "parse_notification"),
            (responder, "verified"),
            (deliveries, "parse_acknowledgement"),
        )
        for module_of, name in pure:
            stack.enter_context(patch.object(module_of, name, lru_cache(maxsize=512)(getattr(module_of, name))))
        yield


class Serial(Executor):
    """Does at once what it is given; errors are told to `failed` as well."""

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        """Have done nothing yet."""
        self._failed = failed

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> "Future[T]":
        """Do it; an error waits in the future, the end of the process does not."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  # as executors do
            self._failed(error)
            future.set_exception(error)
        return future


class Processes:
    """Makes processes on `ports` (port -> twin)."""

    def __init__(self, gates: Gates, time: Timeline, ports: dict[str, object], policy: Policy, chance: Random) -> None:
        """Take the world; no process runs yet."""
        self._gates = gates
        self._time = time
        self._ports = ports
        self._policy = policy
        self._chance = chance

    def responder(self) -> Responder:
        """Return a fresh responder."""
        return Responder(self._port("responder", "keys"), self._port("responder", "ledger"), self._time.ours)

    def ticker(self, keepers: int, failed: Callable[[Exception], None], *, recovers: bool) -> KeeperRun:
        """Return a fresh keeper with its schedule."""
        ledger, server = self._port("keeper", "ledger"), self._port("keeper", "server")
        states = self._port("keeper", "states")
        made = Recoverer(ledger, states, server, self._time.ours, self._chance.random, self._policy)
        keys, url = self._port("keeper", "keys"), "https://callback.example"
        own = Keeper(
            ledger,
            server,
            keys,
            self._time.ours,
            self._chance.random,
            self._policy,
            url,
            made if recovers else None,
        )
        return KeeperRun(own, keepers, lambda: Serial(failed))

    def forwarder(self) -> Forwarder:
        """Return a fresh forwarder."""
        log = cast("EventLog", MemoryEventLog())
        return Forwarder(self._port("forwarder", "queue"), self._port("forwarder", "dead_letters"), log)

    def _port(self, process: str, port: str) -> Any:
        return Gated(self._gates, process, port, self._ports[port])
