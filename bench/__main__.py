"""Measures the budgets in one run, prints them as tables and writes them as JSON.

Each budget limits a count, or a ratio to another figure of the same run, because machines differ. A missed budget is
printed as such; the exit status is 1 only where something could not be measured.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench import idle_run_cost, parsing_speed, post_cost, start_time
from bench.report import Figure, MeasurementError, table, write
from local import deployment as deployments
from local import emulator as emulators
from local.runtime_api import FunctionError

_OUTPUT: Final = Path(__file__).parent / "results" / "latest.json"


def main() -> int:
    """Measure, print and write all figures; return the exit status."""
    arguments = _parser().parse_args()
    sections: dict[str, list[Figure]] = {}
    try:
        emulators.install()
        _measure(sections, quick=arguments.quick)
    except (MeasurementError, FunctionError, deployments.DeploymentError, emulators.EmulatorError) as error:
        print(f"bench: some figures could not be measured: {error}", file=sys.stderr)
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
    )
    parser.add_argument(
        "--quick", action="store_true", help="fewer rounds: takes seconds instead of a minute, with more noise"
    )
    parser.add_argument(
        "--output", type=Path, default=_OUTPUT, metavar="FILE", help="file for the JSON (bench/results/latest.json)"
    )
    return parser


def _measure(sections: dict[str, list[Figure]], *, quick: bool) -> None:
    def section(title: str, measure: Callable[[], list[Figure]]) -> None:
        sections[title] = measure()
        table(title, sections[title])

    section("Parsing a notification and building its ack", lambda: parsing_speed.figures(rounds=3 if quick else 11))
    with tempfile.TemporaryDirectory() as directory, tempfile.TemporaryFile() as log:
        synthesized = deployments.synthesize(Path(directory))
        with emulators.running(log=log) as emulator:
            deployment = deployments.deploy(emulator, synthesized)
            section("Requests of an idle keeper run", lambda: idle_run_cost.figures(deployment))
            section("Requests and write units of a POST", lambda: post_cost.figures(deployment))
            starts, answers = (3, 20) if quick else (15, 100)
            section(
                "Cold start and warm answers of the responder",
                lambda: start_time.figures(deployment, synthesized, starts, answers),
            )


if __name__ == "__main__":
    sys.exit(main())
