"""The exceptions that end a command, each with its exit status.

CommandError              one line on stderr
├── InvalidUsageError     2: the command can't run as it was typed
│   └── InvalidFileError  2: the file has errors; one line for each
└── FailedError           1: the command is valid and did not succeed
"""

from collections.abc import Sequence
from typing import ClassVar


class CommandError(Exception):
    """Raised when a command ends early; its text is what the operator reads."""

    status: ClassVar[int]


class InvalidUsageError(CommandError):
    """Raised for a command that can't run as it was typed, before anything is changed."""

    status = 2


class InvalidFileError(InvalidUsageError):
    """Raised for a file with errors; `lines` holds one line for each, the text sums them up."""

    def __init__(self, text: str, lines: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.lines = lines


class FailedError(CommandError):
    """Raised when something is missing or does not answer; the text says what to do."""

    status = 1
