"""Output for a terminal or a pipe."""

from io import StringIO

import pytest
from rich.console import Console

from cli import console


def test_texts_of_the_mail_server_can_not_control_the_terminal() -> None:
    """Control characters and line breaks become blanks."""
    assert console.printable("a\x1b[31mb\r\nc\u202ed") == "a [31mb  c d"


def terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> StringIO:
    """Return what is printed on a terminal with so many columns."""
    printed = StringIO()
    made = Console(file=printed, width=columns, force_terminal=True, color_system=None, markup=False, highlight=False)
    monkeypatch.setattr(console, "stdout", lambda: made)
    return printed


ROWS = [("alice@example.com", "", "5 attempts: ErrorServerBusy"), ("bob@example.com", "all", "")]
HEADINGS = ("mailbox", "folders", "last error")


def test_a_terminal_wraps_a_table_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first column is never wrapped."""
    printed = terminal(monkeypatch, 50)
    console.print_columns(ROWS, HEADINGS)
    _, heading, _, *lines, _ = (line.split() for line in printed.getvalue().splitlines())
    assert heading == ["mailbox", "folders", "last", "error"]
    assert lines == [["alice@example.com", "5", "attempts:"], ["ErrorServerBusy"], ["bob@example.com", "all"]]


def test_a_terminal_too_narrow_for_a_table_shows_paragraphs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty cells are left out, and no word is cut."""
    printed = terminal(monkeypatch, 40)
    console.print_columns(ROWS, HEADINGS)
    assert [line.rstrip() for line in printed.getvalue().splitlines()] == [
        "alice@example.com",
        "    last error: 5 attempts:",
        "    ErrorServerBusy",
        "bob@example.com",
        "    folders: all",
    ]
