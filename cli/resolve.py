"""Subscriptions by what was typed: a key, or an address that stands for all subscriptions of the mailbox."""

from collections.abc import Sequence
from typing import Final

from cli.did_you_mean import closest
from cli.exceptions import FailedError
from cli.targets import Place
from ewspush.domain.subscription import Subscription

_CUTOFF: Final = 0.8
"""Addresses of one domain resemble each other more than words do."""


def found(place: Place, words: Sequence[str]) -> list[Subscription]:
    """Return the rows that `words` mean, in their order, each once. Raises `FailedError` for one that means none.

    A key is one read; for an address, all rows are read, because the table is ordered by nothing else.
    """
    ledger = place.ledger()
    rows = list(place.rows()) if any("@" in word for word in words) else []
    matches: dict[str, Subscription] = {}
    for word in words:
        row = None if "@" in word else ledger.read(word.lower())
        of_word = [row] if row else sorted(_of_mailbox(rows, word), key=lambda row: row.subscription)
        if not of_word:
            raise FailedError(_nothing(word, {row.mailbox for row in rows}, place))
        matches |= {row.subscription: row for row in of_word}
    return list(matches.values())


def _of_mailbox(rows: Sequence[Subscription], word: str) -> list[Subscription]:
    return [row for row in rows if row.mailbox.lower() == word.lower()]


def _nothing(word: str, mailboxes: set[str], place: Place) -> str:
    close = closest(word, mailboxes, _CUTOFF)
    hint = f"did you mean {close}?" if close else "`ews-push list` shows them all"
    what = "subscription for" if "@" in word else "subscription with the key"
    return f"there is no {what} {word} in the {place.label}; {hint}"
