"""What must change for the table to match the file; pure, by the rules of `ewspush.domain.desired`."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from ewspush.domain.desired import DesiredSubscription, changes_toward
from ewspush.domain.subscription import State, Subscription, SubscriptionKey
from ewspush.domain.timing import Timing

SUBSCRIBE_SETTINGS: Final = ("folders", "event_types", "status_frequency_minutes")
"""The settings that a Subscribe holds: a change of one needs a new server subscription."""


class Kind(StrEnum):
    """What a step does with its subscription."""

    ADD = "add"
    ADD_AGAIN = "add again"
    CHANGE = "change"
    TRY_AGAIN = "try again"
    RETIRE = "retire"


@dataclass(frozen=True, slots=True)
class Step:
    """The change of one subscription: `desired` is None if it is to be retired, `current` is None if it is new."""

    kind: Kind
    key: SubscriptionKey
    mailbox: str
    desired: DesiredSubscription | None
    current: Subscription | None

    @property
    def name(self) -> str | None:
        """The name that the file gives it; the table does not hold names."""
        return self.desired.name if self.desired else None


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps, retirements last, and the number of subscriptions that already match the file."""

    steps: tuple[Step, ...]
    unchanged: int

    @property
    def counts(self) -> Mapping[Kind, int]:
        """The number of steps of each kind."""
        return Counter(step.kind for step in self.steps)


def make_plan(
    desired: Iterable[DesiredSubscription], current: Iterable[Subscription], timing: Timing, now: datetime
) -> Plan:
    """Return the steps from `current` to `desired`: in the order of the file, then retirements by mailbox."""
    current_by_key = {subscription.key: subscription for subscription in current}
    desired_by_key = {one.key: one for one in desired}
    steps = [_step(one, current_by_key.get(key), timing, now) for key, one in desired_by_key.items()]
    needed = [step for step in steps if step is not None]
    retirements = [
        retire_step(subscription)
        for key, subscription in current_by_key.items()
        if key not in desired_by_key and subscription.state is not State.RETIRED
    ]
    retirements.sort(key=lambda step: (step.mailbox, step.key))
    return Plan((*needed, *retirements), len(steps) - len(needed))


def retire_step(subscription: Subscription) -> Step:
    """Return the step that retires `subscription`."""
    return Step(Kind.RETIRE, subscription.key, subscription.mailbox, None, subscription)


def _step(desired: DesiredSubscription, current: Subscription | None, timing: Timing, now: datetime) -> Step | None:
    changes = changes_toward(current, desired, timing, now) if current is not None else {}
    if current is not None and not changes:
        return None
    return Step(_kind(current, changes), desired.key, desired.mailbox, desired, current)


def _kind(current: Subscription | None, changes: Mapping[str, object]) -> Kind:
    if current is None:
        return Kind.ADD
    if current.state is State.RETIRED:
        return Kind.ADD_AGAIN
    return Kind.CHANGE if any(name in changes for name in SUBSCRIBE_SETTINGS) else Kind.TRY_AGAIN
