"""Output for a terminal; for a file or a pipe without colour, and with lines of any length."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeVar

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.progress import track
from rich.table import Table

_Item = TypeVar("_Item")

_UNLIMITED_COLUMNS: Final = 1_000_000
"""The width of what is not a terminal: no line is wrapped or cut."""

_MIN_STEPS_FOR_PROGRESS: Final = 50

_PROGRAM: Final = "ews-push"


def stdout() -> Console:
    """Return the console for results."""
    return _console(is_error=False)


def stderr() -> Console:
    """Return the console for errors, questions and progress."""
    return _console(is_error=True)


def _console(*, is_error: bool) -> Console:
    """No markup is interpreted, because the output has texts of the mail server in it."""
    stream = sys.stderr if is_error else sys.stdout
    width = None if stream.isatty() else _UNLIMITED_COLUMNS
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


def print_columns(rows: Sequence[Sequence[str]], headings: Sequence[str] = (), unwrapped: int = 1) -> None:
    """Print `rows` in columns. A terminal wraps them between words, except for the first `unwrapped` columns.

    If a terminal is too narrow for that, each row becomes a title and a paragraph.
    """
    output = stdout()
    cells = [[printable(cell) for cell in row] for row in rows]
    if not output.is_terminal:
        for line in _aligned([list(headings), *cells] if headings else cells):
            output.print(line, soft_wrap=True)
        return
    table = _table(cells, headings, unwrapped)
    if headings and _min_width(table, output) > output.width:
        _print_paragraphs(cells, headings, unwrapped, output)
    else:
        output.print(table)


def _table(rows: Sequence[Sequence[str]], headings: Sequence[str], unwrapped: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD if headings else None, show_header=bool(headings), pad_edge=False)
    for number in range(max(map(len, rows), default=0)):
        heading = headings[number] if headings else ""
        table.add_column(heading, overflow="fold", no_wrap=number < unwrapped)
    for row in rows:
        table.add_row(*row)
    return table


def _min_width(table: Table, output: Console) -> int:
    return Measurement.get(output, output.options.update(max_width=_UNLIMITED_COLUMNS), table).minimum


def _print_paragraphs(rows: Sequence[Sequence[str]], headings: Sequence[str], unwrapped: int, output: Console) -> None:
    for row in rows:
        output.print("  ".join(row[:unwrapped]), style="bold", soft_wrap=True)
        pairs = zip(headings[unwrapped:], row[unwrapped:], strict=True)
        text = "; ".join(f"{heading}: {cell}" for heading, cell in pairs if cell)
        output.print(Padding(text, (0, 0, 0, 4)))


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def print_message(text: str) -> None:
    """Print one line to stderr, after the name of the program."""
    stderr().print(f"{_PROGRAM}: {printable(text)}", soft_wrap=True)


def confirm(question: str) -> bool:
    """Ask on stderr, read the answer from stdin; return whether it is yes."""
    stderr().print(f"{question} [y/N] ", end="", soft_wrap=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def with_progress(items: Iterable[_Item], total: int, description: str) -> Iterator[_Item]:
    """Yield `items`; on a terminal, show a progress bar if there are many."""
    output = stderr()
    is_shown = output.is_terminal and total >= _MIN_STEPS_FOR_PROGRESS
    yield from track(items, description, total=total, console=output, transient=True, disable=not is_shown)


def printable(text: str) -> str:
    """Return `text` in one line without control characters, which a mail server may have put in."""
    return "".join(character if character.isprintable() else " " for character in text)
