"""Suggestions for misspelt words."""

from ewspush.protocol.soap import DISTINGUISHED_FOLDERS
from infra.did_you_mean import closest


def test_a_word_of_another_case_and_with_blanks_is_suggested() -> None:
    """The suggestion is the known word as it is."""
    assert closest(" calender ", ["Calendar", "inbox"]) == "Calendar"


def test_nothing_is_suggested_for_a_word_that_resembles_none() -> None:
    """A wrong suggestion would mislead."""
    assert closest("projects-2026", DISTINGUISHED_FOLDERS) is None
    assert closest("bob@example.com", ["dave@example.com"], cutoff=0.8) is None
