"""The command line of one machine: `python -m local up` and `python -m local demo`."""

import argparse
import sys
from pathlib import Path

from local.demo import demo
from local.deployment import DeploymentError
from local.emulator import EmulatorError
from local.mail_server import MailServerError
from local.schedule import SCHEDULERS_MINUTE
from local.up import NotLiveError, up


def main() -> int:
    """Run what the command line asks for; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help="tell the story in the terminal; exit status 0 only if all of it held")
    run = commands.add_parser("up", help="run the stack until interrupted; prints one line of JSON when ready")
    run.add_argument("--port-base", type=int, metavar="N", help="first port to listen on (a free one by default)")
    run.add_argument(
        "--minute", type=_minute, default=60, metavar="SECONDS", help="how long a protocol minute lasts (%(default)s)"
    )
    run.add_argument("--subscriptions", type=Path, metavar="FILE", help="a subscriptions.toml to apply instead")
    run.add_argument(
        "--mailboxes", type=int, default=1, metavar="N", help="user1@example.com … to subscribe to (%(default)s)"
    )
    arguments = parser.parse_args()
    if arguments.command == "demo":
        return demo()
    try:
        return up(arguments.port_base, arguments.mailboxes, arguments.minute, arguments.subscriptions)
    except (DeploymentError, EmulatorError, MailServerError, NotLiveError) as error:
        print(f"local: {error}", file=sys.stderr)
        return 1


def _minute(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= SCHEDULERS_MINUTE:
        message = f"a protocol minute lasts more than 0 and at most {SCHEDULERS_MINUTE:.0f} seconds"
        raise argparse.ArgumentTypeError(message)
    return seconds


if __name__ == "__main__":
    sys.exit(main())
