"""Lines of a TOML file."""

import pytest

from cli.toml_lines import Locator, Path

TEXT = '''# [[subscription]] in a comment
title = "mailbox = 1"

[defaults]   # header
folders = [
  "inbox",  # ], "calendar"
  "calendar",
]

[[subscription]]
mailbox = "alice@example.com"
"name" = """
[[subscription]]
mailbox = 'x'"""
[ "subscription" ]
odd.key = 1

[[subscription]]
mailbox = 'bob@example.com'; rest = [{a = 1}, "]"]
event_types = ["new_mail"]
'''


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ((), "", 1),
        (("title",), "", 2),
        (("defaults",), "", 4),
        (("defaults", "folders"), "", 5),
        (("defaults", "folders"), "calendar", 6),
        (("subscription", 0), "", 10),
        (("subscription", 0, "mailbox"), "", 11),
        (("subscription", 0, "name"), "", 12),
        (("subscription", 0, "odd"), "", 16),
        (("subscription", 0, "odd", "key"), "", 16),
        (("subscription", 1), "", 18),
        (("subscription", 1, "mailbox"), "", 19),
        (("subscription", 1, "event_types"), "new_mail", 20),
    ],
)
def test_a_value_is_found_in_its_line(path: Path, value: str, line: int) -> None:
    """Past comments, long strings and arrays that look like headers and keys."""
    assert Locator(TEXT).line(path, value) == line


def test_a_key_that_is_missing_is_told_by_its_table() -> None:
    """There is no better place."""
    assert Locator(TEXT).line(("subscription", 1, "name")) == 18


def test_a_value_that_is_written_otherwise_is_told_by_its_key() -> None:
    """Like one with escapes in it."""
    assert Locator('a = 1\nb = ["\\u0061",\n"c"]').line(("b",), "a") == 2


def test_a_table_of_an_inline_array_is_told_by_the_array() -> None:
    """It has no header of its own."""
    assert Locator('\nsubscription = [{mailbox = "a"}]').line(("subscription", 0, "mailbox")) == 2
