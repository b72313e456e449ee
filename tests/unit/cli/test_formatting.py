"""Fields of a subscription as text."""

from datetime import timedelta

import pytest

from cli import formatting
from ewspush.domain.subscription import State
from tests.builders import NOON


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
def test_a_time_is_printed_with_its_distance(seconds: float, text: str) -> None:
    """The distance comes first, in its largest fitting unit."""
    assert formatting.time_with_distance(NOON + timedelta(seconds=seconds), NOON) == text


@pytest.mark.parametrize("state", State)
def test_every_state_is_explained(state: State) -> None:
    """The explanation is a phrase, not a word."""
    assert len(formatting.STATES[state]) > 20
