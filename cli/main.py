"""The way in: parse, carry out, and say in one line what went wrong."""

from collections.abc import Sequence
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from cli import screen
from cli.aws_errors import explained
from cli.errors import CommandError, InvalidFileError
from cli.parser import parser

_FAILED: Final = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out what was typed (`sys.argv` by default); return the exit status."""
    typed = parser().parse_args(arguments)
    try:
        status: int = typed.run(typed)
    except InvalidFileError as error:
        for line in error.lines:
            screen.messages().print(screen.clean(line), soft_wrap=True)
        screen.say(str(error))
        return error.status
    except CommandError as error:
        screen.say(str(error))
        return error.status
    except (BotoCoreError, ClientError) as error:
        screen.say(explained(error))
        return _FAILED
    except KeyboardInterrupt:
        screen.say("interrupted; what was done by then is done, and running it again goes on from there")
        return _FAILED
    return status
