"""Download the engines: `python -m tests.engines.fetch` downloads and verifies the files that `engines.lock` pins.

From Maven Central, or from the mirror in the environment variable MAVEN_REPOSITORY. A file that is present is not
downloaded again. `tests.engines.pin_engines` writes the lock file.
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
_PARALLEL_DOWNLOADS: Final = 8
_ATTEMPTS: Final = 3
_TIMEOUT_SECONDS: Final = 60


class FetchError(RuntimeError):
    """Raised where an engine can't be downloaded; the message names the file and the reason."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file of an engine: its path in a Maven repository and its SHA-256."""

    engine: str
    sha256: str
    path: str

    @property
    def file(self) -> Path:
        """The file on this machine. An engine's files share a directory, which is its class path."""
        return DIRECTORY / self.engine / Path(self.path).name

    def is_present(self) -> bool:
        """Whether the file is there and complete."""
        return self.file.exists() and _sha256(self.file.read_bytes()) == self.sha256


def pinned() -> list[Artifact]:
    """Return the artifacts of the lock file."""
    lines = LOCK.read_text().splitlines()
    return [Artifact(*line.split()) for line in lines if line and not line.startswith("#")]


def fetch() -> int:
    """Download the missing files; return their number. Raises `FetchError`."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        message = f"DynamoDB Local's SQLite is pinned for Linux on x86_64, not {platform.system()} {platform.machine()}"
        raise FetchError(message)
    artifacts = pinned()
    _remove_others(artifacts)
    missing = [artifact for artifact in artifacts if not artifact.is_present()]
    with ThreadPoolExecutor(_PARALLEL_DOWNLOADS) as pool:
        list(pool.map(_fetch, missing))
    return len(missing)


def _remove_others(artifacts: list[Artifact]) -> None:
    """Remove the files of an older lock file: everything in a directory is on the class path."""
    kept = {artifact.file for artifact in artifacts}
    for file in DIRECTORY.glob("*/*.*"):
        if file not in kept and file.suffix != ".part":
            file.unlink(missing_ok=True)


def _fetch(artifact: Artifact) -> None:
    """Write the file in one step, so that an interrupted run leaves no partial file."""
    content = _downloaded(f"{os.environ.get('MAVEN_REPOSITORY', MAVEN_CENTRAL)}/{artifact.path}")
    if _sha256(content) != artifact.sha256:
        message = f"{artifact.path} does not match {LOCK.name}: its SHA-256 is {_sha256(content)}"
        raise FetchError(message)
    artifact.file.parent.mkdir(parents=True, exist_ok=True)
    partial = artifact.file.with_name(f"{artifact.file.name}.{os.getpid()}.part")
    partial.write_bytes(content)
    partial.replace(artifact.file)


def _downloaded(url: str) -> bytes:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310  # a URL of the lock file
                return bytes(response.read())
        except OSError as error:
            if attempt == _ATTEMPTS:
                message = f"{url} could not be downloaded: {error}"
                raise FetchError(message) from error
    raise AssertionError


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def main() -> None:
    """Fetch the engines and print how many files were downloaded."""
    try:
        count = fetch()
    except FetchError as error:
        sys.exit(f"engines: {error}")
    sys.stderr.write(f"engines: downloaded {count} files into {DIRECTORY}\n" if count else "")


if __name__ == "__main__":
    main()
