"""The ledger in memory: the same promises as DynamoDB's, and a fault plan."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from ewspush.domain.subscription import LoggedNotification, Subscription, arrival
from ewspush.domain.updates import ConditionalUpdate, Precondition, WriteResult
from tests.twins.faults import FaultPlan


class MemoryLedger:
    """`SubscriptionLedger` in two dictionaries; `requests` counts what was asked of it by name."""

    def __init__(self, *rows: Subscription, writes: FaultPlan | None = None) -> None:
        """Start with `rows` and nothing logged."""
        self.rows = {row.subscription: row for row in rows}
        self.log: list[LoggedNotification] = []
        self.writes = writes or FaultPlan()
        self.requests: list[str] = []

    def add(self, row: Subscription) -> bool:
        """See `SubscriptionLedger.add`."""
        if row.subscription in self.rows:
            return False
        self.rows[row.subscription] = row
        return True

    def read(self, subscription: str) -> Subscription | None:
        """See `SubscriptionLedger.read`."""
        self.requests.append("read")
        return self.rows.get(subscription)

    def due(self, shard: str, now: datetime) -> Iterator[str]:
        """See `SubscriptionLedger.due`."""
        self.requests.append("due")
        rows = [
            row
            for row in self.rows.values()
            if row.due_shard == shard and row.next_check_at and row.next_check_at <= now
        ]
        return iter([row.subscription for row in sorted(rows, key=lambda row: (row.next_check_at, row.subscription))])

    def write(self, entry: ConditionalUpdate) -> WriteResult:
        """See `SubscriptionLedger.write`."""
        self.requests.append("write")
        self.writes.before()
        outcome = self.apply(entry)
        if outcome.stored:
            self.writes.after()
        return outcome

    def apply(self, entry: ConditionalUpdate) -> WriteResult:
        """Do what `write` does, without its faults: for a store that writes more in the same transaction."""
        row = self.rows.get(entry.subscription)
        if row is None or not _holds(entry.expects, row):
            return WriteResult(stored=False, row=row)
        self.rows[entry.subscription] = _changed(row, dict(entry.changes))
        if entry.logged is not None:
            self.log.append(entry.logged)
        return WriteResult(stored=True)

    def recent(self, subscription: str, since: datetime) -> Iterator[LoggedNotification]:
        """See `SubscriptionLedger.recent`."""
        self.requests.append("recent")
        mine = [one for one in self.log if one.subscription == subscription and one.arrival >= arrival(since)]
        return iter(sorted(mine, key=lambda one: one.arrival, reverse=True))

    def events(self) -> list[str]:
        """Return the ids of all logged events in their order."""
        return [document["id"] for one in sorted(self.log, key=lambda one: one.arrival) for document in one.events]


def _holds(expects: Precondition, row: Subscription) -> bool:
    return all(getattr(row, name) == value for name, value in expects.fields.items())


def _changed(row: Subscription, changes: dict[str, Any]) -> Subscription:
    return replace(row, **changes)
