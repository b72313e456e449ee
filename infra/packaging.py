"""Builds the asset of the functions without Docker: `lambda/`, its wheels for the target, and bytecode.

A function can't write to its directory: without shipped bytecode every cold start compiles all modules again.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
SOURCE: Final = ROOT / "lambda"
_BUILD: Final = ROOT / ".build"

_PLATFORMS: Final = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}
"""Amazon Linux 2023, under the Python 3.12 and later runtimes, has glibc 2.34; wheels of manylinux 2.28 run on it."""

_PLATFORM_OF_3_11: Final = {"arm64": "aarch64-manylinux2014", "x86_64": "x86_64-manylinux2014"}
"""The Python 3.11 runtime is based on Amazon Linux 2, which has glibc 2.26."""

_UNUSED: Final = (
    "lxml/html",
    "lxml/isoschematron",
    "lxml/includes",
    "lxml/objectify*",
    "lxml/*.pyx",
    "lxml/*.px*",
    "bin",
)
"""Parts of the wheels that no handler imports: 2.5 MB of the 4.9 MB that lxml has zipped."""


class PackagingError(RuntimeError):
    """Raised if the asset can't be built; the message is the output of the tool that failed."""


def asset(architecture: str, python: str) -> Path:
    """Return the asset's directory for a Lambda architecture and Python version; build it if it does not exist."""
    target = _BUILD / f"asset-{architecture}-py{python.replace('.', '')}-{_fingerprint()}"
    if not target.exists():
        staging = Path(f"{target}-{os.getpid()}")
        _install_wheels(staging, architecture, python)
        shutil.copytree(SOURCE / "ewspush", staging / "ewspush", ignore=shutil.ignore_patterns("__pycache__"))
        interpreter = interpreter_of(python)
        if interpreter is not None:
            _compile(staging, interpreter)
        _publish(staging, target)
    return target


@cache
def interpreter_of(python: str) -> Path | None:
    """Return this machine's Python of version `python` (like 3.13), or None.

    Searches where uv does (the running one, the PATH, uv's own), then among pyenv's, whose shims may be inactive.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for version in (python, *map(str, sorted(pyenv.glob(f"versions/{python}.*/bin/python")))):
        command = [_uv(), "python", "find", "--no-project", "--no-python-downloads", "--offline", version]
        found = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if found.returncode == 0:
            return Path(found.stdout.strip())
    return None


def _install_wheels(target: Path, architecture: str, python: str) -> None:
    platforms = _PLATFORM_OF_3_11 if python == "3.11" else _PLATFORMS
    _run(
        *(_uv(), "pip", "install", "--quiet", "--no-deps", "--no-installer-metadata"),
        *("--requirement", str(SOURCE / "requirements.txt"), "--target", str(target), "--only-binary", ":all:"),
        *("--python-platform", platforms[architecture], "--python-version", python, "--no-python-downloads"),
        "--system-certs",  # trust the certificates of this machine, which can include a company proxy's
    )
    for pattern in _UNUSED:
        for path in target.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _compile(target: Path, interpreter: Path) -> None:
    """Compile for the path on Lambda; with `unchecked-hash` the interpreter does not compare with the sources."""
    _run(
        *(str(interpreter), "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"),
        *("-s", str(target), "-p", "/var/task", str(target)),
    )


def _publish(staging: Path, target: Path) -> None:
    """Move the finished directory to `target`, unless another process was faster."""
    try:
        staging.rename(target)
    except OSError:
        if not target.exists():
            raise
        shutil.rmtree(staging)


def _uv() -> str:
    """Return the path of uv beside this interpreter, so that the virtual environment need not be activated."""
    return str(Path(sys.executable).with_name("uv"))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        message = f"{' '.join(command[:3])} failed:\n{done.stderr}"
        raise PackagingError(message)


def _fingerprint() -> str:
    """Return a digest of everything that goes into the asset except architecture and Python version."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted(SOURCE.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(f"{path.relative_to(SOURCE)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
