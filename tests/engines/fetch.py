"""Bring the engines in: `python -m tests.engines.fetch` downloads what `engines.lock` pins, and checks every file.

From Maven Central, or from the mirror that the variable MAVEN_REPOSITORY names. A second run finds all there and asks
nobody. `tests.engines.lock` writes the lock file.
"""

import hashlib
import os
import platform
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DIRECTORY: Final = Path(__file__).parent.parent.parent / ".build" / "engines"
LOCK: Final = Path(__file__).with_name("engines.lock")
MAVEN_CENTRAL: Final = "https://repo.maven.apache.org/maven2"
_AT_ONCE: Final = 8
_ATTEMPTS: Final = 3
_TIMEOUT_SECONDS: Final = 60


class FetchError(RuntimeError):
    """Raised where an engine can't be had; the message says which file, and why."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file of an engine: its place in a Maven repository and its SHA-256."""

    engine: str
    sha256: str
    path: str

    @property
    def file(self) -> Path:
        """Where it is kept: an engine's files lie together, so that the directory is its class path."""
        return DIRECTORY / self.engine / Path(self.path).name

    def is_here(self) -> bool:
        """Whether it is there, whole."""
        return self.file.exists() and _sha256(self.file.read_bytes()) == self.sha256


def pinned() -> list[Artifact]:
    """Return all artifacts of the lock file."""
    lines = LOCK.read_text().splitlines()
    return [Artifact(*line.split()) for line in lines if line and not line.startswith("#")]


def fetch() -> int:
    """Download what is missing; return how many files that were. Raises `FetchError`."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        message = f"DynamoDB Local's SQLite is pinned for Linux on x86_64, not {platform.system()} {platform.machine()}"
        raise FetchError(message)
    artifacts = pinned()
    _remove_others(artifacts)
    missing = [artifact for artifact in artifacts if not artifact.is_here()]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(_fetch, missing))
    return len(missing)


def _remove_others(artifacts: list[Artifact]) -> None:
    """Remove what an older lock file had pinned: all of a directory is on the class path."""
    kept = {artifact.file for artifact in artifacts}
    for file in DIRECTORY.glob("*/*.*"):
        if file not in kept and file.suffix != ".part":
            file.unlink(missing_ok=True)


def _fetch(artifact: Artifact) -> None:
    """Write the file in one step, so that an interrupted run leaves no half of it."""
    content = _downloaded(f"{os.environ.get('MAVEN_REPOSITORY', MAVEN_CENTRAL)}/{artifact.path}")
    if _sha256(content) != artifact.sha256:
        message = f"{artifact.path} is not the file that {LOCK.name} pins: its SHA-256 is {_sha256(content)}"
        raise FetchError(message)
    artifact.file.parent.mkdir(parents=True, exist_ok=True)
    partial = artifact.file.with_name(f"{artifact.file.name}.{os.getpid()}.part")
    partial.write_bytes(content)
    partial.replace(artifact.file)


def _downloaded(url: str) -> bytes:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310  # of the lock file
                return bytes(response.read())
        except OSError as error:
            if attempt == _ATTEMPTS:
                message = f"{url} can't be downloaded: {error}"
                raise FetchError(message) from error
    raise AssertionError


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def main() -> None:
    """Fetch, and say what was done."""
    try:
        count = fetch()
    except FetchError as error:
        sys.exit(f"engines: {error}")
    sys.stderr.write(f"engines: {count} files fetched into {DIRECTORY}\n" if count else "")


if __name__ == "__main__":
    main()
