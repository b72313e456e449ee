"""Who runs the stack: applies the subscriptions file, retires a subscription, and desires it again."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ewspush.domain.desired import changes_toward, retirement
from ewspush.domain.gaps import complete_until
from ewspush.domain.subscription import State

if TYPE_CHECKING:
    from tests.simulation.system import System

FIRST_SUBSCRIBE_SECONDS: Final = 6 * 60
"""No events are expected from before a first Subscribe that succeeds within five minutes and a keeper run."""


class Retirement(NamedTuple):
    """When a subscription was not desired. `start`: until when its events were complete at that moment."""

    start: float
    end: float


class Operator:
    """Changes the rows of a system, as `ews-push` does."""

    def __init__(self, system: "System") -> None:
        self._system = system
        self._retirements: dict[str, list[Retirement]] = defaultdict(list)

    def apply(self, mailbox: int, *, changes_frequency: bool = False) -> None:
        """Apply the subscriptions file: a suspended subscription is tried again, a changed one is renewed."""
        desired = self._system.desired[mailbox]
        if changes_frequency:
            frequency = 5 if desired.status_frequency_minutes != 5 else 15
            desired = self._system.desired[mailbox] = replace(desired, status_frequency_minutes=frequency)
        row = self._system.row(mailbox)
        if row.state is State.RETIRED:
            last = self._retirements[desired.mailbox][-1]
            self._retirements[desired.mailbox][-1] = last._replace(end=self._system.time.now)
        self._write(mailbox, changes_toward(row, desired, self._system.timing, self._system.time.ours()))

    def retire(self, mailbox: int) -> None:
        """Retire a subscription, unless it is."""
        row = self._system.row(mailbox)
        if row.state is not State.RETIRED:
            complete = complete_until(row, self._system.timing)
            start = self._system.time.theirs(complete) if complete is not None else 0.0
            self._retirements[row.mailbox].append(Retirement(start, float("inf")))
            self._write(mailbox, retirement(row))

    def was_retired(self, mailbox: str, at: float) -> bool:
        """Whether what happened then need not be published; a retirement ends with the next Subscribe in time."""
        created_at = self._system.server.created_at[mailbox]
        ends = [
            (
                each.start,
                next((made for made in created_at if each.end < made <= each.end + FIRST_SUBSCRIBE_SECONDS), each.end),
            )
            for each in self._retirements[mailbox]
        ]
        return any(start <= at <= end for start, end in ends)

    def _write(self, mailbox: int, changes: Mapping[str, Any]) -> None:
        if changes:
            row = self._system.row(mailbox)
            self._system.ledger.rows[row.key] = replace(row, **changes)
            self._system.checker.on_apply(row.key)
