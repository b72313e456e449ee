"""Write a lock file for `tests.maven_lock`. Needs Maven, which resolves the dependencies and verifies its downloads."""

import hashlib
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

Coordinates = tuple[str, str, str]
"""Group, artifact and version."""

_PROJECT: Final = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>tests</groupId><artifactId>locked</artifactId><version>1</version>
<dependencies>{}</dependencies></project>"""
_DEPENDENCY: Final = "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>"
_GOAL: Final = ("dependency:copy-dependencies", "-DincludeScope=runtime", "-Dmdep.useRepositoryLayout=true")


def write_lock(
    file: Path, module: str, programs: Mapping[str, Sequence[Coordinates]], unused: Sequence[str] = ()
) -> None:
    """Pin the libraries of each program with their dependencies, except files with one of the `unused` names."""
    header = f"# program, SHA-256, path in a Maven repository; written by `python -m {module}`\n"
    locked = (_locked(program, libraries, unused) for program, libraries in programs.items())
    file.write_text(header + "".join(locked))


def _locked(program: str, libraries: Sequence[Coordinates], unused: Sequence[str]) -> str:
    with tempfile.TemporaryDirectory() as directory:
        dependencies = "".join(_DEPENDENCY.format(*each) for each in libraries)
        Path(directory, "pom.xml").write_text(_PROJECT.format(dependencies))
        command = ["mvn", "-q", "-B", *_GOAL, "-DoutputDirectory=files"]
        subprocess.run(command, cwd=directory, check=True)  # noqa: S603  # Maven, on the project above
        root = Path(directory, "files")
        excluded = ("maven-metadata", *unused)
        found = (path for path in root.rglob("*") if path.is_file() and not any(name in path.name for name in excluded))
        return "".join(f"{program} {_sha256(path)} {path.relative_to(root)}\n" for path in sorted(found))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
