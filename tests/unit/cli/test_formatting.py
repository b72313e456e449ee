"""Rows in words."""

from datetime import timedelta

import pytest

from cli import console, formatting
from cli.show_output import facts
from ewspush.domain.events import GapReason
from ewspush.domain.subscription import State
from tests.stories import NOON, subscription


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "now (2026-03-04T12:00:00Z)"),
        (1, "in 1 second (2026-03-04T12:00:01Z)"),
        (-119, "119 seconds ago (2026-03-04T11:58:01Z)"),
        (-120, "2 minutes ago (2026-03-04T11:58:00Z)"),
        (3 * 3600, "in 3 hours (2026-03-04T15:00:00Z)"),
        (-90 * 86400, "90 days ago (2025-12-04T12:00:00Z)"),
    ],
)
def test_a_moment_is_told_both_ways(seconds: float, text: str) -> None:
    """As people say it, and as clocks do."""
    assert formatting.when(NOON + timedelta(seconds=seconds), NOON) == text


@pytest.mark.parametrize("kind", State)
def test_every_state_is_explained(kind: State) -> None:
    """To somebody who has never heard of it."""
    assert len(formatting.STATES[kind]) > 20


@pytest.mark.parametrize("reason", GapReason)
def test_every_doubt_is_explained(reason: GapReason) -> None:
    """In the line that says since when."""
    told = dict(facts(subscription(suspected_gap_since=NOON, suspected_gap_reason=reason), NOON))["in doubt"]
    assert formatting.GAP_REASONS[reason] in told
    assert "2026-03-04T12:00:00Z" in told


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "if nothing was heard for 30 minutes by then, it subscribes anew"),
        ({"min_generation": 2}, "the keeper sends a Subscribe, for what is wanted was changed"),
        ({"state": State.WANTED}, "the keeper sends a Subscribe"),
        ({"state": State.LAPSED}, "the keeper sends a Subscribe"),
        ({"state": State.SUSPENDED}, "when it is put right, `ews-push apply` tries at once"),
        ({"state": State.RETIRED}, "answered with Unsubscribe, and then it stops"),
        ({"state": State.SUSPENDED, "next_check_at": None}, "nothing by itself: `ews-push apply` tries again"),
        ({"next_check_at": NOON - timedelta(minutes=6)}, "it is late: is the keeper running? (see the dashboard)"),
    ],
)
def test_what_comes_next_is_told(changes: dict[str, object], text: str) -> None:
    """By state, and whether it should have come already."""
    row = subscription(**{"next_check_at": NOON + timedelta(minutes=12), **changes})
    assert dict(facts(row, NOON))["next"].endswith(text)


def test_trouble_is_told_where_there_is_some() -> None:
    """And is no line where there is none."""
    row = subscription(attempts=2, last_error="ErrorServerBusy: busy", lost_code="ErrorReadEventsFailed")
    assert dict(facts(row, NOON))["trouble"] == "2 tries: ErrorServerBusy: busy"
    assert dict(facts(row, NOON))["lost"] == "the mail server ended it with ErrorReadEventsFailed"
    assert not {"trouble", "lost", "in doubt"} & set(dict(facts(subscription(), NOON)))


def test_a_generation_on_its_way_is_told() -> None:
    """It may come to life any moment."""
    row = subscription(pending_generation=2)
    assert dict(facts(row, NOON))["generation"] == "1; 2 was sent, and is waited for"


def test_texts_of_the_server_can_not_command_the_terminal() -> None:
    """Escape sequences and line breaks are blanks."""
    assert console.clean("a\x1b[31mb\r\nc\u202ed") == "a [31mb  c d"
