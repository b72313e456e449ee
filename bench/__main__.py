"""Measures the budgets in one run, prints them as tables and writes them as JSON.

Every figure is a ratio to another one of the same run, or a count: machines differ, ratios hold. A missed budget is
shown and fails nothing; the exit status is 1 only where something could not be measured.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench import keeping, reading, spending, starting
from bench.report import Figure, MeasurementError, table, write
from local import deployment as deployments
from local import emulator as emulators
from local.lambda_runtime import FunctionError

_OUTPUT: Final = Path(__file__).parent / "results" / "latest.json"


def main() -> int:
    """Measure what the command line asks for; return the exit status."""
    arguments = _parser().parse_args()
    sections: dict[str, list[Figure]] = {}
    try:
        _measure(sections, quick=arguments.quick)
    except (MeasurementError, FunctionError, deployments.DeploymentError, emulators.EmulatorError) as error:
        print(f"bench: not all could be measured: {error}", file=sys.stderr)
        return 1
    finally:
        write(arguments.output, sections)
    figures = [figure for section in sections.values() for figure in section if figure.budget is not None]
    met = sum(figure.is_met is True for figure in figures)
    print(f"{met} of {len(figures)} budgets met; all figures: {arguments.output}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="`make bench` sets up what this needs: the virtual environment and the embedded AWS.",
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds: seconds instead of a minute, more noise")
    parser.add_argument(
        "--output", type=Path, default=_OUTPUT, metavar="FILE", help="where the JSON goes (bench/results/latest.json)"
    )
    return parser


def _measure(sections: dict[str, list[Figure]], *, quick: bool) -> None:
    def section(title: str, measure: Callable[[], list[Figure]]) -> None:
        sections[title] = measure()
        table(title, sections[title])

    section("Reading a notification and building its ack", lambda: reading.figures(rounds=3 if quick else 11))
    with tempfile.TemporaryDirectory() as directory, tempfile.TemporaryFile() as log:
        synthesized = deployments.synthesize(Path(directory))
        with emulators.running(log=log) as emulator:
            deployment = deployments.deploy(emulator, synthesized)
            section("What an idle tick of the keeper costs", lambda: keeping.figures(deployment))
            section("What a POST costs", lambda: spending.figures(deployment))
            starts, answers = (3, 20) if quick else (15, 100)
            section(
                "Cold and warm, as Lambda starts it",
                lambda: starting.figures(deployment, synthesized, starts, answers),
            )


if __name__ == "__main__":
    sys.exit(main())
