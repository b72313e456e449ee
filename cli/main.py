"""The entry point: parses the arguments, runs the command, and prints its errors."""

from collections.abc import Sequence
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from cli import console
from cli.aws_errors import describe
from cli.command_line import build_parser
from cli.exceptions import CommandError, InvalidFileError

_FAILED: Final = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` name (`sys.argv` by default); return the exit status."""
    parsed = build_parser().parse_args(arguments)
    try:
        status: int = parsed.run(parsed)
    except InvalidFileError as error:
        for line in error.lines:
            console.stderr().print(console.printable(line), soft_wrap=True)
        console.print_message(str(error))
        return error.status
    except CommandError as error:
        console.print_message(str(error))
        return error.status
    except (BotoCoreError, ClientError) as error:
        console.print_message(describe(error))
        return _FAILED
    except KeyboardInterrupt:
        console.print_message("interrupted; finished steps stay done, run the command again to continue")
        return _FAILED
    return status
