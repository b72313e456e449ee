"""A plan, and what became of it, line by line."""

from typing import Final

from rich.text import Text

from cli import console, formatting
from cli.apply import Done
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
_SHOWN_FAILURES: Final = 20


def show(plan: Plan, label: str) -> None:
    """Print what there is to do, each step with its reason, and how much that is."""
    out = console.output()
    out.print(label, style="dim", soft_wrap=True)
    width = max((len(title(step)) for step in plan.steps), default=0)
    for step in plan.steps:
        sign, colour = _SIGNS[step.kind]
        head = f"{sign} {step.kind:{_KIND_WIDTH}}  "
        rest = console.clean(f"{title(step):{width}}  {detail(step)}")
        out.print(Text(head, style=colour).append(rest, style="default"), soft_wrap=True)
    out.print(total(plan), soft_wrap=True)


def title(step: Step) -> str:
    """Return what to call a subscription: a name stands only in the file, a key always."""
    name = f' "{step.name}"' if step.name not in {None, "default"} else ""
    return f"{step.mailbox}{name} ({step.subscription})"


def detail(step: Step) -> str:
    """Return what the step changes, or why it is there."""
    if step.wish is None or step.row is None:
        return "not in the file" if step.wish is None else _asked(step)
    if step.kind is Kind.ADD_AGAIN:
        return f"{_asked(step)}; it was retired"
    is_refused = step.row.state is State.SUSPENDED
    refused = f"it was suspended: {step.row.last_error or 'no reason is known'}" if is_refused else ""
    return "; ".join(filter(None, (*formatting.differences(step.row, step.wish), refused)))


def total(plan: Plan) -> str:
    """Return the plan in numbers."""
    counts = [f"{plan.counts[kind]} to {kind}" for kind in Kind if plan.counts[kind]]
    return f"{', '.join(counts) or 'nothing to do'}; {plan.unchanged} unchanged"


def failures(done: list[Done]) -> int:
    """Say what did not come about, the first few in full; return how many that are."""
    failed = [one for one in done if one.error is not None]
    for one in failed[:_SHOWN_FAILURES]:
        console.say(f"{title(one.step)}: {one.step.kind} failed: {one.error}")
    if len(failed) > _SHOWN_FAILURES:
        console.say(f"and {len(failed) - _SHOWN_FAILURES} more")
    return len(failed)


def _asked(step: Step) -> str:
    return "; ".join(f"{label}: {value}" for label, value in formatting.asked_for(step.wish)) if step.wish else ""
