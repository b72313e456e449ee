"""After a gap: what a sync says has changed since the last baseline, less what was told by push, becomes events.

A baseline is a sync state for each folder, taken while push is known to work. The states of one run are a round of
their own, so that those it began from stay until the run is done. What to do next stands in `Work`, so that a run goes
on in the next tick where this one ends, and two ticks that overlap can't tell anything twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from ewspush.domain.events import GapReason
from ewspush.domain.subscription import LoggedNotification, Subscription
from ewspush.domain.times import from_iso, rfc3339
from ewspush.protocol.synchronization import ChangeKind, FolderChange, ItemChange, ItemsPage

HIERARCHY: Final = ""
"""The place of the folders themselves; every other place is a folder."""


class Purpose(StrEnum):
    """Why a subscription is synchronized."""

    BASELINE = "baseline"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class Work:
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


_CAME: Final = frozenset({"created", "new_mail", "copied", "moved"})

Change: TypeAlias = ItemChange | FolderChange


@dataclass(frozen=True, slots=True)
class Known:
    """What the log holds since the baseline, push and sync alike.

    `came` and `went` are the objects that it says came into a folder or left it, `folders` those of `came` that are
    folders. `told_of` is when an object last changed by the server's clock as far as was told, `told_at` when that was.
    """

    came: frozenset[str]
    went: frozenset[str]
    folders: frozenset[str]
    told_of: Mapping[str, datetime]
    told_at: Mapping[str, datetime]

    @classmethod
    def of(cls, logged: Iterable[LoggedNotification]) -> "Known":
        """Collect what `logged` tells."""
        sets: dict[str, set[str]] = {"came": set(), "went": set(), "folders": set()}
        told_of: dict[str, datetime] = {}
        told_at: dict[str, datetime] = {}
        for notification in logged:
            for document in notification.events:
                data, kind = document["data"], document["type"].removeprefix("ews.mailbox.")
                own_id = data.get("id")
                if own_id is None:
                    continue
                changed_at = from_iso(document["time"])
                told_of[own_id] = max(changed_at, told_of.get(own_id, changed_at))
                told_at[own_id] = max(notification.received_at, told_at.get(own_id, notification.received_at))
                sets["came"].update({own_id} if kind in _CAME else ())
                sets["went"].update({own_id} if kind == "deleted" else ())
                sets["went"].update({data["old_id"]} if kind == "moved" and data.get("old_id") else ())
                sets["folders"].update({own_id} if kind in _CAME and data.get("object") == "folder" else ())
        came, went, folders = map(frozenset, sets.values())
        return cls(came, went, folders, told_of, told_at)

    def untold(self, change: Change, gaps: Sequence["Gap"]) -> Change | None:
        """Return `change` as far as nobody has told it; None where all of it was told.

        What came since the baseline and was changed in a gap is still one that came, to a sync. When the server does
        not say when a change was made, it counts as told where something of the object was told after the last gap:
        whoever looked then has seen what became of it.
        """
        if change.kind is ChangeKind.DELETED:
            return None if change.id in self.went else change
        if change.kind is ChangeKind.CREATED and change.id not in self.came:
            return change
        modified_at = _moment(change.last_modified_at) if isinstance(change, ItemChange) else None
        if modified_at is not None:
            is_told = change.id in self.told_of and self.told_of[change.id] >= modified_at
        else:
            at = self.told_at.get(change.id)
            is_told = at is not None and at >= max((gap.end for gap in gaps), default=at)
        return None if is_told else change._replace(kind=ChangeKind.UPDATED)

    def doubtful_items(self, work: "Work") -> list[str]:
        """Return the items that came and have not been seen since: a sync does not tell of what came and went."""
        return sorted(self.came - self.folders - self.went - set(work.seen))

    def vanished_folders(self, work: "Work") -> list[FolderChange]:
        """Return the folders that came, and are not among those that the server has now."""
        gone = sorted(self.folders - self.went - set(work.found) - set(work.seen))
        return [FolderChange(ChangeKind.DELETED, each) for each in gone]


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap event that is open."""

    id: str
    start: datetime
    end: datetime
    logged_at: datetime


def open_gaps(logged: Iterable[LoggedNotification]) -> list[Gap]:
    """Return the gaps in `logged` that nothing has closed yet, oldest first."""
    gaps: dict[str, Gap] = {}
    for notification in sorted(logged, key=lambda one: one.arrival):
        for document in notification.events:
            data = document["data"]
            if document["type"] == "ews.mailbox.gap" and data["reason"] != GapReason.NOT_RECOVERED:
                start, end = from_iso(data["from"]), from_iso(data["to"])
                gaps[document["id"]] = Gap(document["id"], start, end, notification.received_at)
            for closed in data.get("gaps", ()):
                gaps.pop(closed, None)
    return list(gaps.values())


def begun(row: Subscription, former: Work | None, folders: Sequence[str], now: datetime) -> Work:
    """Return the run that `row` needs. `folders` are those of the baseline, for a subscription to all folders."""
    purpose = Purpose.RECOVERY if row.recover_since is not None else Purpose.BASELINE
    newest = max(row.baseline, former.round if former is not None else 0)
    return Work(
        row.subscription,
        purpose,
        round=newest + 1,
        source=row.baseline,
        begun_at=now,
        places=row.folders or None,
        found=() if row.folders else tuple(folders),
        version=former.version if former is not None else 0,
    )


def advanced(work: Work, page: ItemsPage, known: Known | None, *, told: int) -> Work:
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


def folders_found(work: Work, changes: Sequence[FolderChange], *, is_last: bool, told: int) -> Work:
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


def looked_up(work: Work, seen: Iterable[str], *, told: int) -> Work:
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


def started_over(work: Work) -> Work:
    """Return `work` where the server does not know the state of the place under way: all it tells now is no news."""
    missed = 1 if work.tells() else 0
    return replace(work, is_silent=True, unrecovered=work.unrecovered + missed, version=work.version + 1)


def without_place(work: Work) -> Work:
    """Return `work` where the folder under way is not there any more."""
    return replace(work, places=(work.places or ())[1:], is_silent=False, attempts=0, version=work.version + 1)


def _moment(text: str | None) -> datetime | None:
    stamp = rfc3339(text)
    return from_iso(stamp) if stamp is not None else None
