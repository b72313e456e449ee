"""Lookups, the end of a sync run: which items they ask for, in which order, and how often."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ewspush.domain.published import LoggedObjects
from ewspush.domain.sync_run import SyncRun
from ewspush.protocol.lookup import MAX_ITEMS, LookupRequest
from ewspush.protocol.response_codes import Remedy, advice
from ewspush.protocol.soap import Refused

MAX_TRIES: Final = 8
"""For one item. With the waits between them half an hour to an hour: a store that is away for longer, or an item that
can't be had, leaves the gap open."""

_AWAY: Final = frozenset({Remedy.RETRY, Remedy.RETRY_WITHOUT_WATERMARK, Remedy.WAIT_FOR_PUSH})


def next_lookup(run: SyncRun, logged: LoggedObjects) -> LookupRequest | None:
    """Return the lookup of items that came and that no page showed, those tried least often first; None for none."""
    tries = Counter(run.unanswered)
    last_try = {each: number for number, each in enumerate(run.unanswered)}
    items = logged.unconfirmed_items(run.confirmed, run.deleted_folders)
    items.sort(key=lambda each: (tries[each], last_try.get(each, 0)))
    return LookupRequest(tuple(items[:MAX_ITEMS])) if items else None


def without_answer(run: SyncRun, ids: Sequence[str]) -> SyncRun:
    """Return the run after a lookup that left `ids` open; those tried too often count as unpublished.

    The server may have stopped at the first of them, so the others come before it in the next try.
    """
    tries = Counter((*run.unanswered, *ids))
    lost = [each for each in ids if tries[each] >= MAX_TRIES]
    confirmed = (*run.confirmed, *lost)
    settled = set(confirmed)
    unanswered = tuple(each for each in (*run.unanswered, *ids[1:], *ids[:1]) if each not in settled)
    return replace(run, confirmed=confirmed, unanswered=unanswered, unpublished=run.unpublished + len(lost))


def is_away(answer: Refused) -> bool:
    """Whether the server refused because it is busy or away: that passes, and says nothing of the lookup."""
    return advice(answer.response_code).remedy in _AWAY
