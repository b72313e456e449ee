"""What `plan`, `apply` and `retire` print: the steps, their number, and the failures."""

from collections.abc import Sequence
from typing import Final

from rich.padding import Padding
from rich.text import Text

from cli import console, formatting
from cli.apply import StepResult
from cli.plan import Kind, Plan, Step
from ewspush.domain.subscription import State

_SIGNS: Final = {
    Kind.ADD: ("+", "green"),
    Kind.ADD_AGAIN: ("+", "green"),
    Kind.CHANGE: ("~", "yellow"),
    Kind.TRY_AGAIN: ("!", "magenta"),
    Kind.RETIRE: ("-", "red"),
}
_KIND_WIDTH: Final = max(len(kind) for kind in Kind)
_INDENT: Final = _KIND_WIDTH + 4
"""Sign and kind, each with the blanks around it."""
_MAX_FAILURES: Final = 20


def print_plan(plan: Plan, heading: str) -> None:
    """Print each step with its reason, on a line of its own where a terminal is too narrow, and the number of steps."""
    output = console.stdout()
    output.print(heading, style="dim", soft_wrap=True)
    lines = [(step.kind, console.printable(title(step)), console.printable(reason(step))) for step in plan.steps]
    width = max((len(titled) for _, titled, _ in lines), default=0)
    fits = all(_INDENT + width + 2 + len(why) <= output.width for *_, why in lines)
    for kind, titled, why in lines:
        sign, colour = _SIGNS[kind]
        start = Text(f"{sign} {kind:{_KIND_WIDTH}}  ", style=colour)
        output.print(start.append(f"{titled:{width}}  {why}" if fits else titled, style="default"), soft_wrap=True)
        if not fits:
            output.print(Padding(why, (0, 0, 0, _INDENT)))
    output.print(total(plan), soft_wrap=True)


def title(step: Step) -> str:
    """Return address, name and key of a subscription; the name only if the file gives it one."""
    name = f' "{step.name}"' if step.name not in {None, "default"} else ""
    return f"{step.mailbox}{name} ({step.key})"


def reason(step: Step) -> str:
    """Return what the step changes, or why it is in the plan."""
    if step.desired is None:
        return "not in the file"
    if step.current is None:
        return formatting.settings_line(step.desired)
    if step.kind is Kind.ADD_AGAIN:
        return f"{formatting.settings_line(step.desired)}; it was retired"
    reasons = formatting.differences(step.current, step.desired)
    if step.current.state is State.SUSPENDED:
        reasons.append(f"it was suspended: {step.current.last_error or 'no error is recorded'}")
    return "; ".join(reasons)


def total(plan: Plan) -> str:
    """Return the number of steps of each kind, and of the subscriptions without one."""
    counts = [f"{plan.counts[kind]} to {kind}" for kind in Kind if plan.counts[kind]]
    return f"{', '.join(counts) or 'nothing to do'}; {plan.unchanged} unchanged"


def print_failures(results: Sequence[StepResult]) -> int:
    """Print the first failed steps; return the number of all."""
    failed = [result for result in results if result.error is not None]
    for result in failed[:_MAX_FAILURES]:
        console.print_message(f"{title(result.step)}: {result.step.kind} failed: {result.error}")
    if len(failed) > _MAX_FAILURES:
        console.print_message(f"and {len(failed) - _MAX_FAILURES} more failed")
    return len(failed)
