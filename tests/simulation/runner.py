"""Plays one seed, and returns what broke."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.simulation.invariants.base import BrokenError
from tests.simulation.mutants import MUTANTS, mutated
from tests.simulation.plan import Plan, draw_plan
from tests.simulation.player import play_plan
from tests.simulation.processes import fast_handlers
from tests.simulation.system import System

_SEEDS_PER_COLLECTION: Final = 20
"""The cyclic garbage collector runs that often: traversing a system that is in use took a tenth of the time."""


@dataclass(frozen=True, slots=True)
class Task:
    """How each seed is played: for how many protocol hours, and with which mutant."""

    hours: float = 24
    mutant: str | None = None

    @property
    def only(self) -> str | None:
        """The one invariant that is checked with a mutant; None, without one, is all."""
        return MUTANTS[self.mutant].caught_by if self.mutant is not None else None


@dataclass(frozen=True, slots=True)
class Failure:
    """A seed, the invariant that it breaks, and what was seen."""

    seed: int
    name: str
    message: str


def play(plan: Plan, trace: Callable[[str], None] | None = None, only: str | None = None) -> BrokenError | None:
    """Return the invariant that a plan breaks; None where all hold, or the `only` one that is checked."""
    with fast_handlers():
        try:
            play_plan(System(plan, trace, only))
        except BrokenError as error:
            return error
    return None


def failure_of(task: Task, seed: int) -> Failure | None:
    """Return what breaks in a seed. Any other error than a broken invariant is a failure as well."""
    if seed % _SEEDS_PER_COLLECTION == 0 and not gc.isenabled():
        gc.collect()
    with mutated(task.mutant):
        try:
            error = play(draw_plan(seed, task.hours), only=task.only)
        except Exception as error:  # noqa: BLE001  # it names the seed, and the others go on
            return Failure(seed, type(error).__name__, str(error))
    return Failure(seed, error.name, str(error)) if error is not None else None


def replay(task: Task, seed: int, kept: list[int] | None, trace: Callable[[str], None] | None) -> int:
    """Play one seed, or some of its steps, and print the result; return the exit status."""
    plan = draw_plan(seed, task.hours)
    plan = plan if kept is None else plan.only(kept)
    if trace is not None:
        trace(f"{plan.setup}")
    with mutated(task.mutant):
        error = play(plan, trace, task.only)
    print(f"seed {seed}: {error or 'nothing broke'}")  # noqa: T201  # a command
    return 0 if error is None else 1
