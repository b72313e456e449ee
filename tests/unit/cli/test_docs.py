"""docs/subscriptions.md matches the code."""

import re
from pathlib import Path

import pytest

from cli.command_line import build_parser
from cli.ews_names import EVENT_TYPE_NAMES
from cli.exceptions import InvalidFileError
from cli.parsing import SUBSCRIPTION_KEYS
from cli.subscription_file import read_desired
from ewspush.domain.desired import DEFAULT_STATUS_FREQUENCY_MINUTES
from ewspush.domain.subscription import State
from ewspush.protocol.soap import DISTINGUISHED_FOLDERS

PAGE = (Path(__file__).parents[3] / "docs" / "subscriptions.md").read_text()
VALID, INVALID = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_is_valid(tmp_path: Path) -> None:
    """It has two subscriptions, and the default applies to one."""
    (tmp_path / "subscriptions.toml").write_text(VALID)
    alice, bob = read_desired(tmp_path / "subscriptions.toml")
    assert (alice.mailbox, alice.status_frequency_minutes) == ("alice@example.com", 30)
    assert (bob.name, len(bob.folders), len(bob.event_types)) == ("calendar", 2, 4)


def test_the_errors_of_the_example_are_quoted_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page shows every line."""
    monkeypatch.chdir(tmp_path)
    Path("subscriptions.toml").write_text(INVALID)
    with pytest.raises(InvalidFileError) as caught:
        read_desired(Path("subscriptions.toml"))
    (printed,) = re.findall(r"gets\n\n```\n(.*?)```", PAGE, re.DOTALL)
    assert [*caught.value.lines, f"ews-push: {caught.value}"] == printed.splitlines()


def test_every_folder_is_listed() -> None:
    """The page lists no other name."""
    (listed,) = re.findall(r"Names of folders are (.*?)\.", PAGE, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", listed)) == DISTINGUISHED_FOLDERS


@pytest.mark.parametrize("key", SUBSCRIPTION_KEYS)
def test_every_key_is_in_the_table(key: str) -> None:
    """The default of `status_frequency` is right."""
    row = re.search(rf"^\| `{key}` \| (.*?) \|", PAGE, re.MULTILINE)
    assert row is not None
    if key == "status_frequency":
        assert row[1] == f"`{DEFAULT_STATUS_FREQUENCY_MINUTES}`"


@pytest.mark.parametrize("word", [*EVENT_TYPE_NAMES, *State])
def test_every_event_type_and_state_is_named(word: str) -> None:
    """The page has it in backticks."""
    assert f"`{word}`" in PAGE


def test_every_command_is_in_the_table() -> None:
    """The table has the commands of the help, in the same order."""
    (section,) = re.findall(r"## Commands\n(.*?)\n### ", PAGE, re.DOTALL)
    documented = re.findall(r"^\| `([a-z]+)[ `]", section, re.MULTILINE)
    assert documented == re.findall(r"^    ([a-z]+) ", build_parser().format_help(), re.MULTILINE)


def test_the_example_file_is_valid() -> None:
    """The README tells operators to copy it."""
    alice, bob = read_desired(Path(__file__).parents[3] / "docs" / "subscriptions.example.toml")
    assert (alice.folders, alice.status_frequency_minutes) == ((), DEFAULT_STATUS_FREQUENCY_MINUTES)
    assert (bob.name, bob.folders, len(bob.event_types), bob.status_frequency_minutes) == (
        "appointments",
        ("calendar",),
        4,
        5,
    )
