"""Sync states in memory, with the ledger whose log they add to, and a fault plan."""

from collections.abc import Sequence

from ewspush.domain.recovering.rules import SyncRun
from ewspush.domain.updates import ConditionalUpdate
from tests.twins.faults import FaultPlan
from tests.twins.ledger import MemoryLedger


class MemorySyncStates:
    """`SyncStates` in two dictionaries."""

    def __init__(self, ledger: MemoryLedger, steps: FaultPlan | None = None) -> None:
        """Start with nothing."""
        self.works: dict[str, SyncRun] = {}
        self.states: dict[tuple[str, int, str], str] = {}
        self.steps = steps or FaultPlan()
        self._ledger = ledger

    def work(self, subscription: str) -> SyncRun | None:
        """See `SyncStates.work`."""
        return self.works.get(subscription)

    def state(self, subscription: str, number: int, place: str) -> str | None:
        """See `SyncStates.state`."""
        return self.states.get((subscription, number, place))

    def places(self, subscription: str, number: int) -> Sequence[str]:
        """See `SyncStates.places`."""
        return [place for key, own, place in self.states if (key, own) == (subscription, number)]

    def advance(
        self,
        before: SyncRun | None,
        after: SyncRun,
        place: str | None = None,
        state: str | None = None,
        entry: ConditionalUpdate | None = None,
    ) -> bool:
        """See `SyncStates.advance`."""
        self.steps.before()
        stored = self.works.get(after.subscription)
        if (stored.version if stored else None) != (before.version if before else None):
            return False
        if entry is not None and not self._ledger.apply(entry).stored:
            return False
        self.works[after.subscription] = after
        if place is not None and state is not None:
            self.states[after.subscription, after.round, place] = state
        self.steps.after()
        return True

    def forget(self, subscription: str, before: int) -> None:
        """See `SyncStates.forget`."""
        old = [key for key in self.states if key[0] == subscription and key[1] < before]
        for key in old:
            del self.states[key]
