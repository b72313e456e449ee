"""The guard in tests/conftest.py: a test that is not marked `starts_processes` can't start a process."""

import multiprocessing
import os
import subprocess
from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    "start",
    [
        lambda: subprocess.run(["true"], check=False),  # noqa: S607  # is refused
        lambda: os.posix_spawn("/bin/true", ["true"], {}),
        lambda: os.fork(),  # noqa: PLW0108  # the guard replaces os.fork after the collection
        lambda: multiprocessing.Process(target=print).start(),
    ],
    ids=["subprocess", "posix_spawn", "fork", "multiprocessing"],
)
def test_an_unmarked_test_can_not_start_a_process(start: Callable[[], object]) -> None:
    """Whichever way it tries."""
    with pytest.raises(AssertionError, match=r"mark it with @pytest\.mark\.starts_processes"):
        start()


@pytest.mark.starts_processes
def test_a_marked_test_can_start_a_process() -> None:
    """The guard is off."""
    assert subprocess.run(["true"], check=False).returncode == 0  # noqa: S607
