"""A task that runs in a thread beside a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Protocol, TypeVar


class BackgroundTask(Protocol):
    """A task that ends when it is stopped."""

    def run(self) -> None:
        """Work until `stop` is called."""

    def stop(self) -> None:
        """Have `run` return soon."""


Task = TypeVar("Task", bound=BackgroundTask)


@contextmanager
def in_background(task: Task) -> Iterator[Task]:
    """Run `task` until the end of the block."""
    thread = Thread(target=task.run, daemon=True)
    thread.start()
    try:
        yield task
    finally:
        task.stop()
        thread.join()
