"""Everything about one subscription."""

from datetime import timedelta

import pytest

from cli import formatting
from cli.show_output import facts
from ewspush.domain.subscription import GapReason, State
from tests.builders import NOON, subscription


@pytest.mark.parametrize("reason", GapReason)
def test_every_reason_of_a_suspected_gap_is_explained(reason: GapReason) -> None:
    """The line also has the time since when."""
    line = dict(facts(subscription(suspected_gap_since=NOON, suspected_gap_reason=reason), NOON))["suspected gap"]
    assert formatting.GAP_REASONS[reason] in line
    assert "2026-03-04T12:00:00Z" in line


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "the keeper renews it if no push has arrived for 30 minutes"),
        ({"min_generation": 2}, "the keeper sends a Subscribe, because the settings changed"),
        ({"state": State.WANTED}, "the keeper sends a Subscribe"),
        ({"state": State.LAPSED}, "the keeper sends a Subscribe"),
        ({"state": State.SUSPENDED}, "after a correction, `ews-push apply` tries at once"),
        ({"state": State.RETIRED}, "answered with Unsubscribe, and the mail server stops"),
        ({"state": State.SUSPENDED, "next_check_at": None}, "none; run `ews-push apply` to try again"),
        (
            {"next_check_at": NOON - timedelta(minutes=6)},
            "the check is overdue: the dashboard shows whether the keeper runs",
        ),
    ],
)
def test_the_next_check_is_explained(changes: dict[str, object], text: str) -> None:
    """The text depends on the state, and on whether the check is overdue."""
    shown = subscription(**{"next_check_at": NOON + timedelta(minutes=12), **changes})
    assert dict(facts(shown, NOON))["next check"].endswith(text)


def test_errors_have_lines_only_if_there_are_any() -> None:
    """A subscription without errors has neither line."""
    failing = subscription(attempts=2, last_error="ErrorServerBusy: busy", lost_code="ErrorReadEventsFailed")
    assert dict(facts(failing, NOON))["last error"] == "2 attempts: ErrorServerBusy: busy"
    assert dict(facts(failing, NOON))["lost"] == "the mail server ended this generation with ErrorReadEventsFailed"
    assert not {"last error", "lost", "suspected gap"} & set(dict(facts(subscription(), NOON)))


def test_a_pending_generation_is_shown() -> None:
    """No answer and no push has confirmed its Subscribe."""
    expected = "1; generation 2 was sent and is not confirmed yet"
    assert dict(facts(subscription(pending_generation=2), NOON))["generation"] == expected
