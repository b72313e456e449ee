"""How a story is told in the terminal: chapters, what must hold, and waiting for it."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from rich.console import Console
from rich.panel import Panel

Found = TypeVar("Found")

_WAIT_SECONDS: Final = 30

console: Final = Console(width=110)


class BrokenStoryError(AssertionError):
    """Raised where the demo does not see what it promises."""


def chapter(number: int, title: str) -> None:
    """Begin a chapter."""
    console.print(Panel(f"[bold]{number}. {title}", expand=True, border_style="cyan"))


def must(condition: bool, text: str) -> None:  # noqa: FBT001  # reads as a sentence where it is called
    """Tell what holds. Raises `BrokenStoryError` where it does not."""
    if not condition:
        message = f"this should hold, and does not: {text}"
        raise BrokenStoryError(message)
    console.print(f"[green]✓[/] {text}")


def awaited(look: Callable[[], Found], what: str) -> Found:
    """Return what `look` returns once that is something. Raises `BrokenStoryError` where it takes too long."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    message = f"{what} did not come within {_WAIT_SECONDS} seconds"
    raise BrokenStoryError(message)
