"""Reports a failing seed: the invariant, the smallest scenario, its trace, and the command that shows it again."""

# ruff: noqa: T201  # it prints for a command

import sys
from collections.abc import Callable
from functools import partial
from typing import Final, TextIO

from tests.simulation.clock import format_time
from tests.simulation.invariants.base import BrokenError
from tests.simulation.mutants import mutated
from tests.simulation.plan import Plan, draw_plan
from tests.simulation.runner import Failure, Task, play
from tests.simulation.shrink import shrink

_TRACE_LINES: Final = 60


def explain(task: Task, failure: Failure, out: TextIO) -> None:
    """Print all there is to say of a failing seed."""
    plan = draw_plan(failure.seed, task.hours)
    with mutated(task.mutant):
        play_any = partial(_play_any, only=task.only)
        kept = shrink(plan, failure.name, play_any)
        lines: list[str] = []
        error = play_any(plan.only(kept), lines.append)
    text = [
        f"seed {failure.seed} breaks {failure.message}",
        f"with {plan.setup}",
        f"and {len(kept)} of {len(plan.steps)} steps:",
        *(f"  {number:3} at {plan.steps[number].at:8.2f} min  {plan.steps[number].action}" for number in kept),
        "trace:",
        *_around(lines, error.at if error is not None else None),
        f"again: {_command(task, failure.seed, kept)}",
    ]
    print("\n".join(text), file=out)


def _command(task: Task, seed: int, kept: list[int]) -> str:
    mutant = f" --mutant {task.mutant}" if task.mutant else ""
    hours = "" if task.hours == Task().hours else f" --hours {task.hours:g}"
    steps = ",".join(map(str, kept)) or "none"
    return f"python -m tests.simulation --seed {seed}{hours} --steps {steps} --trace{mutant}"


def _play_any(plan: Plan, trace: Callable[[str], None] | None = None, only: str | None = None) -> BrokenError | None:
    """Return what a plan breaks, an error of any kind as well."""
    try:
        return play(plan, trace, only)
    except Exception as error:  # noqa: BLE001  # it is shrunk like any other failure
        return BrokenError(type(error).__name__, str(error))


def _around(lines: list[str], at: float | None) -> list[str]:
    """Return the lines of a trace around a moment, or the last ones."""
    if at is None:
        return lines[-_TRACE_LINES:]
    moment = format_time(at)
    first = next((number for number, line in enumerate(lines) if line >= moment), len(lines))
    return lines[max(first - _TRACE_LINES // 3, 0) :][:_TRACE_LINES]


def print_progress(done: int, total: int, seconds: float) -> None:
    """Overwrite the line of the terminal that shows how far a run is."""
    rate, minutes_left = done / seconds, seconds / done * (total - done) / 60
    print(f"\r{done} of {total} seeds, {rate:.1f} per second, {minutes_left:.0f} min left ", end="", file=sys.stderr)
