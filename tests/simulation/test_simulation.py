"""The simulation in the small: some seeds, and that it is what it says; `make simulate` plays thousands."""

import io
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.simulation.__main__ import main
from tests.simulation.plan import Plan, drawn
from tests.simulation.runner import Task, failure_of, played, run
from tests.simulation.shrink import shrunk

SEEDS = 60


@pytest.mark.parametrize("first", range(0, SEEDS, 10))
def test_every_promise_holds(first: int) -> None:
    """Whatever goes wrong. A seed that fails is explained by `python -m tests.simulation --seed N --trace`."""
    failures = [failure_of(Task(), seed) for seed in range(first, first + 10)]
    assert [failure for failure in failures if failure is not None] == []


def test_a_calm_day_is_calm() -> None:
    """Nothing breaks: one subscription, no gap, everything told; also where the server's ways are unusual."""
    for seed in range(10):
        plan = drawn(seed)
        steps = [number for number, step in enumerate(plan.steps) if plan.only([number]).is_calm]
        assert plan.only(steps).is_calm
        assert played(plan.only(steps)) is None


def traced(seed: int) -> list[str]:
    """Return the trace of a seed."""
    lines: list[str] = []
    played(drawn(seed), lines.append)
    return lines


def test_a_seed_tells_the_same_story_again() -> None:
    """To the last line, in another process with other hashes too."""
    lines = traced(3)
    assert lines == traced(3)
    program = (
        "import sys; from tests.simulation.test_simulation import traced; sys.stdout.write(chr(10).join(traced(3)))"
    )
    command = [sys.executable, "-c", program]
    environment = {"PYTHONHASHSEED": "5", "PYTHONPATH": ":".join(sys.path)}
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603  # ours
    assert told.stdout.splitlines() == lines


def test_a_failing_seed_is_explained() -> None:
    """Its number, the invariant, the smallest story, the trace, and the command that shows it again."""
    out = io.StringIO()
    assert run(Task(mutant="silence-late"), range(40), jobs=1, out=out) == 1
    said = out.getvalue()
    (seed, *_) = re.findall(r"seed (\d+) breaks RenewedInTime", said)
    assert "Subscribe of generation" in said
    assert f"again: python -m tests.simulation --seed {seed} --steps" in said


def test_shrinking_keeps_only_what_is_needed() -> None:
    """A failure that needs two steps of many comes down to them."""
    plan = drawn(1)
    needed = {plan.steps[2], plan.steps[-1]}

    def play(some: Plan) -> object:
        return type("Broken", (), {"name": "x"}) if needed <= set(some.steps) else None

    assert shrunk(plan, "x", play) == [2, len(plan.steps) - 1]  # type: ignore[arg-type]


def test_a_plan_is_drawn_from_its_seed_alone() -> None:
    """Another seed, another plan; fewer steps are the same plan otherwise."""
    assert drawn(5) == drawn(5)
    assert drawn(5) != drawn(6)
    assert replace(drawn(5), steps=()) == drawn(5).only([])


def test_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Plays what it is told to; exit status 0 where all holds, 2 where it was not understood."""
    assert main(["--seed", "4", "--hours", "2", "--trace"]) == 0
    assert "nothing broke" in capsys.readouterr().out
    assert main(["--seeds", "4", "--hours", "2", "--jobs", "1"]) == 0
    with pytest.raises(SystemExit) as exit_info:
        main(["--mutant", "unheard-of"])
    assert exit_info.value.code == 2
