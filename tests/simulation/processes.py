"""Our side: responder, keeper and forwarder as they are shipped, each with port proxies of its own."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from random import Random
from typing import Any, TypeVar
from unittest.mock import patch

from ewspush.domain.keeper import Keeper
from ewspush.domain.recovering.service import Synchronizer
from ewspush.domain.renewing.service import Renewer
from ewspush.domain.timing import Timing
from ewspush.handlers import forwarder, keeper, responder
from ewspush.handlers.forwarder import Forwarder
from ewspush.handlers.keeper import KeeperRun
from ewspush.handlers.responder import Responder
from mailsim import deliveries
from tests.simulation.clock import Timeline
from tests.simulation.failpoints import Failpoints, PortProxy
from tests.simulation.setup import Setup

T = TypeVar("T")


class NullTelemetry:
    """A logger, and metrics, that keep nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return _nothing


def _nothing(*_args: object, **_named: object) -> None:
    pass


@contextmanager
def fast_handlers() -> Iterator[None]:
    """Drop logs and metrics, and parse equal bytes once: most POSTs are one heartbeat after the other."""
    with ExitStack() as stack:
        for module in (responder, keeper, forwarder):
            for name in ("logger", "metrics"):
                stack.enter_context(patch.object(module, name, NullTelemetry()))
        pure: tuple[tuple[object, str], ...] = (
            (responder, "parse_notification"),
            (responder, "verified"),
            (deliveries, "parse_acknowledgement"),
        )
        for module_of, name in pure:
            stack.enter_context(patch.object(module_of, name, lru_cache(maxsize=512)(getattr(module_of, name))))
        yield


class SerialExecutor(Executor):
    """Runs at once what is submitted; calls `failed` with each error as well."""

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        self._failed = failed

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> "Future[T]":
        """Run it. An exception waits in the future; the end of the process (`Killed`) is raised."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  # as executors do
            self._failed(error)
            future.set_exception(error)
        return future


class Processes:
    """Starts processes on `ports` (port -> twin)."""

    def __init__(
        self, failpoints: Failpoints, time: Timeline, ports: dict[str, object], timing: Timing, random: Random
    ) -> None:
        self._failpoints = failpoints
        self._time = time
        self._ports = ports
        self._timing = timing
        self._random = random

    def responder(self) -> Responder:
        """Return a fresh responder."""
        keys, ledger = self._port("responder", "keys"), self._port("responder", "ledger")
        return Responder(keys, ledger, self._time.ours, self._timing)

    def keeper_run(self, setup: Setup, failed: Callable[[Exception], None]) -> KeeperRun:
        """Return a fresh keeper."""
        ledger, server, states = (self._port("keeper", port) for port in ("ledger", "server", "states"))
        clock, jitter, timing = self._time.ours, self._random.random, self._timing
        keys, url = self._port("keeper", "keys"), "https://callback.example"
        renewer = Renewer(ledger, server, keys, clock, jitter, timing, url, setup.resume_is_trusted)
        synchronizer = Synchronizer(ledger, states, server, clock, jitter, timing) if setup.recovers else None
        fresh = Keeper(ledger, renewer, synchronizer, clock, timing)
        return KeeperRun(fresh, ledger, clock, timing, setup.keepers, lambda: SerialExecutor(failed))

    def forwarder(self) -> Forwarder:
        """Return a fresh forwarder."""
        return Forwarder(self._port("forwarder", "queue"), self._port("forwarder", "dead_letters"))

    def _port(self, process: str, port: str) -> Any:
        return PortProxy(self._failpoints, process, port, self._ports[port])
