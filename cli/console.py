"""The terminal, or whatever stands in its place: then without colour, and with lines as long as they have to be."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeVar

from rich import box
from rich.console import Console
from rich.progress import track
from rich.table import Table

_Item = TypeVar("_Item")

_NO_WIDTH: Final = 1_000_000
"""Columns that are not a terminal's: nothing is folded or cut."""

_LONG_RUN: Final = 50
"""Steps from which on it is worth to show how far it is."""

_OUR_WORD: Final = "ews-push"


def output() -> Console:
    """Return what results go to."""
    return _console(is_error=False)


def messages() -> Console:
    """Return what is not a result goes to: errors, questions, progress."""
    return _console(is_error=True)


def _console(*, is_error: bool) -> Console:
    """Texts of a mail server stand in the output, so nothing in it is markup."""
    stream = sys.stderr if is_error else sys.stdout
    width = None if stream.isatty() else _NO_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


def print_columns(rows: Sequence[Sequence[str]], headings: Sequence[str] = (), whole: int = 1) -> None:
    """Print `rows` in columns. Only a terminal's width folds them, and never the first `whole` columns."""
    console = output()
    cleaned = [[clean(cell) for cell in row] for row in rows]
    if not console.is_terminal:
        for line in _aligned([list(headings), *cleaned] if headings else cleaned):
            console.print(line, soft_wrap=True)
        return
    table = Table(box=box.SIMPLE_HEAD if headings else None, show_header=bool(headings), pad_edge=False)
    for number in range(max(map(len, cleaned), default=0)):
        heading = headings[number] if headings else ""
        table.add_column(heading, overflow="fold", no_wrap=number < whole)
    for row in cleaned:
        table.add_row(*row)
    console.print(table)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def say(text: str) -> None:
    """Write one line to stderr."""
    messages().print(f"{_OUR_WORD}: {clean(text)}", soft_wrap=True)


def asked(question: str) -> bool:
    """Ask; anything but yes is no."""
    messages().print(f"{question} [y/N] ", end="", soft_wrap=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def followed(items: Iterable[_Item], total: int, what: str) -> Iterator[_Item]:
    """Yield `items`; show how far it is, where it takes long and somebody looks."""
    console = messages()
    is_watched = console.is_terminal and total >= _LONG_RUN
    yield from track(items, what, total=total, console=console, transient=True, disable=not is_watched)


def clean(text: str) -> str:
    """Return `text` in one line and without what a terminal would obey: parts of it come from the mail server."""
    return "".join(character if character.isprintable() else " " for character in text)
