"""Who runs the stack: applies the subscriptions file, gives a subscription up, and wants it again."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ewspush.domain.desired import changes_toward, retirement
from ewspush.domain.gaps import complete_until
from ewspush.domain.subscription import State

if TYPE_CHECKING:
    from tests.simulation.system import System

ON_TIME_SECONDS: Final = 6 * 60
"""Nobody expects events from before a first subscription that comes about within five minutes and a tick."""


class Pause(NamedTuple):
    """A time in which nobody wanted a subscription. What was not told when it was given up is given up with it."""

    start: float
    end: float


class Operator:
    """Acts on the rows of a system, as `ews-push` does."""

    def __init__(self, system: "System") -> None:
        """Watch `system`, which is not complete yet."""
        self._system = system
        self._pauses: dict[str, list[Pause]] = defaultdict(list)

    def apply(self, mailbox: int, change: str = "") -> None:
        """Apply the subscriptions file: what is suspended is tried again, what changed asked anew."""
        wish = self._system.wishes[mailbox]
        if change == "frequency":
            frequency = 5 if wish.status_frequency_minutes != 5 else 15
            wish = self._system.wishes[mailbox] = replace(wish, status_frequency_minutes=frequency)
        row = self._system.row(mailbox)
        if row.state is State.RETIRED:
            last = self._pauses[wish.mailbox][-1]
            self._pauses[wish.mailbox][-1] = last._replace(end=self._system.time.now)
        self._write(mailbox, changes_toward(row, wish, self._system.time.ours()))

    def retire(self, mailbox: int) -> None:
        """Give a subscription up."""
        row = self._system.row(mailbox)
        if row.state is not State.RETIRED:
            told = complete_until(row)
            start = self._system.time.theirs(told) if told is not None else 0.0
            self._pauses[row.mailbox].append(Pause(start, float("inf")))
            self._write(mailbox, retirement(row))

    def gave_up(self, mailbox: str, at: float) -> bool:
        """Whether nobody waits for what happened then: not before a subscription that comes about on time."""
        made_at = self._system.server.made_at[mailbox]
        ends = [
            (
                pause.start,
                next((each for each in made_at if pause.end < each <= pause.end + ON_TIME_SECONDS), pause.end),
            )
            for pause in self._pauses[mailbox]
        ]
        return any(start <= at <= end for start, end in ends)

    def _write(self, mailbox: int, changes: Mapping[str, Any]) -> None:
        if changes:
            row = self._system.row(mailbox)
            self._system.ledger.rows[row.subscription] = replace(row, **changes)
            self._system.witness.applied(row.subscription)
