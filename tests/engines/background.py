"""What runs beside a test until it is over."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Protocol, TypeVar


class Stoppable(Protocol):
    """Runs until it is told to stop."""

    def run(self) -> None:
        """Go on until `stop`."""

    def stop(self) -> None:
        """Come to an end soon."""


Running = TypeVar("Running", bound=Stoppable)


@contextmanager
def beside(work: Running) -> Iterator[Running]:
    """Run `work` in the background, until the end of the block."""
    thread = Thread(target=work.run, daemon=True)
    thread.start()
    try:
        yield work
    finally:
        work.stop()
        thread.join()
