"""subscriptions.toml: read, and refused as a whole where anything in it is wrong."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from cli.exceptions import InvalidFileError
from cli.parsing import Fault, read
from cli.toml_lines import Locator
from ewspush.domain.desired import DesiredSubscription

_POSITION: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
"""How tomllib says where; from Python 3.14 on the error has attributes too."""


def wishes_in(path: Path) -> list[DesiredSubscription]:
    """Return the wishes of the file at `path`. Raises `InvalidFileError` with all that is wrong."""
    text = _text(path)
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError also for numbers of thousands of digits
        raise _invalid(path, [_syntax_error(path, text, error)]) from error
    return _wishes(path, text, document)


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        message = f'{path}: there is no such file; write one (docs/subscriptions.md), or name it with "--file"'
        raise InvalidFileError(message) from error
    except OSError as error:
        message = f"{path}: can't be read: {error.strerror}"
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
    what = _POSITION.sub("", str(error)) if isinstance(error, ValueError) else "nested too deeply"
    return f'{path}:{line}: this is not TOML: {what}{column}; example: mailbox = "alice@example.com"'


def _wishes(path: Path, text: str, document: dict[str, Any]) -> list[DesiredSubscription]:
    reading = read(document)
    if reading.faults:
        locator = Locator(text)
        raise _invalid(path, [line for _, line in sorted(_told(path, locator, fault) for fault in reading.faults)])
    return reading.wishes


def _told(path: Path, locator: Locator, fault: Fault) -> tuple[int, str]:
    line = locator.line(fault.path, fault.value)
    other = fault.text.replace("{line}", str(locator.line(fault.like))) if fault.like else fault.text
    return line, f"{path}:{line}: {other}"


def _invalid(path: Path, lines: list[str]) -> InvalidFileError:
    errors = "1 error" if len(lines) == 1 else f"{len(lines)} errors"
    return InvalidFileError(f"{errors} in {path}; nothing was changed", lines)
