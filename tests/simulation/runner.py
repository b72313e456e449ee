"""Plays seeds, one after the other or side by side, and says what broke."""

# ruff: noqa: T201  # it speaks for a command

import gc
import multiprocessing
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Final, TextIO

from tests.simulation.clock import told_time
from tests.simulation.invariants import BrokenError
from tests.simulation.mutants import MUTANTS, alive
from tests.simulation.plan import Plan, drawn
from tests.simulation.processes import cheap
from tests.simulation.shrink import shrunk
from tests.simulation.system import System

_PROGRESS_SECONDS: Final = 5.0
_TRACE_LINES: Final = 60

_MAX_FAILURES: Final = 20
_SEEDS_A_COLLECTION: Final = 20
"""Between two runs of the cyclic garbage collector: looking through a system that is still in use took a tenth."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is played of a seed."""

    hours: float = 24
    mutant: str | None = None

    @property
    def only(self) -> str | None:
        """The one invariant that a mutant is held to; None is all, without one."""
        return MUTANTS[self.mutant].caught_by if self.mutant is not None else None


@dataclass(frozen=True, slots=True)
class Failure:
    """A seed, the invariant that it breaks, and what was seen."""

    seed: int
    name: str
    message: str


def played(plan: Plan, tell: Callable[[str], None] | None = None, only: str | None = None) -> BrokenError | None:
    """Return the invariant that a plan breaks; None where all hold, or the `only` one that is looked at."""
    with cheap():
        try:
            System(plan, tell, only).play()
        except BrokenError as error:
            return error
    return None


def failure_of(task: Task, seed: int) -> Failure | None:
    """Return what breaks in a seed. Another error than a broken invariant is a failure as well."""
    if seed % _SEEDS_A_COLLECTION == 0 and not gc.isenabled():
        gc.collect()
    with alive(task.mutant):
        try:
            error = played(drawn(seed, task.hours), only=task.only)
        except Exception as error:  # noqa: BLE001  # it says which seed, and the others go on
            return Failure(seed, type(error).__name__, str(error))
    return Failure(seed, error.name, str(error)) if error is not None else None


def failures(task: Task, seeds: Iterable[int], jobs: int) -> Iterator[Failure | None]:
    """Yield what became of each seed, in any order."""
    play = partial(failure_of, task)
    if jobs == 1:
        yield from map(play, seeds)
        return
    with multiprocessing.Pool(jobs) as pool:
        yield from pool.imap_unordered(play, seeds, chunksize=8)


def run(task: Task, seeds: range, jobs: int, out: TextIO = sys.stdout) -> int:
    """Play all seeds, and explain the first failure of each kind; return the exit status."""
    began_at = told_at = monotonic()
    failed: Counter[str] = Counter()
    with _rare_collections():
        for done, failure in enumerate(failures(task, seeds, jobs), start=1):
            if failure is not None:
                failed[failure.name] += 1
                _tell_failure(task, failure, out, is_first=failed[failure.name] == 1)
            if failed.total() >= _MAX_FAILURES:
                break
            if monotonic() - told_at > _PROGRESS_SECONDS:
                told_at = monotonic()
                _tell_progress(done, len(seeds), told_at - began_at)
    seconds = monotonic() - began_at
    broken = ", ".join(f"{name} {times} times" for name, times in failed.items()) or "nothing broke"
    which = f"{len(seeds)} seeds from {seeds.start} on, of {task.hours:g} hours"
    print(f"{which}: {broken}, {seconds:.0f} s", file=out)
    return 1 if failed else 0


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Leave it to `failure_of` when garbage is collected, in this process and those that it forks."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def _tell_failure(task: Task, failure: Failure, out: TextIO, *, is_first: bool) -> None:
    if is_first:
        explain(task, failure, out)
    else:
        print(f"seed {failure.seed} breaks {failure.message}", file=out)


def explain(task: Task, failure: Failure, out: TextIO) -> None:
    """Print a failing seed: the invariant, the smallest story, its trace, and how to see it again."""
    plan = drawn(failure.seed, task.hours)
    with alive(task.mutant):
        play = partial(_played_or_failed, only=task.only)
        kept = shrunk(plan, failure.name, play)
        lines: list[str] = []
        again = play(plan.only(kept), lines.append)
    steps = [f"  {number:3} at {plan.steps[number].at:8.2f} min  {plan.steps[number]}" for number in kept]
    mutant = f" --mutant {task.mutant}" if task.mutant else ""
    hours = "" if task.hours == Task().hours else f" --hours {task.hours:g}"
    shown = ",".join(map(str, kept)) or "none"
    text = [
        f"seed {failure.seed} breaks {failure.message}",
        f"with {plan.setup}",
        f"and {len(kept)} of {len(plan.steps)} steps:",
        *steps,
        "what happened then:",
        *_around(lines, again.at if again is not None else None),
        f"again: python -m tests.simulation --seed {failure.seed}{hours} --steps {shown} --trace{mutant}",
    ]
    print("\n".join(text), file=out)  # a command


def replay(task: Task, seed: int, kept: list[int] | None, tell: Callable[[str], None] | None) -> int:
    """Play one seed, or some of its steps; return the exit status."""
    plan = drawn(seed, task.hours)
    plan = plan if kept is None else plan.only(kept)
    if tell is not None:
        tell(f"{plan.setup}")
    with alive(task.mutant):
        error = played(plan, tell, task.only)
    print(f"seed {seed}: {error or 'nothing broke'}")
    return 0 if error is None else 1


def _played_or_failed(
    plan: Plan, tell: Callable[[str], None] | None = None, only: str | None = None
) -> BrokenError | None:
    """Return what a plan breaks, an error of any kind as well."""
    try:
        return played(plan, tell, only)
    except Exception as error:  # noqa: BLE001  # it is shrunk like any other failure
        return BrokenError(type(error).__name__, str(error))


def _around(lines: list[str], at: float | None) -> list[str]:
    """Return the lines of a trace around a moment, or the last ones."""
    if at is None:
        return lines[-_TRACE_LINES:]
    moment = told_time(at)
    first = next((number for number, line in enumerate(lines) if line >= moment), len(lines))
    return lines[max(first - _TRACE_LINES // 3, 0) :][:_TRACE_LINES]


def _tell_progress(done: int, total: int, seconds: float) -> None:
    left = seconds / done * (total - done)
    print(
        f"\r{done} of {total} seeds, {done / seconds:.1f} a second, {left / 60:.0f} min left ", end="", file=sys.stderr
    )
