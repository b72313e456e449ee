"""Line numbers of a TOML file."""

import pytest

from cli.toml_lines import Path, TomlLines

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
def test_a_table_key_or_value_has_its_line(path: Path, value: str, line: int) -> None:
    """Comments, long strings and arrays that look like headers and keys are skipped."""
    assert TomlLines(TEXT).line_of(path, value) == line


def test_a_missing_key_has_the_line_of_its_table() -> None:
    """The table would contain it."""
    assert TomlLines(TEXT).line_of(("subscription", 1, "name")) == 18


def test_an_escaped_value_has_the_line_of_its_key() -> None:
    """The text of the file differs from the value."""
    assert TomlLines('a = 1\nb = ["\\u0061",\n"c"]').line_of(("b",), "a") == 2


def test_an_inline_table_has_the_line_of_its_array() -> None:
    """It has no header of its own."""
    assert TomlLines('\nsubscription = [{mailbox = "a"}]').line_of(("subscription", 0, "mailbox")) == 2
