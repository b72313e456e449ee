"""The words of docs/glossary.md: names and sentences that were replaced do not come back."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ROOMS = ("lambda", "infra", "cli", "local", "mailsim", "bench", "tests", "docs", "schemas")
ENDINGS = {".py", ".md", ".json", ".toml"}

IDIOMS = (
    *("told", "untold", "anew", "unheard", "heard of", "wish", "wishes", "doubts?", "judged?", "judgement", "witness"),
    *("graceless", "roomy", "deaf", "last words", "given up", "gave up", "by hope", "handed on", "front door"),
)
"""Where an EWS or AWS engineer says published, received, renewed, desired, suspected gap, decide, forwarded …"""

OLD_NAMES = (
    *("FrontDoor", "HandOver", "GivenUp", "Ticker", "Handover", "Recoverer", "Ruling", "Station", "place_of"),
    *("told_until", "longest_delivery", "gap_since", "recover_since", "first_post_due"),
    *("wanted_generation", "LooksFailed", "LooksPostponed", "OverdueMinutes", "KeeperTicks"),
)

FORBIDDEN = re.compile(rf"(?<![\w@])(?:(?i:{'|'.join(IDIOMS)})|{'|'.join(OLD_NAMES)})(?!\w)")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    return enumerate(path.read_text(errors="replace").splitlines(), start=1)


@pytest.mark.parametrize("room", [*ROOMS, "README.md", "CONTRIBUTING.md", "app.py"])
def test_replaced_words_do_not_come_back(room: str) -> None:
    """In names, docstrings, messages and docs. The change log names the old ones, for whoever knew them."""
    top = ROOT / room
    paths = [top] if top.is_file() else [path for path in top.rglob("*") if path.suffix in ENDINGS]
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in sorted(paths)
        if path != Path(__file__) and "fixtures" not in path.parts
        for number, line in _lines(path)
        for match in FORBIDDEN.finditer(line)
    ]
    assert found == []
