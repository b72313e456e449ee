"""Inputs drawn by Hypothesis: for the tests of every day, and for a long run where atheris is not to be had."""

from random import Random
from typing import Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.grammar import grown
from tests.fuzz.mutation import Mutation
from tests.fuzz.progress import Progress
from tests.fuzz.targets import Target

LARGEST_INPUT_BYTES: Final = 8 * 1024
_AT_ONCE: Final = 10_000
"""Hypothesis remembers what it has tried: a million would be too much to remember."""

_CHANCE: Final = st.integers(0, 2**64 - 1).map(Random)


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Return any bytes, bodies from the grammar, and bodies of the corpus or the grammar that are bent."""
    grammar = st.builds(lambda random: grown(random, target.operations), _CHANCE)
    bodies = st.sampled_from(list(target.corpus().values())) | grammar
    bent = st.builds(lambda body, random: _bent(body, random, target), bodies, _CHANCE)
    return st.binary(max_size=400) | grammar | bent | bent | bent


def _bent(body: bytes, random: Random, target: Target) -> bytes:
    return Mutation(random, target.operations, LARGEST_INPUT_BYTES).of(body)


class FoundError(Exception):
    """Raised with the input that shows a defect; its cause is what the input made of the code."""

    def __init__(self, body: bytes) -> None:
        """Keep the input."""
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
        for done in range(0, runs, _AT_ONCE):
            _settings(min(_AT_ONCE, runs - done))(given(inputs(target))(check))()
    except Exception as error:
        raise FoundError(latest) from error
    finally:
        progress.end()


def _settings(examples: int) -> settings:
    """Each batch is another: nothing is derandomized, and nothing kept."""
    return settings(
        max_examples=examples, database=None, deadline=None, derandomize=False, suppress_health_check=list(HealthCheck)
    )
