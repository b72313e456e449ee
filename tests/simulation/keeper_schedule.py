"""Runs the keepers, every minute in which something is due."""

from collections.abc import Callable
from math import ceil
from typing import TYPE_CHECKING

from ewspush.handlers.keeper import KeeperRun
from tests.simulation.clock import START
from tests.simulation.failpoints import Killed

if TYPE_CHECKING:
    from tests.simulation.system import System


class KeeperSchedule:
    """The schedule of a system, with its keepers."""

    def __init__(self, system: "System") -> None:
        self.missing_until = 0.0
        """No run starts until then."""
        self.short_runs = 0
        """So many of the next runs have hardly any time."""
        self._system = system
        self._keeper = self._fresh_keeper()
        self._minute = 0

    def next_at(self) -> float:
        """Return when the next run is that has anything to do; the others would find nothing due."""
        rows = self._system.ledger.rows.values()
        due = min((row.next_check_at for row in rows if row.next_check_at is not None), default=None)
        if due is None:
            return float("inf")
        moment = max(self._system.time.theirs(due), self.missing_until)
        return START + 60.0 * max(ceil((moment - START) / 60), self._minute + 1)

    def run_if_due(self) -> None:
        """Run all keepers if their minute has come."""
        if self.next_at() <= self._system.time.now:
            self._minute = int((self._system.time.now - START) // 60)
            self.run_all()

    def run_all(self) -> None:
        """Run all keepers, one after the other."""
        for number in range(self._system.setup.keepers):
            self._run(number)

    def overlap(self) -> None:
        """Run all keepers in other processes, in the middle of anything."""
        own, self._keeper = self._keeper, self._fresh_keeper()
        self._system.time.note("  another keeper run begins")
        self.run_all()
        self._keeper = own
        self._system.time.note("  another keeper run ends")

    def heal(self) -> None:
        """End what is missing or short; runs that were missed until now stay missed."""
        self.missing_until = min(self.missing_until, self._system.time.now)
        self.short_runs = 0

    def _run(self, number: int) -> None:
        has_time, checker = self._has_time(), self._system.checker
        record = checker.run_begins(number)
        try:
            self._keeper.run(number, has_time)
        except Killed:
            self._keeper = self._fresh_keeper()
            record.is_disturbed = True
        except Exception as error:  # noqa: BLE001  # Lambda counts it, the next run comes in a minute
            checker.process_failed(error)
            record.is_disturbed = True
        checker.run_ends(record)

    def _fresh_keeper(self) -> KeeperRun:
        system = self._system
        return system.processes.keeper_run(system.setup, system.checker.process_failed)

    def _has_time(self) -> Callable[[], bool]:
        if self.short_runs <= 0:
            return lambda: True
        self.short_runs -= 1
        self._system.failpoints.triggered += 1
        left = iter([True] * self._system.random.randrange(3))
        return lambda: next(left, False)
