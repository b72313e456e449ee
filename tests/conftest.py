"""Only tests marked `starts_processes` may start a process, so that `make test-fast` starts none.

Except in tests/infra: CDK runs in a Node process, and packaging calls uv. They take a few seconds together, so they
belong to the fast tests too.
"""

import os
import subprocess
from collections.abc import Generator
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final, NoReturn

import pytest

MARKER: Final = "starts_processes"
_ON_ENGINES: Final = "engines"
"""Never a fast test, and the engines are processes."""
_EXEMPT: Final = Path(__file__).parent / "infra"
_STARTERS: Final = ((subprocess.Popen, "__init__"), (os, "fork"), (os, "posix_spawn"), (BaseProcess, "start"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Make every start of a process fail in an unmarked test and in the fixtures that are set up for it."""
    may_start = any(item.get_closest_marker(name) for name in (MARKER, _ON_ENGINES))
    if may_start or item.path.is_relative_to(_EXEMPT):
        return (yield)
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in _STARTERS:
            patch.setattr(owner, name, _refuse)
        return (yield)


def _refuse(*_: object, **__: object) -> NoReturn:
    raise AssertionError(f"this test starts a process: mark it with @pytest.mark.{MARKER}")
