"""Every reader of untrusted bytes with thousands of inputs; `python -m tests.fuzz` tries millions."""

import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Final

import pytest
from hypothesis import HealthCheck, example, given, settings

from tests.fuzz import __main__ as fuzz
from tests.fuzz import hypothesis_fuzzer
from tests.fuzz.checks import BrokenPromiseError
from tests.fuzz.hostile import CLASSES
from tests.fuzz.mutation import Mutation
from tests.fuzz.targets import TARGETS, Target

OFTEN: Final = settings(
    deadline=None, print_blob=True, max_examples=2_000, suppress_health_check=[HealthCheck.too_slow]
)
LESS_OFTEN: Final = settings(OFTEN, max_examples=500)
"""Answers come from a server that we chose."""

SMALL_BYTES: Final = 64 * 1024


@OFTEN
@given(hypothesis_fuzzer.inputs(TARGETS["notification"]))
@example(b"<!--")
@example(b"\xef\xbb\xbf")
@example(b"\xff\xfe")
def test_any_post_is_read_or_refused(body: bytes) -> None:
    """As it was posted, and as the gateway passes it on as text."""
    TARGETS["notification"].check(body)


@LESS_OFTEN
@given(hypothesis_fuzzer.inputs(TARGETS["subscribe"]))
def test_any_answer_to_subscribe_is_read_or_refused(body: bytes) -> None:
    """The result has an id or a bounded code."""
    TARGETS["subscribe"].check(body)


@LESS_OFTEN
@given(hypothesis_fuzzer.inputs(TARGETS["sync"]))
def test_any_answer_to_a_sync_is_read_or_refused(body: bytes) -> None:
    """A page with a new sync state, or a refusal."""
    TARGETS["sync"].check(body)


@LESS_OFTEN
@given(hypothesis_fuzzer.inputs(TARGETS["lookup"]))
def test_any_answer_to_a_lookup_is_read_or_refused(body: bytes) -> None:
    """The result names no item that was not requested."""
    TARGETS["lookup"].check(body)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_corpus_and_hostile_classes_hold(target: Target) -> None:
    """Those of all targets, in each of them; floods are measured elsewhere."""
    bodies = [body for each in TARGETS.values() for body in each.corpus().values()]
    for body in (*bodies, *(body for _, make in CLASSES.values() if len(body := make()) < SMALL_BYTES)):
        target.check(body)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_same_seed_makes_the_same_input(target: Target) -> None:
    """Within the limit."""
    body = next(iter(target.corpus().values()))
    for seed in range(200):
        first, second = (Mutation(Random(seed), target.operations, 1_000).mutate(body) for _ in range(2))  # noqa: S311  # reproducible, no secret
        assert first == second
        assert len(first) <= 1_000


def broken(body: bytes) -> None:
    """Break a promise for some of the bodies."""
    if b"heartbeat" not in body and b"Watermark" in body:
        raise BrokenPromiseError("planted")


def test_an_input_that_shows_a_defect_is_written_and_can_be_replayed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without atheris: the exit status, the file and the command that replays it."""
    monkeypatch.setattr(fuzz, "BUILD", tmp_path)
    monkeypatch.setattr(fuzz, "_has_atheris", lambda: False)
    monkeypatch.setitem(TARGETS, "subscribe", Target("subscribe", ("m:SubscribeResponse",), broken))
    assert fuzz.main(["--runs", "200", "--target", "subscribe"]) == 1
    printed = capsys.readouterr().out
    assert "atheris is not installed" in printed
    assert f"--target subscribe --replay {tmp_path / 'subscribe-found'}" in printed
    with pytest.raises(BrokenPromiseError, match="planted"):
        fuzz.main(["--target", "subscribe", "--replay", str(tmp_path / "subscribe-found")])


def test_the_given_number_of_inputs_is_drawn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also in more than one batch."""
    monkeypatch.setattr(hypothesis_fuzzer, "_BATCH_INPUTS", 20)
    hypothesis_fuzzer.fuzz(TARGETS["lookup"], 50)
    assert "lookup: 50 of 50 inputs in total" in capsys.readouterr().out


@pytest.mark.starts_processes
def test_command_line_fuzzes() -> None:
    """With atheris or without; the exit status is 0 where no defect was found."""
    command = [sys.executable, "-m", "tests.fuzz", "--runs", "50", "--target", "lookup"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # own module
    assert (ended.returncode, "lookup" in ended.stdout) == (0, True), ended.stderr
