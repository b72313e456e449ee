"""What a keeper run costs."""

from typing import TYPE_CHECKING, Final

from ewspush.domain.desired import SHARDS, shards_of
from ewspush.domain.events import LoggedNotification
from ewspush.handlers.keeper import MAX_SYNC_CALLS
from tests.simulation.invariants.base import Invariant, RunRecord

if TYPE_CHECKING:
    from tests.simulation.system import System

_CALLS_PER_CHECK: Final = 12
_CALLS_PER_SYNC: Final = 8
_CALLS_PER_ENTRY: Final = 4


class BoundedKeeperRuns(Invariant):
    """The calls of a keeper run depend on how many subscriptions are due, not on how many there are.

    A page with many events takes several entries of the log, each a write and the reads around it.
    """

    def __init__(self, system: "System") -> None:
        super().__init__(system)
        self._entries = 0

    def on_log(self, notification: LoggedNotification) -> None:  # noqa: ARG002  # the hook's
        self._entries += 1

    def on_keeper_run(self, run: RunRecord) -> None:
        syncs, entries = self.system.checker.syncs_since(run), self._entries
        self._entries = 0
        if run.is_disturbed:
            return
        shards = len(shards_of(run.keeper, self.system.setup.keepers))
        calls = self.system.failpoints.calls - run.calls_before
        if run.due:
            shards += SHARDS  # for the silent ones, where a push has arrived again
        work = _CALLS_PER_CHECK * run.due + _CALLS_PER_SYNC * syncs + _CALLS_PER_ENTRY * entries
        if calls > shards + work or syncs > MAX_SYNC_CALLS:
            self.fail(f"{calls} calls, {syncs} of them syncs, for {run.due} that were due")
