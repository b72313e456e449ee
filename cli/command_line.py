"""The commands and options, and their help."""

import argparse
from argparse import SUPPRESS, ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any, Final

from cli import commands, formatting
from ewspush.domain.subscription import State

_PROGRAM: Final = "ews-push"
_DESCRIPTION: Final = """\
Manage the subscriptions of EWS Push with a file that you keep:
subscriptions.toml.

No command contacts the mail server. The commands store the desired
subscriptions in the stack's table. The stack's keeper runs every minute,
subscribes on the mail server, and renews lost subscriptions."""
_EXAMPLES: Final = """\
a first subscriptions.toml:
  [[subscription]]
  mailbox = "alice@example.com"

  [[subscription]]
  mailbox = "bob@example.com"
  folders = ["inbox", "calendar"]
  event_types = ["new_mail", "created"]
  status_frequency = 15

examples:
  ews-push plan                       show what would change
  ews-push apply                      change it
  ews-push list                       show all subscriptions
  ews-push list --state suspended     show those that an operator must act on
  ews-push show alice@example.com     show everything about one
  ews-push retire bob@example.com     retire one
  ews-push list --local               show those of the stack that `make up` runs

exit status:
  0  done
  1  something failed
  2  wrong arguments or an error in the file; nothing was changed

Credentials and region come from AWS_PROFILE, AWS_REGION and so on, as for the
AWS CLI. docs/subscriptions.md describes the file and the commands."""


def build_parser() -> ArgumentParser:
    """Return the parser; its result has the function of the command as `run`."""
    parser = ArgumentParser(
        _PROGRAM, description=_DESCRIPTION, epilog=_EXAMPLES, formatter_class=RawDescriptionHelpFormatter
    )
    _add_target_options(parser, with_defaults=True)
    group = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    plan = _add_command(group, "plan", commands.plan, "show what apply would change, and change nothing")
    apply = _add_command(group, "apply", commands.apply, "make the stack's subscriptions match the file")
    list_ = _add_command(group, "list", commands.list_, "show all subscriptions in a table")
    show = _add_command(group, "show", commands.show, "show everything about a subscription")
    retire = _add_command(
        group, "retire", commands.retire, "retire subscriptions; the mail server stops after its next push"
    )
    states = [*(state.value for state in State), formatting.UNREACHABLE]
    list_.add_argument("--state", choices=states, help="show only those in this state")
    for command in (plan, apply):
        command.add_argument(
            "--file", type=Path, default=Path("subscriptions.toml"), help="the file to read (default: %(default)s)"
        )
    for command in (show, retire):
        command.add_argument(
            "names", nargs="+", metavar="MAILBOX_OR_KEY", help="a key, or an address for all of its subscriptions"
        )
    for command in (list_, show):
        command.add_argument("--json", action="store_true", help="print a JSON array, for scripts")
    for command in (apply, retire):
        command.add_argument("--yes", action="store_true", help="retire without asking")
    return parser


def _add_command(
    group: "argparse._SubParsersAction[ArgumentParser]",
    name: str,
    run: Any,  # noqa: ANN401  # argparse stores it unchanged
    text: str,
) -> ArgumentParser:
    command = group.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    command.set_defaults(run=run)
    _add_target_options(command, with_defaults=False)
    return command


def _add_target_options(parser: ArgumentParser, *, with_defaults: bool) -> None:
    """Add the options that may come before or after the command; a default after it would overwrite one before it."""
    options = parser.add_mutually_exclusive_group()
    options.add_argument(
        "--stack",
        default="EwsPush" if with_defaults else SUPPRESS,
        help="the CloudFormation stack to work on (default: EwsPush)",
    )
    options.add_argument(
        "--local",
        action="store_true",
        default=False if with_defaults else SUPPRESS,
        help="work on the stack that `make up` runs on this machine",
    )
