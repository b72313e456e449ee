"""What can be typed, and the help that explains it."""

import argparse
from argparse import SUPPRESS, ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any, Final

from cli import commands
from ewspush.domain.subscription import State

_PROGRAM: Final = "ews-push"
_DESCRIPTION: Final = """\
Which mailboxes EWS Push listens to, by a file that you keep: subscriptions.toml.

Nothing here talks to the mail server. The commands write down what is wanted; the keeper of the stack, which looks
every minute, subscribes, notices what was lost, and subscribes again."""
_EXAMPLES: Final = """\
a file to begin with, subscriptions.toml:
  [[subscription]]
  mailbox = "alice@example.com"

  [[subscription]]
  mailbox = "bob@example.com"
  folders = ["inbox", "calendar"]
  event_types = ["new_mail", "created"]
  status_frequency = 15

then:
  ews-push plan                       what would be done
  ews-push apply                      do it
  ews-push list                       how they all are
  ews-push list --state suspended     which need somebody to act
  ews-push show alice@example.com     all about one of them
  ews-push retire bob@example.com     end one
  ews-push list --local               of the stack that `make up` runs on this machine

exit status: 0 done, 1 something failed, 2 wrongly called or an error in the file (then nothing was changed)
AWS credentials and region are taken from AWS_PROFILE, AWS_REGION and so on. docs/subscriptions.md has the rest."""


def parser() -> ArgumentParser:
    """Return the parser; what it returns has the command to call as `run`."""
    program = ArgumentParser(
        _PROGRAM, description=_DESCRIPTION, epilog=_EXAMPLES, formatter_class=RawDescriptionHelpFormatter
    )
    _place_options(program, is_default=True)
    names = program.add_subparsers(dest="command", required=True, metavar="COMMAND")
    plan = _command(names, "plan", commands.plan, "show what apply would do; changes nothing")
    apply = _command(names, "apply", commands.apply, "add, change, try again and retire, so that all is as in the file")
    for command in (plan, apply):
        command.add_argument(
            "--file", type=Path, default=Path("subscriptions.toml"), help="the file to go by (%(default)s)"
        )
    listing = _command(names, "list", commands.list_, "show all subscriptions in a table")
    listing.add_argument("--state", choices=[state.value for state in State], help="only those in this state")
    show = _command(names, "show", commands.show, "show all about a subscription: how it is, why, what comes next")
    retire = _command(names, "retire", commands.retire, "end subscriptions; the mail server is told with its next POST")
    for command in (show, retire):
        command.add_argument(
            "subscription", nargs="+", metavar="MAILBOX_OR_KEY", help="an address (all of its subscriptions) or a key"
        )
    for command in (listing, show):
        command.add_argument("--json", action="store_true", help="print a JSON array, for scripts")
    for command in (apply, retire):
        command.add_argument("--yes", action="store_true", help="retire without asking")
    return program


def _command(
    names: "argparse._SubParsersAction[ArgumentParser]",
    name: str,
    run: Any,  # noqa: ANN401  # argparse sets it as it is
    text: str,
) -> ArgumentParser:
    command = names.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    command.set_defaults(run=run)
    _place_options(command, is_default=False)
    return command


def _place_options(target: ArgumentParser, *, is_default: bool) -> None:
    """Before the command or after it: after it, a default would overwrite what stands before it."""
    where = target.add_mutually_exclusive_group()
    where.add_argument(
        "--stack", default="EwsPush" if is_default else SUPPRESS, help="the CloudFormation stack to work on (EwsPush)"
    )
    where.add_argument(
        "--local",
        action="store_true",
        default=False if is_default else SUPPRESS,
        help="work on what `make up` runs on this machine",
    )
