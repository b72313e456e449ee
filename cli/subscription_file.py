"""subscriptions.toml: read, and refused as a whole if anything in it is wrong."""

import re
import tomllib
from pathlib import Path
from typing import Final

from cli.exceptions import InvalidFileError
from cli.parsing import parse
from cli.toml_lines import TomlLines
from cli.validation import Problem
from ewspush.domain.desired import DesiredSubscription

_POSITION: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
"""How tomllib gives the position; from Python 3.14 on the error also has attributes."""


def read_desired(path: Path) -> list[DesiredSubscription]:
    """Return the desired subscriptions of the file at `path`. Raises `InvalidFileError` with all of its errors."""
    text = _read_text(path)
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError also for numbers of thousands of digits
        raise _invalid(path, [_syntax_error(path, text, error)]) from error
    parsed = parse(document)
    if parsed.problems:
        raise _invalid(path, _error_lines(path, TomlLines(text), parsed.problems))
    return parsed.desired


def _read_text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        message = f"{path}: the file does not exist; create it (docs/subscriptions.md), or name another with --file"
        raise InvalidFileError(message) from error
    except OSError as error:
        message = f"{path}: the file can't be read: {error.strerror}"
        raise InvalidFileError(message) from error
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _invalid(path, [f"{path}:{line}: the file must be saved as UTF-8"]) from error


def _syntax_error(path: Path, text: str, error: Exception) -> str:
    position = _POSITION.search(str(error))
    lines = text.rstrip("\n").count("\n") + 1
    line = int(position[1]) if position and position[1] else lines if position else 1
    column = f" (column {position[2]})" if position and position[2] else ""
    reason = _POSITION.sub("", str(error)) if isinstance(error, ValueError) else "nested too deeply"
    return f'{path}:{line}: this is not valid TOML: {reason}{column}; example: mailbox = "alice@example.com"'


def _error_lines(path: Path, lines: TomlLines, problems: list[Problem]) -> list[str]:
    """Return a line of text for each problem, in the order of the file."""
    located = []
    for problem in problems:
        line = lines.line_of(problem.path, problem.value)
        text = problem.text.replace("{line}", str(lines.line_of(problem.other))) if problem.other else problem.text
        located.append((line, f"{path}:{line}: {text}"))
    return [text for _, text in sorted(located)]


def _invalid(path: Path, lines: list[str]) -> InvalidFileError:
    errors = "1 error" if len(lines) == 1 else f"{len(lines)} errors"
    return InvalidFileError(f"{errors} in {path}; nothing was changed", lines)
