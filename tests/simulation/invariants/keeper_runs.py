"""What a keeper run costs."""

from typing import Final

from ewspush.domain.desired import SHARDS, shards_of
from ewspush.handlers.keeper import MAX_SYNC_CALLS
from tests.simulation.invariants.base import Invariant, RunRecord

_CALLS_PER_CHECK: Final = 12
_CALLS_PER_SYNC: Final = 8


class BoundedKeeperRuns(Invariant):
    """The calls of a keeper run depend on how many subscriptions are due, not on how many there are."""

    def on_keeper_run(self, run: RunRecord) -> None:
        syncs = self.system.checker.syncs_since(run)
        if run.is_disturbed:
            return
        shards = len(shards_of(run.keeper, self.system.setup.keepers))
        calls = self.system.failpoints.calls - run.calls_before
        if run.due:
            shards += SHARDS  # for the silent ones, where a push has arrived again
        if calls > shards + _CALLS_PER_CHECK * run.due + _CALLS_PER_SYNC * syncs or syncs > MAX_SYNC_CALLS:
            self.fail(f"{calls} calls, {syncs} of them syncs, for {run.due} that were due")
