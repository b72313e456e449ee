"""The plan as `plan` prints it."""

from dataclasses import replace

import pytest

from cli.plan import make_plan
from cli.plan_output import print_plan
from ewspush.domain.desired import DesiredSubscription
from tests.builders import MAILBOX, NOON, TIMING, subscription
from tests.unit.cli.test_console import terminal

PLAN = make_plan([replace(DesiredSubscription(MAILBOX), folders=("inbox",))], [subscription()], TIMING, NOON)
KEY = subscription().key


def test_a_wide_terminal_shows_a_step_on_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason follows the title."""
    printed = terminal(monkeypatch, 80)
    print_plan(PLAN, "file -> stack")
    assert printed.getvalue().splitlines() == [
        "file -> stack",
        f"~ change     {MAILBOX} ({KEY})  folders: all -> inbox",
        "1 to change; 0 unchanged",
    ]


def test_a_narrow_terminal_shows_the_reason_below_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is indented."""
    printed = terminal(monkeypatch, 60)
    print_plan(PLAN, "file -> stack")
    assert [line.rstrip() for line in printed.getvalue().splitlines()] == [
        "file -> stack",
        f"~ change     {MAILBOX} ({KEY})",
        "             folders: all -> inbox",
        "1 to change; 0 unchanged",
    ]
