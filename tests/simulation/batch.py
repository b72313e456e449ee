"""Plays many seeds, one after the other or in several processes, and reports what broke."""

import gc
import multiprocessing
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import Final, TextIO

from tests.simulation.report import explain, print_progress
from tests.simulation.runner import Failure, Task, failure_of

_PROGRESS_SECONDS: Final = 5.0
_MAX_FAILURES: Final = 20


def run(task: Task, seeds: range, jobs: int, out: TextIO = sys.stdout) -> int:
    """Play all seeds, and explain the first failure of each invariant; return the exit status."""
    began_at = printed_at = monotonic()
    failed: Counter[str] = Counter()
    with _rare_collections():
        for done, failure in enumerate(_failures(task, seeds, jobs), start=1):
            if failure is not None:
                failed[failure.name] += 1
                _report(task, failure, out, is_first=failed[failure.name] == 1)
            if failed.total() >= _MAX_FAILURES:
                break
            if monotonic() - printed_at > _PROGRESS_SECONDS:
                printed_at = monotonic()
                print_progress(done, len(seeds), printed_at - began_at)
    _print_summary(task, seeds, failed, monotonic() - began_at, out)
    return 1 if failed else 0


def _failures(task: Task, seeds: Iterable[int], jobs: int) -> Iterator[Failure | None]:
    """Yield the result of each seed, in any order."""
    play = partial(failure_of, task)
    if jobs == 1:
        yield from map(play, seeds)
        return
    with multiprocessing.Pool(jobs) as pool:
        yield from pool.imap_unordered(play, seeds, chunksize=8)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Leave it to `failure_of` when garbage is collected, in this process and those that it forks."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def _report(task: Task, failure: Failure, out: TextIO, *, is_first: bool) -> None:
    if is_first:
        explain(task, failure, out)
    else:
        print(f"seed {failure.seed} breaks {failure.message}", file=out)


def _print_summary(task: Task, seeds: range, failed: Counter[str], seconds: float, out: TextIO) -> None:
    broken = ", ".join(f"{name} {times} times" for name, times in failed.items()) or "nothing broke"
    print(f"{len(seeds)} seeds from {seeds.start} on, of {task.hours:g} hours: {broken}, {seconds:.0f} s", file=out)
