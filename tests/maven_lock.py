"""Files of Maven Central that a lock file pins by path and SHA-256; `tests.maven_pins` writes a lock file.

A file that is present is not downloaded again. The environment variable MAVEN_REPOSITORY names a mirror.
"""

import hashlib
import os
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAVEN_CENTRAL: Final = "https://repo.maven.apache.org/maven2"
_PARALLEL_DOWNLOADS: Final = 8
_ATTEMPTS: Final = 3
_TIMEOUT_SECONDS: Final = 60


class FetchError(RuntimeError):
    """Raised where a file can't be downloaded; the message names the file and the reason."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file of a program: its path in a Maven repository and its SHA-256."""

    program: str
    sha256: str
    path: str


@dataclass(frozen=True, slots=True)
class MavenLock:
    """A lock file, and the directory that its files are downloaded into.

    A program's files share a directory, which is its class path.
    """

    file: Path
    directory: Path

    def artifacts(self) -> list[Artifact]:
        """Return the artifacts of the lock file."""
        lines = self.file.read_text().splitlines()
        return [Artifact(*line.split()) for line in lines if line and not line.startswith("#")]

    def target(self, artifact: Artifact) -> Path:
        """Return the file on this machine."""
        return self.directory / artifact.program / Path(artifact.path).name

    def fetch(self) -> int:
        """Download the missing files; return their number. Raises `FetchError`."""
        artifacts = self.artifacts()
        self._remove_others(artifacts)
        missing = [artifact for artifact in artifacts if not self._is_present(artifact)]
        with ThreadPoolExecutor(_PARALLEL_DOWNLOADS) as pool:
            list(pool.map(self._fetch, missing))
        return len(missing)

    def _is_present(self, artifact: Artifact) -> bool:
        file = self.target(artifact)
        return file.exists() and _sha256(file.read_bytes()) == artifact.sha256

    def _remove_others(self, artifacts: list[Artifact]) -> None:
        """Remove the files of an older lock file: everything in a directory is on the class path."""
        kept = {self.target(artifact) for artifact in artifacts}
        for program in {artifact.program for artifact in artifacts}:
            for file in (self.directory / program).glob("*.*"):
                if file not in kept and file.suffix != ".part":
                    file.unlink(missing_ok=True)

    def _fetch(self, artifact: Artifact) -> None:
        """Write the file in one step, so that an interrupted run leaves no partial file."""
        content = _downloaded(f"{os.environ.get('MAVEN_REPOSITORY', MAVEN_CENTRAL)}/{artifact.path}")
        if _sha256(content) != artifact.sha256:
            message = f"{artifact.path} does not match {self.file.name}: its SHA-256 is {_sha256(content)}"
            raise FetchError(message)
        file = self.target(artifact)
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(f"{file.name}.{os.getpid()}.part")
        partial.write_bytes(content)
        partial.replace(file)


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
