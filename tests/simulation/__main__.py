"""The command line of the simulation."""

import argparse
import os
import sys
from secrets import randbelow
from typing import Final

from tests.simulation.mutants import MUTANTS
from tests.simulation.runner import Task, replay, run

_EPILOG: Final = """\
examples:
  python -m tests.simulation --seeds 2000                 2,000 seeds of 24 protocol hours
  python -m tests.simulation --seeds 2000 --first fresh   as many that nobody has played yet
  python -m tests.simulation --seed 17 --trace            one seed, and all that happens in it
  python -m tests.simulation --seed 17 --steps 3,8 --trace   the same with only some steps of its plan
  python -m tests.simulation --seeds 500 --mutant no-grace   see a rule made wrong be caught

exit status: 0 all held, 1 an invariant broke (its smallest story is printed), 2 the command line was wrong

mutants:
"""


_FRESH: Final = 10**9


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; return the exit status."""
    given = _parser().parse_args(arguments)
    task = Task(given.hours, given.mutant)
    if given.seed is not None:
        return replay(task, given.seed, given.steps, print if given.trace else None)
    return run(task, range(given.first, given.first + given.seeds), given.jobs)


def _parser() -> argparse.ArgumentParser:
    mutants = "\n".join(f"  {name:26} {mutant.what}" for name, mutant in MUTANTS.items())
    parser = argparse.ArgumentParser(
        "python -m tests.simulation",
        description="Both sides under everything that can go wrong, in virtual time, from one seed a story.",
        epilog=_EPILOG + mutants,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, help="play this seed alone")
    parser.add_argument("--steps", type=_numbers, help="with --seed: only these steps of its plan, or none")
    parser.add_argument("--trace", action="store_true", help="with --seed: tell all that happens")
    parser.add_argument("--seeds", type=int, default=2000, help="how many seeds to play (2000)")
    parser.add_argument(
        "--first", type=_first, default=0, help="the first of them (0); `fresh` for some that nobody has played yet"
    )
    parser.add_argument(
        "--hours", type=float, default=24, help="protocol hours of a story, before it comes to rest (24)"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many processes (one a core)")
    parser.add_argument("--mutant", choices=sorted(MUTANTS), metavar="NAME", help="with a rule made wrong; see below")
    return parser


def _first(text: str) -> int:
    return randbelow(_FRESH) if text == "fresh" else int(text)


def _numbers(text: str) -> list[int]:
    return [] if text == "none" else [int(each) for each in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
