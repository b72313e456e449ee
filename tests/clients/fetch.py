"""Download the client libraries: `python -m tests.clients.fetch`.

The EWS Java API comes from Maven Central, as `clients.lock` pins it; ews-javascript-api comes by npm, which verifies
the digests of `javascript/package-lock.json`. What this machine can't run is not downloaded.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.maven_lock import FetchError, MavenLock

SOURCES: Final = Path(__file__).parent
DIRECTORY: Final = SOURCES.parent.parent / ".build" / "clients"
LOCK: Final = MavenLock(SOURCES / "clients.lock", DIRECTORY)
JARS: Final = DIRECTORY / "java"
NODE_MODULES: Final = DIRECTORY / "javascript" / "node_modules"

_NPM_LOCK: Final = "package-lock.json"


def fetch_java() -> None:
    """Download the jars that are missing. Raises `FetchError`."""
    LOCK.fetch()


def fetch_javascript(npm: str) -> None:
    """Install the packages, unless those of this lock file are installed. Raises `FetchError`."""
    target, lock = NODE_MODULES.parent, (SOURCES / "javascript" / _NPM_LOCK).read_bytes()
    if NODE_MODULES.exists() and (target / _NPM_LOCK).read_bytes() == lock:
        return
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    shutil.copy(SOURCES / "javascript" / "package.json", target)
    (target / _NPM_LOCK).write_bytes(lock)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    if subprocess.run(command, cwd=target, check=False).returncode:  # noqa: S603  # npm, on the pinned packages
        shutil.rmtree(target)
        raise FetchError("npm could not install ews-javascript-api")


def main() -> None:
    """Fetch the libraries of the languages that this machine has."""
    npm = shutil.which("npm")
    try:
        if shutil.which("javac"):
            fetch_java()
        if npm:
            fetch_javascript(npm)
    except FetchError as error:
        sys.exit(f"clients: {error}")


if __name__ == "__main__":
    main()
