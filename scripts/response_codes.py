"""Writes docs/response-codes.md from the tables of `ewspush.protocol.response_codes`: `make docs`."""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "response-codes.md"
sys.path[:0] = [str(ROOT), str(ROOT / "lambda")]  # also where nothing else names the checkout

from ewspush.protocol.response_codes import (  # noqa: E402  # after the path
    ADVICE,
    OF_ANOTHER_OPERATION,
    UNKNOWN,
    UNRELATED,
    Advice,
    Missing,
    Remedy,
)

_INTRODUCTION: Final = """\
# Response codes

*Written by `make docs` from the code; a test keeps it up to date.*

What the keeper does when the mail server refuses a Subscribe, and what `./ews-push list` and `show` say about it. The
names are those of Microsoft's ResponseCodeType. `HTTP <status>` stands for an answer without a response code, and so do
a few words in lower case.

| what the keeper does | when it tries again |
|---|---|
"""

_REMEDIES: Final = {
    Remedy.RETRY: ("Tries again", "after 1, 2, 4 and 8 minutes, then every 15; later where the server asks for it"),
    Remedy.RETRY_A_FEW_TIMES: ("Tries five times, then suspends", "in a quarter of an hour; then hourly"),
    Remedy.RETRY_THEN_SUSPEND: ("Waits for rights to apply, then suspends", "five times in ten minutes; then hourly"),
    Remedy.WAIT: ("Waits for old subscriptions to end", "after StatusFrequency minutes, an hour at most"),
    Remedy.RETRY_WITHOUT_WATERMARK: ("Tries again, without the watermark", "as the first row; a `gap` is recovered"),
    Remedy.WAIT_FOR_PUSH: ("Waits for a first push", "a minute after StatusFrequency: the subscription may exist"),
    Remedy.RESUBSCRIBE: ("Makes a new subscription", "at once where a push says so, else as the first row"),
    Remedy.RESUBSCRIBE_WITHOUT_WATERMARK: (
        "Makes a new subscription from now on",
        "at once; a `gap` is recovered",
    ),
    Remedy.SUSPEND: (
        "Suspends at once",
        "daily; what worked before: after five tries, hourly for a day, or as long as its mailbox may be disabled",
    ),
}

_MISSING: Final = {None: "", Missing.MAILBOX: " (the mailbox is missing)", Missing.FOLDER: " (the folder is missing)"}


def page() -> str:
    """Return the text of the page."""
    remedies = "".join(f"| {what} | {when} |\n" for what, when in _REMEDIES.values())
    return "\n".join((_INTRODUCTION + remedies, *_known(), *_others()))


def _known() -> Iterator[str]:
    groups = defaultdict(list)
    for code, advice in ADVICE.items():
        groups[advice].append(code)
    for remedy, (what, _) in _REMEDIES.items():
        rows = [(codes, advice) for advice, codes in groups.items() if advice.remedy is remedy]
        yield f"## {what}\n\n| codes | what it says |\n|---|---|"
        yield from (f"| {_listed(codes)} | {_sentence(advice)} |" for codes, advice in rows)
        yield ""


def _others() -> Iterator[str]:
    topics = defaultdict(list)
    for code, topic in UNRELATED.items():
        topics[topic].append(code)
    yield "## Codes that cannot come here\n"
    yield "They belong to operations that are never asked for. Should one come after all, the keeper tries five times"
    yield f"and then suspends: *{OF_ANOTHER_OPERATION.reason}*.\n"
    yield "| they are about | codes |\n|---|---|"
    yield from (f"| {topic} | {_listed(codes)} |" for topic, codes in topics.items())
    yield "\n## Any other code\n"
    yield f"Likewise: *{UNKNOWN.reason}*. What the server says in words is shown after it.\n"


def _sentence(advice: Advice) -> str:
    return advice.reason + _MISSING[advice.missing]


def _listed(codes: Iterable[str]) -> str:
    return " ".join(f"`{code}`" for code in sorted(codes))


if __name__ == "__main__":
    PAGE.write_text(page())
