"""What was typed -> subscriptions: a key names one, an address names all subscriptions of the mailbox."""

from collections.abc import Sequence
from typing import Final

from cli.exceptions import FailedError
from cli.targets import StackTables
from ewspush.domain.subscription import Subscription, SubscriptionKey
from infra.did_you_mean import closest

_ADDRESS_CUTOFF: Final = 0.8
"""Higher than for other words, because addresses of one domain resemble each other."""


def resolve(tables: StackTables, words: Sequence[str]) -> list[Subscription]:
    """Return the subscriptions that `words` name, in their order, each once. Raises `FailedError` if a word names none.

    A key costs one read; an address costs a scan, because the table has no index by mailbox.
    """
    ledger = tables.ledger()
    every = list(tables.scan()) if any("@" in word for word in words) else []
    named: dict[SubscriptionKey, Subscription] = {}
    for word in words:
        one = None if "@" in word else ledger.read(SubscriptionKey(word.lower()))
        matches = {one.key: one} if one else _of_mailbox(every, word)
        if not matches:
            raise FailedError(_not_found(word, {subscription.mailbox for subscription in every}, tables))
        named |= matches
    return list(named.values())


def _of_mailbox(subscriptions: Sequence[Subscription], address: str) -> dict[SubscriptionKey, Subscription]:
    matches = {one.key: one for one in subscriptions if one.mailbox.lower() == address.lower()}
    return dict(sorted(matches.items()))


def _not_found(word: str, mailboxes: set[str], tables: StackTables) -> str:
    close = closest(word, mailboxes, _ADDRESS_CUTOFF)
    hint = f"did you mean {close}?" if close else "`ews-push list` shows all"
    what = "subscription for" if "@" in word else "subscription with the key"
    return f"there is no {what} {word} in the {tables.label}; {hint}"
