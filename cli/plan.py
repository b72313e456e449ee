"""What has to be done for the table to follow the file: pure, and decided by the rules of registration."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from ewspush.domain.desired import DesiredSubscription, changes_toward
from ewspush.domain.subscription import State, Subscription

ASKED: Final = ("folders", "event_types", "status_frequency_minutes")
"""What the mail server is asked for, and can't be changed without asking anew."""


class Kind(StrEnum):
    """What is to be done with a subscription."""

    ADD = "add"
    ADD_AGAIN = "add again"
    CHANGE = "change"
    TRY_AGAIN = "try again"
    RETIRE = "retire"


@dataclass(frozen=True, slots=True)
class Step:
    """One subscription's part of a plan. There is no `wish` where it is retired, and no `row` where it is new."""

    kind: Kind
    subscription: str
    mailbox: str
    wish: DesiredSubscription | None
    row: Subscription | None

    @property
    def name(self) -> str | None:
        """What tells it from others of its mailbox; rows do not hold it."""
        return self.wish.name if self.wish else None


@dataclass(frozen=True, slots=True)
class Plan:
    """All there is to do, in the order of the file, and how many subscriptions need nothing."""

    steps: tuple[Step, ...]
    unchanged: int

    @property
    def counts(self) -> Mapping[Kind, int]:
        """How many steps of each kind."""
        return Counter(step.kind for step in self.steps)


def planned(wishes: Iterable[DesiredSubscription], rows: Iterable[Subscription], now: datetime) -> Plan:
    """Return what makes `rows` follow `wishes`; what is wished no more is retired, in the order of mailboxes."""
    known = {row.subscription: row for row in rows}
    wanted = {wish.subscription: wish for wish in wishes}
    steps = [_step(wish, known.get(key), now) for key, wish in wanted.items()]
    unwished = [row for key, row in known.items() if key not in wanted and row.state is not State.RETIRED]
    unwished.sort(key=lambda row: (row.mailbox, row.subscription))
    needed = [step for step in steps if step is not None]
    return Plan((*needed, *map(retire_step, unwished)), len(steps) - len(needed))


def retire_step(row: Subscription) -> Step:
    """Return the step that ends a subscription."""
    return Step(Kind.RETIRE, row.subscription, row.mailbox, None, row)


def _step(wish: DesiredSubscription, row: Subscription | None, now: datetime) -> Step | None:
    changes = changes_toward(row, wish, now) if row is not None else {}
    if row is not None and not changes:
        return None
    return Step(_kind(row, changes), wish.subscription, wish.mailbox, wish, row)


def _kind(row: Subscription | None, changes: Mapping[str, object]) -> Kind:
    if row is None:
        return Kind.ADD
    if row.state is State.RETIRED:
        return Kind.ADD_AGAIN
    return Kind.CHANGE if any(name in changes for name in ASKED) else Kind.TRY_AGAIN
