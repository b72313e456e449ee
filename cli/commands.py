"""The commands: each takes what was typed, and returns the exit status."""

import sys
from argparse import Namespace
from collections.abc import Sequence

from cli import console, list_output, plan_output, show_output
from cli.apply import carried_out
from cli.exceptions import FailedError, InvalidUsageError
from cli.plan import Kind, Plan, Step, planned, retire_step
from cli.resolve import found
from cli.subscription_file import read_desired
from cli.targets import Place, place
from ewspush.adapters.clock import utc_now
from ewspush.domain.subscription import State

DONE = 0
FAILED = 1


def plan(arguments: Namespace) -> int:
    """Show what `apply` would do."""
    _planned(arguments)
    return DONE


def apply(arguments: Namespace) -> int:
    """Make the table follow the file."""
    todo, where = _planned(arguments)
    if todo.counts[Kind.RETIRE]:
        _confirm(todo.counts[Kind.RETIRE], is_sure=arguments.yes)
    return _carry_out(todo.steps, where)


def list_(arguments: Namespace) -> int:
    """Show all subscriptions, or those in one state."""
    rows = _place(arguments).rows()
    chosen = [row for row in rows if arguments.state in {None, row.state.value}]
    chosen.sort(key=lambda row: (row.mailbox.lower(), row.subscription))
    if arguments.json:
        list_output.as_json(chosen)
    else:
        list_output.as_table(chosen, utc_now())
    return DONE


def show(arguments: Namespace) -> int:
    """Show everything about the subscriptions that were named."""
    where = _place(arguments)
    rows = found(where, arguments.subscription)
    if arguments.json:
        list_output.as_json(rows)
        return DONE
    ledger, now = where.ledger(), utc_now()
    for row in rows:
        show_output.show(row, ledger, now)
    return DONE


def retire(arguments: Namespace) -> int:
    """End the subscriptions that were named."""
    where = _place(arguments)
    rows = found(where, arguments.subscription)
    steps = [retire_step(row) for row in rows if row.state is not State.RETIRED]
    if not steps:
        console.say("nothing to do; retired already")
        return DONE
    for step in steps:
        console.say(f"to retire: {plan_output.title(step)}")
    _confirm(len(steps), is_sure=arguments.yes)
    status = _carry_out(steps, where)
    console.say("the next notification of a retired one gets Unsubscribe, and the mail server stops")
    console.say("one that stands in subscriptions.toml comes back with the next `ews-push apply`: take it out there")
    return status


def _planned(arguments: Namespace) -> tuple[Plan, Place]:
    """Read the file before anything else: with an error in it, AWS is not even asked."""
    wishes = read_desired(arguments.file)
    where = _place(arguments)
    todo = planned(wishes, where.rows(), utc_now())
    plan_output.show(todo, f"{arguments.file} -> {where.label}")
    return todo, where


def _place(arguments: Namespace) -> Place:
    return place(arguments.stack, is_local=arguments.local)


def _confirm(number: int, *, is_sure: bool) -> None:
    """Ask before subscriptions end. Raises `CommandError` where the answer is not yes, or nobody is there to ask."""
    if is_sure:
        return
    subscriptions = "1 subscription" if number == 1 else f"{number} subscriptions"
    if not sys.stdin.isatty():
        message = f"{subscriptions} would be retired, and there is nobody to ask: add --yes; nothing was changed"
        raise InvalidUsageError(message)
    if not console.asked(f"Retire {subscriptions}? No events come from a retired one."):
        message = "nothing was changed"
        raise FailedError(message)


def _carry_out(steps: Sequence[Step], where: Place) -> int:
    """Do what is to do, and say how it went."""
    if not steps:
        return DONE
    results = list(console.followed(carried_out(steps, where.ledger(), utc_now), len(steps), "writing"))
    failed = plan_output.failures(results)
    done = f"{len(results) - failed} done"
    console.say(f"{done}, {failed} failed: run it again, it goes on from here" if failed else done)
    return FAILED if failed else DONE
