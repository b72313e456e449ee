"""The smallest scenario of a failure: steps are left out as long as the same invariant breaks."""

from collections.abc import Callable, Sequence

from tests.simulation.invariants.base import BrokenError
from tests.simulation.plan import Plan

Play = Callable[[Plan], BrokenError | None]


def shrink(plan: Plan, broken: str, play: Play) -> list[int]:
    """Return the numbers of the steps that break the invariant `broken`: halves are left out, then single ones."""
    kept = list(range(len(plan.steps)))
    size = max(len(kept) // 2, 1)
    while kept:
        kept = _without_parts(plan, kept, size, broken, play)
        if size == 1:
            break
        size = size // 2
    return _without_parts(plan, kept, 1, broken, play)


def _without_parts(plan: Plan, kept: Sequence[int], size: int, broken: str, play: Play) -> list[int]:
    """Leave out runs of `size` steps, the last first, wherever the invariant still breaks."""
    left = list(kept)
    for start in range(((len(left) - 1) // size) * size if left else 0, -1, -size):
        fewer = left[:start] + left[start + size :]
        if fewer == left:
            continue
        error = play(plan.only(fewer))
        if error is not None and error.name == broken:
            left = fewer
    return left
