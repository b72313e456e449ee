"""Fuzz what reads the bytes of strangers: no error but the reader's own, no hang, nothing let through.

Under atheris where it is installed (tests/fuzz/requirements.txt), led by coverage; else as Hypothesis draws inputs.
What is found is written to .build/fuzz/, with the command that plays it again, and the exit status is 1.
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

from tests.fuzz.mutation import WORDS
from tests.fuzz.targets import CORPUS, TARGETS, Target
from tests.fuzz.unguided import LARGEST_INPUT_BYTES, FoundError, fuzz

BUILD: Final = Path(__file__).parents[2] / ".build" / "fuzz"
PACKAGES: Final = BUILD / "packages"
"""Where atheris may lie, apart from the environment of everything else: it takes 130 MB, and needs Linux on x86_64."""

_HANG_SECONDS: Final = 10
_STANDARD_ERROR: Final = 2
_MEMORY_MB: Final = 1_024
_SUMMARY: Final = re.compile(r"#\d+\s+DONE|Done \d+ runs")
_LONGEST_WORD_BYTES: Final = 64  # of libFuzzer


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for; return the exit status."""
    asked = _parser().parse_args(arguments)
    targets = [TARGETS[asked.target]] if asked.target else list(TARGETS.values())
    if asked.replay is not None:
        return _replayed(targets, asked.replay)
    run = _guided if _has_atheris() else _unguided
    if run is _unguided:
        _say("atheris is not installed for this Python: inputs are drawn by Hypothesis, and not led by coverage")
    BUILD.mkdir(parents=True, exist_ok=True)
    held = [run(target, asked.runs) for target in targets]
    return 0 if all(held) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=1_000_000, metavar="N", help="inputs for each target (%(default)s)")
    parser.add_argument("--target", choices=TARGETS, help="one of the targets (all, one after the other)")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="try this input only, and show what it does")
    return parser


def _has_atheris() -> bool:
    if PACKAGES.is_dir():
        sys.path.append(str(PACKAGES))
    return importlib.util.find_spec("atheris") is not None


def _guided(target: Target, runs: int) -> bool:
    """In a process of its own, which atheris ends; its log is kept."""
    kept, log, found = BUILD / "corpus" / target.name, BUILD / f"{target.name}.log", BUILD / f"{target.name}-"
    kept.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, "-m", "tests.fuzz.guided", target.name, str(runs)),
        *(f"-max_len={LARGEST_INPUT_BYTES}", f"-timeout={_HANG_SECONDS}", f"-rss_limit_mb={_MEMORY_MB}"),
        *(f"-dict={_dictionary()}", f"-artifact_prefix={found}", str(kept), str(CORPUS / target.name)),
    ]
    before = set(BUILD.iterdir())
    with log.open("wb") as output:
        path = os.pathsep.join(filter(None, sys.path))
        ended = subprocess.run(command, stderr=output, env={**os.environ, "PYTHONPATH": path}, check=False)  # noqa: S603  # own module
    lines = log.read_text(errors="replace").splitlines()
    if ended.returncode == 0:
        _say(f"{target.name}: all held. {' '.join(line for line in lines if _SUMMARY.match(line))}")
        return True
    _say("\n".join((*lines[-8:], f"{target.name}: ended with status {ended.returncode}; all it said: {log}")))
    for file in sorted(set(BUILD.iterdir()) - before - {log}):
        _say_how_to_replay(target, file)
    return False


def _dictionary() -> Path:
    """Write the words that libFuzzer puts in, in its own notation."""
    file = BUILD / "words.dict"
    words = (word.hex(":").replace(":", r"\x") for word in WORDS if 0 < len(word) <= _LONGEST_WORD_BYTES)
    file.write_text("".join(rf'"\x{word}"' + "\n" for word in words))
    return file


def _unguided(target: Target, runs: int) -> bool:
    try:
        fuzz(target, runs)
    except FoundError as found:
        file = BUILD / f"{target.name}-found"
        file.write_bytes(found.body)
        _say(f"{target.name}: {found}: {found.__cause__!r}")
        _say_how_to_replay(target, file)
        return False
    return True


def _replayed(targets: Sequence[Target], file: Path) -> int:
    """Let the error show itself; a hang ends with the stack of where it is."""
    for target in targets:
        faulthandler.dump_traceback_later(_HANG_SECONDS, exit=True, file=_STANDARD_ERROR)
        try:
            target.check(file.read_bytes())
        finally:
            faulthandler.cancel_dump_traceback_later()
        _say(f"{target.name}: holds")
    return 0


def _say_how_to_replay(target: Target, file: Path) -> None:
    _say(f"{target.name}: written to {file}; once more: python -m tests.fuzz --target {target.name} --replay {file}")


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
