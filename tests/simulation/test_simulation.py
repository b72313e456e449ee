"""Some seeds of the simulation, and that seeds are reproducible; `make simulate` plays thousands."""

import io
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.simulation.__main__ import main
from tests.simulation.batch import run
from tests.simulation.failpoint_kinds import CALLS, RENEWAL_SITES
from tests.simulation.failpoints import ATTEMPT, SYNC_STEP, WRITE_PURPOSES
from tests.simulation.plan import Plan, draw_plan
from tests.simulation.runner import Task, failure_of, play
from tests.simulation.shrink import shrink
from tests.simulation.system import System

SEEDS = 60


@pytest.mark.parametrize("first", range(0, SEEDS, 10))
def test_every_invariant_holds(first: int) -> None:
    """`python -m tests.simulation --seed N --trace` explains a seed that fails."""
    failures = [failure_of(Task(), seed) for seed in range(first, first + 10)]
    assert [failure for failure in failures if failure is not None] == []


def test_without_faults_there_is_no_renewal_and_no_gap() -> None:
    """One subscription, and everything published by push; also where the server's settings are unusual."""
    for seed in range(10):
        plan = draw_plan(seed)
        steps = [number for number, step in enumerate(plan.steps) if plan.only([number]).is_calm]
        assert plan.only(steps).is_calm
        assert play(plan.only(steps)) is None


def traced(seed: int) -> list[str]:
    """Return the trace of a seed."""
    lines: list[str] = []
    play(draw_plan(seed), lines.append)
    return lines


@pytest.mark.starts_processes
def test_a_seed_has_the_same_trace_each_time() -> None:
    """To the last line, in another process with other hashes too."""
    lines = traced(3)
    assert lines == traced(3)
    program = (
        "import sys; from tests.simulation.test_simulation import traced; sys.stdout.write(chr(10).join(traced(3)))"
    )
    command = [sys.executable, "-c", program]
    environment = {"PYTHONHASHSEED": "5", "PYTHONPATH": ":".join(sys.path)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603  # ours
    assert ended.stdout.splitlines() == lines


def test_a_failing_seed_is_explained() -> None:
    """Its number, the invariant, the smallest scenario, the trace, and the command that shows it again."""
    out = io.StringIO()
    assert run(Task(mutant="silence-noticed-late"), range(2, 40), jobs=1, out=out) == 1
    printed = out.getvalue()
    (seed, *_) = re.findall(r"seed (\d+) breaks RenewedInTime", printed)
    assert "Subscribe of generation" in printed
    assert f"again: python -m tests.simulation --seed {seed} --steps" in printed


def test_shrinking_keeps_only_what_is_needed() -> None:
    """A failure that needs two steps of many comes down to them."""
    plan = draw_plan(1)
    needed = {plan.steps[2], plan.steps[-1]}

    def play_some(some: Plan) -> object:
        return type("Broken", (), {"name": "x"}) if needed <= set(some.steps) else None

    assert shrink(plan, "x", play_some) == [2, len(plan.steps) - 1]  # type: ignore[arg-type]


def test_a_plan_is_drawn_from_its_seed_alone() -> None:
    """Another seed, another plan; fewer steps are the same plan otherwise."""
    assert draw_plan(5) == draw_plan(5)
    assert draw_plan(5) != draw_plan(6)
    assert replace(draw_plan(5), steps=()) == draw_plan(5).only([])


@pytest.mark.parametrize("call", sorted({*CALLS, *(call for _, call in RENEWAL_SITES)}))
def test_a_failpoint_is_at_a_call_that_exists(call: str) -> None:
    """A port that renames a method would leave a failpoint that nothing triggers."""
    port, method, purpose = (*call.split("."), "", "")[:3]
    ports = System(draw_plan(0)).ports
    assert hasattr(ports[port], method or "__class__")
    assert purpose in {"", ATTEMPT, SYNC_STEP, *WRITE_PURPOSES.values()}


def test_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 0 where all invariants hold, 2 where the arguments are wrong."""
    assert main(["--seed", "4", "--hours", "2", "--trace"]) == 0
    assert "nothing broke" in capsys.readouterr().out
    assert main(["--seeds", "4", "--hours", "2", "--jobs", "1"]) == 0
    with pytest.raises(SystemExit) as exit_info:
        main(["--mutant", "unknown"])
    assert exit_info.value.code == 2
