"""Figures with their budgets, as a table and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


class MeasurementError(RuntimeError):
    """Raised where something could not be measured; the message says what."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit for a figure's ratio, or for its value where it has no ratio."""

    at_most: float | None = None
    at_least: float | None = None

    def is_met_by(self, figure: float) -> bool:
        """Whether `figure` is within the limit."""
        over = self.at_most is not None and figure > self.at_most
        under = self.at_least is not None and figure < self.at_least
        return not over and not under

    def __str__(self) -> str:
        """Return the limit as a phrase."""
        return f"at most {self.at_most:g}" if self.at_most is not None else f"at least {self.at_least:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement; `ratio` is `value` divided by that of `compared_with`, unless that says otherwise."""

    what: str
    value: float
    unit: str
    compared_with: str = ""
    ratio: float | None = None
    budget: Budget | None = None

    @property
    def is_met(self) -> bool | None:
        """Whether the budget is met; None where there is none."""
        if self.budget is None:
            return None
        return self.budget.is_met_by(self.value if self.ratio is None else self.ratio)

    def as_json(self) -> dict[str, Any]:
        """Return the figure, and whether its budget is met."""
        return asdict(self) | {"is_met": self.is_met}


def table(title: str, figures: Sequence[Figure]) -> None:
    """Print `figures`."""
    lines = Table("what", "measured", "ratio", "budget", "", title=title, title_justify="left", min_width=100)
    for figure in figures:
        ratio = f"{figure.ratio:.2f} x {figure.compared_with}" if figure.ratio is not None else ""
        result = {None: "", True: "[green]met", False: "[bold red]missed"}[figure.is_met]
        lines.add_row(figure.what, f"{figure.value:,.5g} {figure.unit}", ratio, str(figure.budget or ""), result)
    Console(width=120).print(lines)


def write(path: Path, sections: dict[str, list[Figure]]) -> None:
    """Write all figures to `path` as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {title: [figure.as_json() for figure in figures] for title, figures in sections.items()}
    path.write_text(json.dumps(content, indent=2) + "\n")
