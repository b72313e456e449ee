"""What goes wrong at the command line.

CommandError              one line on stderr, and an exit status
├── WronglyCalledError    2: it can't be done as it was asked for
│   └── InvalidFileError  2: as above, for the file; a line of text for each error in it
└── FailedError           1: it was asked for well, and did not come about
"""

from collections.abc import Sequence
from typing import ClassVar


class CommandError(Exception):
    """Raised where a command ends early; the text is for whoever typed it."""

    status: ClassVar[int]


class WronglyCalledError(CommandError):
    """Raised for a command that can't be carried out as it was typed, before anything was changed."""

    status = 2


class InvalidFileError(WronglyCalledError):
    """Raised for a file with errors; `lines` tells each with its place, the text what follows from them."""

    def __init__(self, text: str, lines: Sequence[str] = ()) -> None:
        """Take what to say in the end, and the errors."""
        super().__init__(text)
        self.lines = lines


class FailedError(CommandError):
    """Raised where something is missing or does not answer; the text says what to do."""

    status = 1
