"""The commands: each takes the parsed arguments and returns the exit status."""

import sys
from argparse import Namespace
from collections.abc import Sequence

from cli import console, formatting, list_output, plan_output, show_output
from cli.apply import apply_steps
from cli.exceptions import FailedError, InvalidUsageError
from cli.formatting import counted
from cli.plan import Kind, Plan, Step, make_plan, retire_step
from cli.resolve import resolve
from cli.subscription_file import read_desired
from cli.targets import StackTables, find_tables
from ewspush.adapters.clock import utc_now
from ewspush.domain.subscription import State

DONE = 0
FAILED = 1


def plan(arguments: Namespace) -> int:
    """Show what `apply` would do."""
    _make_and_print_plan(arguments)
    return DONE


def apply(arguments: Namespace) -> int:
    """Make the table match the file."""
    todo, tables = _make_and_print_plan(arguments)
    if todo.counts[Kind.RETIRE]:
        _confirm_retirement(todo.counts[Kind.RETIRE], is_confirmed=arguments.yes)
    return _apply(todo.steps, tables)


def list_(arguments: Namespace) -> int:
    """Show all subscriptions, or those in one state."""
    subscriptions = [one for one in _tables(arguments).scan() if arguments.state in {None, formatting.shown_state(one)}]
    subscriptions.sort(key=lambda one: (one.mailbox.lower(), one.key))
    if arguments.json:
        list_output.print_json(subscriptions)
    else:
        list_output.print_table(subscriptions, utc_now())
    return DONE


def show(arguments: Namespace) -> int:
    """Show everything about the named subscriptions."""
    tables = _tables(arguments)
    subscriptions = resolve(tables, arguments.names)
    if arguments.json:
        list_output.print_json(subscriptions)
        return DONE
    ledger, now = tables.ledger(), utc_now()
    for subscription in subscriptions:
        show_output.print_subscription(subscription, ledger, now)
    return DONE


def retire(arguments: Namespace) -> int:
    """Retire the named subscriptions."""
    tables = _tables(arguments)
    subscriptions = resolve(tables, arguments.names)
    steps = [retire_step(one) for one in subscriptions if one.state is not State.RETIRED]
    if not steps:
        console.print_message("nothing to do; already retired")
        return DONE
    for step in steps:
        console.print_message(f"to retire: {plan_output.title(step)}")
    _confirm_retirement(len(steps), is_confirmed=arguments.yes)
    status = _apply(steps, tables)
    console.print_message("the next push of a retired subscription gets Unsubscribe, and the mail server stops")
    console.print_message("remove it from subscriptions.toml too, or the next `ews-push apply` adds it again")
    return status


def _make_and_print_plan(arguments: Namespace) -> tuple[Plan, StackTables]:
    """Read the file first: if it has errors, no request goes to AWS."""
    desired = read_desired(arguments.file)
    tables = _tables(arguments)
    todo = make_plan(desired, tables.scan(), tables.timing, utc_now())
    plan_output.print_plan(todo, f"{arguments.file} -> {tables.label}")
    return todo, tables


def _tables(arguments: Namespace) -> StackTables:
    return find_tables(arguments.stack, is_local=arguments.local)


def _confirm_retirement(number: int, *, is_confirmed: bool) -> None:
    """Ask before retiring. Raises `CommandError` if the answer is not yes, or if stdin is not a terminal."""
    if is_confirmed:
        return
    subscriptions = counted(number, "subscription")
    if not sys.stdin.isatty():
        message = f"retiring {subscriptions} needs a terminal to confirm on, or --yes; nothing was changed"
        raise InvalidUsageError(message)
    if not console.confirm(f"Retire {subscriptions}? A retired subscription publishes no events."):
        message = "nothing was changed"
        raise FailedError(message)


def _apply(steps: Sequence[Step], tables: StackTables) -> int:
    """Apply the steps, and print how many succeeded and failed."""
    if not steps:
        return DONE
    results = list(
        console.with_progress(apply_steps(steps, tables.ledger(), utc_now, tables.timing), len(steps), "writing")
    )
    failed = plan_output.print_failures(results)
    done = f"{len(results) - failed} done"
    console.print_message(f"{done}, {failed} failed; run the command again to continue" if failed else done)
    return FAILED if failed else DONE
