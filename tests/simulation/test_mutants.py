"""Every invariant can fail: a rule made wrong is caught by the one that is there for it, within 500 seeds."""

from itertools import chain

import pytest

from tests.simulation.invariants import Invariant
from tests.simulation.mutants import MUTANTS
from tests.simulation.promises import ALL
from tests.simulation.runner import Task, failure_of

SEEDS = 500

SHOWN_BY = {
    "ack-before-write": 1,
    "active-unsubscribed": 33,
    "calm-renewals": 0,
    "chain-ignored": 4,
    "closes-early": 154,
    "closes-without-state": 37,
    "due-unbounded": 0,
    "duplicates-logged": 4,
    "forwarder-groups": 1,
    "forwarder-skips": 1,
    "gap-from-last-post": 8,
    "judged-blindly": 467,
    "last-words-ignored": 1,
    "lock-ignored": 59,
    "no-deduplication": 0,
    "no-grace": 2,
    "no-grace-many": 6,
    "recovers-pushed": 5,
    "refused-watermark": 147,
    "renews-while-alive": 2,
    "silence-late": 3,
    "superseded-ok": 1,
    "unproven-resume": 11,
    "watermark-backwards": 32,
}
"""Seeds that are tried first: they showed it once, and may not any more when plans are drawn in another way."""


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_a_mutant_is_caught(name: str) -> None:
    """And by no accident: no other invariant is looked at."""
    mutant = MUTANTS[name]
    seeds = chain([SHOWN_BY.get(name, 0)], range(SEEDS))
    failures = (failure_of(Task(mutant=name), seed) for seed in seeds)
    caught = next((failure for failure in failures if failure is not None), None)
    assert caught is not None, f"{mutant.what}: not caught by {mutant.caught_by} in {SEEDS} seeds"
    assert caught.name == mutant.caught_by


@pytest.mark.parametrize("invariant", ALL, ids=lambda each: each.__name__)
def test_every_invariant_has_a_mutant(invariant: type[Invariant]) -> None:
    """An invariant that nothing can break is worth nothing."""
    assert invariant.__name__ in {mutant.caught_by for mutant in MUTANTS.values()}
