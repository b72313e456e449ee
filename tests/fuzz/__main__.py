"""Fuzz the readers of untrusted bytes: no error but the reader's own, no hang, no broken promise.

atheris guides the inputs by coverage where it is installed (tests/fuzz/requirements.txt); else Hypothesis draws them.
An input that shows a defect is written to .build/fuzz/, with the command that replays it, and the exit status is 1.
"""

import argparse
import faulthandler
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.fuzz.hypothesis_fuzzer import LARGEST_INPUT_BYTES, FoundError, fuzz
from tests.fuzz.mutation import WORDS
from tests.fuzz.targets import CORPUS, TARGETS, Target

BUILD: Final = Path(__file__).parents[2] / ".build" / "fuzz"
PACKAGES: Final = BUILD / "packages"
"""`make fuzz` installs atheris here, not in the shared environment: it takes 130 MB and needs Linux on x86_64."""

_HANG_SECONDS: Final = 10
_STANDARD_ERROR: Final = 2
_MEMORY_MB: Final = 1_024
_SUMMARY: Final = re.compile(r"#\d+\s+DONE|Done \d+ runs")
_MAX_WORD_BYTES: Final = 64  # of libFuzzer


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line; return the exit status."""
    asked = _parser().parse_args(arguments)
    targets = [TARGETS[asked.target]] if asked.target else list(TARGETS.values())
    if asked.replay is not None:
        return _replay(targets, asked.replay)
    run = _run_atheris if _has_atheris() else _run_hypothesis
    if run is _run_hypothesis:
        _print("atheris is not installed for this Python: Hypothesis draws the inputs, without guidance by coverage")
    BUILD.mkdir(parents=True, exist_ok=True)
    held = [run(target, asked.runs) for target in targets]
    return 0 if all(held) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--runs", type=int, default=1_000_000, metavar="N", help="number of inputs for each target (%(default)s)"
    )
    parser.add_argument("--target", choices=TARGETS, help="fuzz only this target (all, one after the other)")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="try only this input, and show its error")
    return parser


def _has_atheris() -> bool:
    if PACKAGES.is_dir():
        sys.path.append(str(PACKAGES))
    return importlib.util.find_spec("atheris") is not None


def _run_atheris(target: Target, runs: int) -> bool:
    """Run it in a child process, since atheris ends its process; the log is kept."""
    kept, log, found = BUILD / "corpus" / target.name, BUILD / f"{target.name}.log", BUILD / f"{target.name}-"
    kept.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, "-m", "tests.fuzz.atheris_fuzzer", target.name, str(runs)),
        *(f"-max_len={LARGEST_INPUT_BYTES}", f"-timeout={_HANG_SECONDS}", f"-rss_limit_mb={_MEMORY_MB}"),
        *(f"-dict={_dictionary()}", f"-artifact_prefix={found}", str(kept), str(CORPUS / target.name)),
    ]
    before = set(BUILD.iterdir())
    with log.open("wb") as output:
        path = os.pathsep.join(filter(None, sys.path))
        ended = subprocess.run(command, stderr=output, env={**os.environ, "PYTHONPATH": path}, check=False)  # noqa: S603  # own module
    lines = log.read_text(errors="replace").splitlines()
    if ended.returncode == 0:
        _print(f"{target.name}: no defect found. {' '.join(line for line in lines if _SUMMARY.match(line))}")
        return True
    _print("\n".join((*lines[-8:], f"{target.name}: ended with status {ended.returncode}; its log: {log}")))
    for file in sorted(set(BUILD.iterdir()) - before - {log}):
        _print_found(target, file)
    return False


def _dictionary() -> Path:
    """Write the dictionary of libFuzzer, in its notation."""
    file = BUILD / "words.dict"
    words = (word.hex(":").replace(":", r"\x") for word in WORDS if 0 < len(word) <= _MAX_WORD_BYTES)
    file.write_text("".join(rf'"\x{word}"' + "\n" for word in words))
    return file


def _run_hypothesis(target: Target, runs: int) -> bool:
    try:
        fuzz(target, runs)
    except FoundError as found:
        file = BUILD / f"{target.name}-found"
        file.write_bytes(found.body)
        _print(f"{target.name}: {found}: {found.__cause__!r}")
        _print_found(target, file)
        return False
    return True


def _replay(targets: Sequence[Target], file: Path) -> int:
    """Raise the error of an input; a hang ends with its stack."""
    for target in targets:
        faulthandler.dump_traceback_later(_HANG_SECONDS, exit=True, file=_STANDARD_ERROR)
        try:
            target.check(file.read_bytes())
        finally:
            faulthandler.cancel_dump_traceback_later()
        _print(f"{target.name}: holds")
    return 0


def _print_found(target: Target, file: Path) -> None:
    _print(f"{target.name}: written to {file}; again: python -m tests.fuzz --target {target.name} --replay {file}")


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
