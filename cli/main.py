"""The way in: parse, carry out, and say in one line what went wrong."""

from collections.abc import Sequence
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from cli import console
from cli.aws_errors import explained
from cli.command_line import parser
from cli.exceptions import CommandError, InvalidFileError

_FAILED: Final = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out what was typed (`sys.argv` by default); return the exit status."""
    typed = parser().parse_args(arguments)
    try:
        status: int = typed.run(typed)
    except InvalidFileError as error:
        for line in error.lines:
            console.messages().print(console.clean(line), soft_wrap=True)
        console.say(str(error))
        return error.status
    except CommandError as error:
        console.say(str(error))
        return error.status
    except (BotoCoreError, ClientError) as error:
        console.say(explained(error))
        return _FAILED
    except KeyboardInterrupt:
        console.say("interrupted; what was done by then is done, and running it again goes on from there")
        return _FAILED
    return status
