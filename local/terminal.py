"""The demo's output in the terminal: steps and checks."""

from typing import Final

from rich.console import Console
from rich.panel import Panel

console: Final = Console(width=110)


class FailedCheckError(RuntimeError):
    """Raised where a check of the demo fails."""


def step(number: int, title: str) -> None:
    """Print the heading of a step."""
    console.print(Panel(f"[bold]{number}. {title}", expand=True, border_style="cyan"))


def check(condition: bool, statement: str) -> None:  # noqa: FBT001  # reads as a sentence where it is called
    """Print a statement that is true. Raises `FailedCheckError` where it is not."""
    if not condition:
        message = f"This check failed: {statement}"
        raise FailedCheckError(message)
    console.print(f"[green]✓[/] {statement}")
