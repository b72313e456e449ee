"""After `make setup` every program runs in a bare environment: no PYTHONPATH, no activated virtual environment."""

import json
import subprocess
from pathlib import Path

import pytest

from local.emulator import ROOT

VENV = ROOT / ".venv"

pytestmark = [
    pytest.mark.starts_processes,
    pytest.mark.skipif(VENV.is_symlink(), reason="another checkout's virtual environment names that checkout"),
]

PACKAGES = ("bench", "cli", "ewspush", "infra", "local", "mailsim", "tests")


def _run(*command: str, directory: Path = ROOT) -> str:
    """Run a command as `env -i` does; return its output."""
    bare = {"HOME": str(Path.home()), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=directory, env=bare, capture_output=True, text=True, check=False)  # noqa: S603  # ours
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ([".venv/bin/python", "-m", "local", "up", "--help"], "usage: python -m local up"),
        ([".venv/bin/python", "-m", "local", "demo", "--help"], "usage: python -m local demo"),
        ([".venv/bin/python", "-m", "mailsim", "--help"], "usage: "),
        ([".venv/bin/python", "-m", "bench", "--help"], "usage: python -m bench"),
        ([".venv/bin/python", "app.py", "--help"], "usage: app.py"),
        (["./ews-push", "--help"], "usage: ews-push"),
        ([".venv/bin/python", "-m", "pytest", "--collect-only", "tests/unit/test_settings.py"], "tests collected"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_program_starts_in_a_bare_environment(command: list[str], output: str) -> None:
    """From the root of the checkout."""
    assert output in _run(*command)


def test_the_virtual_environment_finds_this_checkouts_packages_from_anywhere(tmp_path: Path) -> None:
    """Through the .pth file that scripts/setup.sh writes; editors read it too."""
    program = (
        f"import importlib, json; print(json.dumps([importlib.import_module(name).__file__ for name in {PACKAGES}]))"
    )
    files = json.loads(_run(str(VENV / "bin" / "python"), "-c", program, directory=tmp_path))
    assert [file for file in files if not Path(file).is_relative_to(ROOT) or ".venv" in Path(file).parts] == []
