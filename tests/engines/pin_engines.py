"""Write `engines.lock`: `python -m tests.engines.pin_engines`, after a change of a version below. Needs Maven.

Maven resolves the transitive dependencies and verifies its downloads; the lock file holds their paths and hashes.
"""

import hashlib
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from tests.engines.fetch import LOCK

ENGINES: Final = {
    # 3.3.1 depends on versions of the AWS SDK that Maven Central does not have
    "dynamodb": ("software.amazon.dynamodb", "DynamoDBLocal", "3.1.0"),
    # elasticmq-rest-sqs with a main class that reads its settings from the command line
    "elasticmq": ("org.elasticmq", "elasticmq-server_3", "1.7.1"),
}

_UNUSED: Final = ("win32", "osx", "linux-i386", "mockito", "objenesis", "hamcrest", "maven-metadata")
"""Native libraries of other machines, and the test libraries of the engines."""

_PROJECT: Final = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>engines</groupId><artifactId>{1}-locked</artifactId><version>1</version><dependencies><dependency>
<groupId>{0}</groupId><artifactId>{1}</artifactId><version>{2}</version></dependency></dependencies></project>"""

_HEADER: Final = "# engine, SHA-256, path in a Maven repository; written by `python -m tests.engines.pin_engines`\n"


def main() -> None:
    """Resolve each engine and write the lock file."""
    LOCK.write_text(_HEADER + "".join(_locked(engine, coordinates) for engine, coordinates in ENGINES.items()))


def _locked(engine: str, coordinates: tuple[str, str, str]) -> str:
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "pom.xml").write_text(_PROJECT.format(*coordinates))
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", "-Dmdep.useRepositoryLayout=true"]
        command = ["mvn", "-q", "-B", *goal, "-DoutputDirectory=files"]
        subprocess.run(command, cwd=directory, check=True)  # noqa: S603  # Maven, on the project above
        root = Path(directory, "files")
        found = sorted(path for path in root.rglob("*") if path.is_file() and not _is_unused(path))
        return "".join(f"{engine} {_sha256(path)} {path.relative_to(root)}\n" for path in found)


def _is_unused(path: Path) -> bool:
    return any(name in path.name for name in _UNUSED)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
