"""The command line of the simulation."""

import argparse
import os
import sys
from secrets import randbelow
from typing import Final

from tests.simulation.batch import run
from tests.simulation.mutants import MUTANTS
from tests.simulation.runner import Task, replay

_EPILOG: Final = """\
examples:
  python -m tests.simulation --seeds 2000                    2,000 seeds of 24 protocol hours
  python -m tests.simulation --seeds 2000 --first fresh      2,000 seeds from a random one on
  python -m tests.simulation --seed 17 --trace               one seed, with its trace
  python -m tests.simulation --seed 17 --steps 3,8 --trace   the same with only some steps of its plan
  python -m tests.simulation --seeds 500 --mutant no-grace   check that a broken rule is caught

exit status: 0 all invariants held, 1 one broke (its smallest scenario is printed), 2 the command line was wrong

mutants:
"""
_FRESH: Final = 10**9


def main(arguments: list[str] | None = None) -> int:
    """Carry out a command line; return the exit status."""
    given = _parser().parse_args(arguments)
    task = Task(given.hours, given.mutant)
    if given.seed is not None:
        return replay(task, given.seed, given.steps, print if given.trace else None)
    return run(task, range(given.first, given.first + given.seeds), given.jobs)


def _parser() -> argparse.ArgumentParser:
    mutants = "\n".join(f"  {name:30} {mutant.what}" for name, mutant in MUTANTS.items())
    parser = argparse.ArgumentParser(
        "python -m tests.simulation",
        description="Both sides under every fault at once, in virtual time; each seed is one scenario.",
        epilog=_EPILOG + mutants,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, help="play only this seed")
    parser.add_argument("--steps", type=_numbers, help="with --seed: only these steps of its plan, or none")
    parser.add_argument("--trace", action="store_true", help="with --seed: print everything that happens")
    parser.add_argument("--seeds", type=int, default=2000, help="number of seeds (2000)")
    parser.add_argument("--first", type=_first, default=0, help="the first of them (0); `fresh` is a random one")
    parser.add_argument(
        "--hours", type=float, default=24, help="protocol hours of a scenario, before it comes to rest (24)"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="number of processes (one per core)")
    parser.add_argument("--mutant", choices=sorted(MUTANTS), metavar="NAME", help="break this rule; see below")
    return parser


def _first(text: str) -> int:
    return randbelow(_FRESH) if text == "fresh" else int(text)


def _numbers(text: str) -> list[int]:
    return [] if text == "none" else [int(each) for each in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
