"""docs/subscriptions.md says what is so."""

import re
from pathlib import Path

import pytest

from cli.command_line import parser
from cli.ews_names import EVENT_TYPE_NAMES
from cli.exceptions import InvalidFileError
from cli.subscription_file import wishes_in
from cli.validation import SUBSCRIPTION
from ewspush.domain.desired import DEFAULT_STATUS_FREQUENCY_MINUTES
from ewspush.domain.subscription import State
from ewspush.protocol.soap import DISTINGUISHED_FOLDERS

PAGE = (Path(__file__).parents[3] / "docs" / "subscriptions.md").read_text()
GOOD, BAD = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_is_a_good_file(tmp_path: Path) -> None:
    """With both of its subscriptions, and the default in force."""
    (tmp_path / "subscriptions.toml").write_text(GOOD)
    alice, bob = wishes_in(tmp_path / "subscriptions.toml")
    assert (alice.mailbox, alice.status_frequency_minutes) == ("alice@example.com", 30)
    assert (bob.name, len(bob.folders), len(bob.event_types)) == ("calendar", 2, 4)


def test_the_errors_are_those_of_the_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the letter."""
    monkeypatch.chdir(tmp_path)
    Path("subscriptions.toml").write_text(BAD)
    with pytest.raises(InvalidFileError) as caught:
        wishes_in(Path("subscriptions.toml"))
    (printed,) = re.findall(r"gets\n\n```\n(.*?)```", PAGE, re.DOTALL)
    assert [*caught.value.lines, f"ews-push: {caught.value}"] == printed.splitlines()


def test_every_folder_is_listed() -> None:
    """And no other."""
    (listed,) = re.findall(r"Names of folders are (.*?)\.", PAGE, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", listed)) == DISTINGUISHED_FOLDERS


@pytest.mark.parametrize("key", SUBSCRIPTION)
def test_every_key_is_in_the_table(key: str) -> None:
    """With its default."""
    row = re.search(rf"^\| `{key}` \| (.*?) \|", PAGE, re.MULTILINE)
    assert row is not None
    if key == "status_frequency":
        assert row[1] == f"`{DEFAULT_STATUS_FREQUENCY_MINUTES}`"


@pytest.mark.parametrize("word", [*EVENT_TYPE_NAMES, *State])
def test_every_event_type_and_state_is_named(word: str) -> None:
    """As it is written."""
    assert f"`{word}`" in PAGE


def test_every_command_is_in_the_table() -> None:
    """And the help has no other."""
    (section,) = re.findall(r"## Commands\n(.*?)\n### ", PAGE, re.DOTALL)
    documented = re.findall(r"^\| `([a-z]+)[ `]", section, re.MULTILINE)
    assert documented == re.findall(r"^    ([a-z]+) ", parser().format_help(), re.MULTILINE)


def test_the_file_to_begin_with_is_a_good_one() -> None:
    """The README has it copied."""
    alice, bob = wishes_in(Path(__file__).parents[3] / "docs" / "subscriptions.example.toml")
    assert (alice.folders, alice.status_frequency_minutes) == ((), DEFAULT_STATUS_FREQUENCY_MINUTES)
    assert (bob.name, bob.folders, len(bob.event_types), bob.status_frequency_minutes) == (
        "appointments",
        ("calendar",),
        4,
        5,
    )
