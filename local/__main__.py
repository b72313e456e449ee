"""The command line of one machine: `python -m local up` and `python -m local demo`."""

import argparse
import sys

from local.demo import demo
from local.deployment import DeploymentError
from local.emulator import EmulatorError
from local.up import up


def main() -> int:
    """Run what the command line asks for; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help="tell the story in the terminal; exit status 0 only if all of it held")
    run = commands.add_parser("up", help="run the stack until interrupted; prints one line of JSON when ready")
    run.add_argument("--port-base", type=int, metavar="N", help="first port to listen on (a free one by default)")
    run.add_argument(
        "--mailboxes", type=int, default=1, metavar="N", help="user1@example.com … to register (%(default)s)"
    )
    arguments = parser.parse_args()
    if arguments.command == "demo":
        return demo()
    try:
        return up(arguments.port_base, arguments.mailboxes)
    except (DeploymentError, EmulatorError) as error:
        print(f"local: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
