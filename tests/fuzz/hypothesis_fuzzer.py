"""Inputs drawn by Hypothesis: for the tests, and for a long run where atheris is not installed."""

from random import Random
from typing import Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.grammar import generate
from tests.fuzz.mutation import Mutation
from tests.fuzz.progress import Progress
from tests.fuzz.targets import Target

LARGEST_INPUT_BYTES: Final = 8 * 1024
_BATCH_INPUTS: Final = 10_000
"""Hypothesis remembers what it has tried, and a million inputs would take too much memory."""

_RANDOMS: Final = st.integers(0, 2**64 - 1).map(Random)


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Return any bytes, bodies from the grammar, and mutated bodies of the corpus or the grammar."""
    grammar = st.builds(lambda random: generate(random, target.operations), _RANDOMS)
    bodies = st.sampled_from(list(target.corpus().values())) | grammar
    mutated = st.builds(lambda body, random: _mutate(body, random, target), bodies, _RANDOMS)
    return st.binary(max_size=400) | grammar | mutated | mutated | mutated


def _mutate(body: bytes, random: Random, target: Target) -> bytes:
    return Mutation(random, target.operations, LARGEST_INPUT_BYTES).mutate(body)


class FoundError(Exception):
    """Raised with the input that shows a defect; its cause is the error of the target."""

    def __init__(self, body: bytes) -> None:
        super().__init__(f"an input of {len(body)} bytes")
        self.body = body


def fuzz(target: Target, runs: int) -> None:
    """Try `runs` inputs. Raises `FoundError`."""
    progress = Progress(target.name, runs)
    latest = b""

    def check(body: bytes) -> None:
        nonlocal latest
        latest = body
        progress.step()
        target.check(body)

    try:
        for done in range(0, runs, _BATCH_INPUTS):
            _settings(min(_BATCH_INPUTS, runs - done))(given(inputs(target))(check))()
    except Exception as error:
        raise FoundError(latest) from error
    finally:
        progress.end()


def _settings(examples: int) -> settings:
    """Return settings that draw other inputs for each batch, and keep none."""
    return settings(
        max_examples=examples, database=None, deadline=None, derandomize=False, suppress_health_check=list(HealthCheck)
    )
