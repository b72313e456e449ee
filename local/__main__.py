"""The stack on this machine: `python -m local up` and `python -m local demo`."""

import argparse
import sys
from pathlib import Path

from local import emulator
from local.demo import demo
from local.deployment import DeploymentError
from local.emulator import EmulatorError
from local.mail_server import MailServerError
from local.schedule import SCHEDULER_MINUTE_SECONDS, KeeperRunError
from local.up import NotActiveError, up


def main() -> int:
    """Run the command; return the exit status."""
    arguments = _parser().parse_args()
    try:
        emulator.install()
        if arguments.command == "demo":
            return demo()
        return up(arguments.port_base, arguments.mailboxes, arguments.minute, arguments.subscriptions)
    except (DeploymentError, EmulatorError, KeeperRunError, MailServerError, NotActiveError) as error:
        print(f"local: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help="show in the terminal how it works; exit status 0 only if every check passed")
    run = commands.add_parser("up", help="run the stack until Ctrl-C; prints one line of JSON when it is ready")
    run.add_argument("--port-base", type=int, metavar="N", help="first port to listen on (a free one by default)")
    run.add_argument(
        "--minute", type=_minute, default=60, metavar="SECONDS", help="length of a protocol minute (%(default)s)"
    )
    run.add_argument(
        "--subscriptions", type=Path, metavar="FILE", help="apply this file instead of subscribing to the mailboxes"
    )
    run.add_argument(
        "--mailboxes",
        type=int,
        default=1,
        metavar="N",
        help="create user1@example.com to userN@example.com (%(default)s)",
    )
    return parser


def _minute(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= SCHEDULER_MINUTE_SECONDS:
        message = f"a protocol minute lasts more than 0 and at most {SCHEDULER_MINUTE_SECONDS:.0f} seconds"
        raise argparse.ArgumentTypeError(message)
    return seconds


if __name__ == "__main__":
    sys.exit(main())
