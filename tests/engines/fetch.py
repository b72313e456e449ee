"""Download the engines: `python -m tests.engines.fetch` downloads and verifies the files that `engines.lock` pins.

`tests.engines.pin_engines` writes the lock file.
"""

import platform
import sys
from pathlib import Path
from typing import Final

from tests.maven_lock import FetchError, MavenLock

DIRECTORY: Final = Path(__file__).parent.parent.parent / ".build" / "engines"
LOCK: Final = MavenLock(Path(__file__).with_name("engines.lock"), DIRECTORY)


def fetch() -> int:
    """Download the missing files; return their number. Raises `FetchError`."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        message = f"DynamoDB Local's SQLite is pinned for Linux on x86_64, not {platform.system()} {platform.machine()}"
        raise FetchError(message)
    return LOCK.fetch()


def main() -> None:
    """Fetch the engines and print how many files were downloaded."""
    try:
        count = fetch()
    except FetchError as error:
        sys.exit(f"engines: {error}")
    sys.stderr.write(f"engines: downloaded {count} files into {DIRECTORY}\n" if count else "")


if __name__ == "__main__":
    main()
