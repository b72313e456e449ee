"""After a gap: what a sync says has changed since the last baseline, less what was told by push, becomes events.

A baseline is a sync state for each folder, taken while push is known to work. The states of one run are a round of
their own, so that those it began from stay until the run is done. What to do next stands in `Work`, so that a run goes
on in the next tick where this one ends, and two ticks that overlap can't tell anything twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from ewspush.domain.known import LoggedObjects
from ewspush.domain.subscription import Subscription
from ewspush.protocol.synchronization import ChangeKind, FolderChange, ItemsPage

HIERARCHY: Final = ""
"""The place of the folders themselves; every other place is a folder."""


class Purpose(StrEnum):
    """Why a subscription is synchronized."""

    BASELINE = "baseline"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class SyncRun:
    """A run over all places of a subscription.

    It begins from the states of the round `source` (0: there are none) and leaves its own in `round`. `places` are
    still to do, the first one under way; None: the folders have to be found first, and `found` are those so far.
    `seen` are objects that came since the baseline and are there. `is_silent`: what the place under way tells is not
    news. `recovered` counts the events so far, `unrecovered` what could not be told. `version` counts its steps, and is
    their lock.
    """

    subscription: str
    purpose: Purpose
    round: int
    source: int
    begun_at: datetime
    places: tuple[str, ...] | None
    found: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    is_silent: bool = False
    recovered: int = 0
    unrecovered: int = 0
    attempts: int = 0
    ended_at: datetime | None = None
    version: int = 0

    @property
    def place(self) -> str:
        """The place under way."""
        return self.places[0] if self.places else HIERARCHY

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to ask for."""
        return self.places == ()

    def tells(self) -> bool:
        """Whether what the place under way tells is news."""
        return self.purpose is Purpose.RECOVERY and self.source > 0 and not self.is_silent

    def knows_state(self) -> bool:
        """Whether the place under way is one that the baseline can have a state of."""
        return self.source > 0 and self.place not in self.new


def begun(row: Subscription, former: SyncRun | None, folders: Sequence[str], now: datetime) -> SyncRun:
    """Return the run that `row` needs. `folders` are those of the baseline, for a subscription to all folders."""
    purpose = Purpose.RECOVERY if row.oldest_open_gap_at is not None else Purpose.BASELINE
    newest = max(row.baseline_round, former.round if former is not None else 0)
    return SyncRun(
        row.subscription,
        purpose,
        round=newest + 1,
        source=row.baseline_round,
        begun_at=now,
        places=row.folders or None,
        found=() if row.folders else tuple(folders),
        version=former.version if former is not None else 0,
    )


def advanced(work: SyncRun, page: ItemsPage, known: LoggedObjects | None, *, told: int) -> SyncRun:
    """Return `work` after a page of items, `told` events of it news; `known` is None where nothing is."""
    is_last, passed_over = page.is_last, page.passed_over
    there = [each for each in page.changes if each.kind is not ChangeKind.DELETED and known is not None]
    seen = [each.id for each in there if each.kind is ChangeKind.CREATED or (known and each.id in known.came)]
    is_missed = work.tells() and passed_over
    return replace(
        work,
        places=work.places[1:] if is_last and work.places else work.places,
        is_silent=work.is_silent and not is_last,
        seen=_with(work.seen, seen),
        recovered=work.recovered + told,
        unrecovered=work.unrecovered + (passed_over if is_missed else 0),
        attempts=0,
        version=work.version + 1,
    )


def folders_found(work: SyncRun, changes: Sequence[FolderChange], *, is_last: bool, told: int) -> SyncRun:
    """Return `work` after a page of folders: which there are now, and which the baseline can't know."""
    searches = [change.id for change in changes if change.is_search]
    gone = {change.id for change in changes if change.kind is ChangeKind.DELETED}
    made = [change.id for change in changes if change.kind is ChangeKind.CREATED and not change.is_search]
    found = tuple(dict.fromkeys([*(each for each in work.found if each not in gone), *made]))
    new = tuple(dict.fromkeys([*work.new, *(made if work.tells() else ())]))
    after = replace(
        work,
        found=found,
        new=new,
        seen=_with(work.seen, searches),
        recovered=work.recovered + told,
        attempts=0,
        version=work.version + 1,
    )
    return replace(after, places=found, found=(), is_silent=False) if is_last else after


def looked_up(work: SyncRun, seen: Iterable[str], *, told: int) -> SyncRun:
    """Return `work` after a lookup of items that found `seen`, and `told` of those that are gone."""
    return replace(
        work,
        seen=_with(work.seen, seen),
        recovered=work.recovered + told,
        attempts=0,
        version=work.version + 1,
    )


def _with(former: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*former, *more]))


def started_over(work: SyncRun) -> SyncRun:
    """Return `work` where the server does not know the state of the place under way: all it tells now is no news."""
    missed = 1 if work.tells() else 0
    return replace(work, is_silent=True, unrecovered=work.unrecovered + missed, version=work.version + 1)


def without_place(work: SyncRun) -> SyncRun:
    """Return `work` where the folder under way is not there any more."""
    return replace(work, places=(work.places or ())[1:], is_silent=False, attempts=0, version=work.version + 1)
