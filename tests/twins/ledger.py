"""The ledger in memory: the same promises as DynamoDB's, and a fault plan."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from ewspush.domain.events import MAX_ENTRY_EVENTS, LoggedNotification, arrival
from ewspush.domain.subscription import Subscription, SubscriptionKey
from ewspush.domain.sync_run import Baseline, SyncRun, SyncStep
from ewspush.domain.updates import ConditionalUpdate, Precondition, WriteResult
from ewspush.errors import EntryTooLongError
from tests.twins.faults import FaultPlan


class MemoryLedger:
    """`SubscriptionLedger` in dictionaries; `requests` counts what was asked of it by name.

    The fault plan `writes` is for updates alone, `steps` for commits with a step of a sync run. An entry of the log
    takes `entry_events`: two or more, for a gap and an event.
    """

    def __init__(
        self,
        *rows: Subscription,
        writes: FaultPlan | None = None,
        steps: FaultPlan | None = None,
        entry_events: int = MAX_ENTRY_EVENTS,
    ) -> None:
        self.rows = {row.key: row for row in rows}
        self.log: list[LoggedNotification] = []
        self.runs: dict[SubscriptionKey, SyncRun] = {}
        self.baselines: dict[SubscriptionKey, Baseline] = {}
        self.states: dict[tuple[SubscriptionKey, int, str], str] = {}
        self.writes = writes or FaultPlan()
        self.steps = steps or FaultPlan()
        self.entry_events = entry_events
        self.requests: list[str] = []

    def add(self, subscription: Subscription) -> bool:
        if subscription.key in self.rows:
            return False
        self.rows[subscription.key] = subscription
        return True

    def read(self, key: SubscriptionKey) -> Subscription | None:
        self.requests.append("read")
        return self.rows.get(key)

    def due(self, shard: str, now: datetime) -> Iterator[SubscriptionKey]:
        self.requests.append("due")
        times = {row.key: row.next_check_at for row in self.rows.values() if row.due_shard == shard}
        due = sorted((at, key) for key, at in times.items() if at is not None and at <= now)
        return iter([key for _, key in due])

    def silent(self, shard: str, at_most: int | None = None) -> Iterator[SubscriptionKey]:
        self.requests.append("silent")
        return iter(sorted(row.key for row in self.rows.values() if row.silent_shard == shard)[:at_most])

    def commit(self, update: ConditionalUpdate | None, step: SyncStep | None = None) -> WriteResult:
        self._check_length(update)
        self.requests.append("commit")
        plan = self.writes if step is None else self.steps
        plan.before()
        result = self._apply(update, step)
        if result.stored:
            plan.after()
        return result

    def recent(self, key: SubscriptionKey, since: datetime) -> Iterator[LoggedNotification]:
        self.requests.append("recent")
        mine = [one for one in self.log if one.key == key and one.arrival >= arrival(since)]
        return iter(sorted(mine, key=lambda one: one.arrival, reverse=True))

    def events(self) -> list[str]:
        """Return the ids of all logged events in their order."""
        return [event.id for one in sorted(self.log, key=lambda one: one.arrival) for event in one.events]

    def _check_length(self, update: ConditionalUpdate | None) -> None:
        logged = update.notification.events if update is not None and update.notification is not None else ()
        if len(logged) > self.entry_events:
            raise EntryTooLongError(logged[self.entry_events].id)

    def _apply(self, update: ConditionalUpdate | None, step: SyncStep | None) -> WriteResult:
        row = self.rows.get(update.key) if update is not None else None
        is_met = update is None or (row is not None and _meets(row, update.precondition))
        if not is_met or (step is not None and self._version(step.run) != _version(step.before)):
            return WriteResult(stored=False, subscription=row)
        if update is not None and row is not None:
            self.rows[update.key] = replace(row, **update.stored_changes)
            self.log += [update.notification] if update.notification is not None else []
        if step is not None:
            self._store(step)
        return WriteResult(stored=True)

    def _version(self, run: SyncRun) -> int | None:
        return _version(self.runs.get(run.key))

    def _store(self, step: SyncStep) -> None:
        run = self.runs[step.run.key] = step.stored_run
        if step.baseline is not None:
            self.baselines[run.key] = step.baseline
        if step.state is None:
            return
        place = (run.key, run.round, step.state.folder)
        if step.state.sync_state is None:
            self.states.pop(place, None)
        else:
            self.states[place] = step.state.sync_state


class MemorySyncStates:
    """`SyncStates` of a ledger in memory."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger

    def load_run(self, key: SubscriptionKey) -> SyncRun | None:
        return self._ledger.runs.get(key)

    def baseline(self, key: SubscriptionKey) -> Baseline | None:
        return self._ledger.baselines.get(key)

    def sync_state(self, key: SubscriptionKey, number: int, folder: str) -> str | None:
        return self._ledger.states.get((key, number, folder))

    def folders(self, key: SubscriptionKey, number: int) -> Sequence[str]:
        return [folder for own, round_, folder in self._ledger.states if (own, round_) == (key, number)]

    def forget(self, key: SubscriptionKey, before: int) -> None:
        for place in [each for each in self._ledger.states if each[0] == key and each[1] < before]:
            del self._ledger.states[place]


def _meets(row: Subscription, precondition: Precondition) -> bool:
    return all(getattr(row, name) == value for name, value in precondition.required.items())


def _version(run: SyncRun | None) -> int | None:
    return run.version if run is not None else None
