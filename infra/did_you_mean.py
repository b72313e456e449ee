"""The suggestion for a misspelt word, in settings and at the command line."""

import difflib
from collections.abc import Iterable


def closest(word: str, known: Iterable[str], cutoff: float = 0.75) -> str | None:
    """Return the known word that `word` resembles in letters of any case; None if it resembles none.

    `cutoff` is difflib's similarity ratio, from 0 to 1.
    """
    by_lower_case = {name.lower(): name for name in known}
    matches = difflib.get_close_matches(word.strip().lower(), by_lower_case, n=1, cutoff=cutoff)
    return by_lower_case[matches[0]] if matches else None
