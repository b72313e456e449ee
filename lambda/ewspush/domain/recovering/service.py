"""Synchronizes subscriptions that push works for: takes baselines, and recovers what a gap swallowed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ewspush.domain.callback import Callback
from ewspush.domain.events import Document
from ewspush.domain.gaps import complete_until, max_delivery_window
from ewspush.domain.known import Change, Gap, LoggedObjects, open_gaps
from ewspush.domain.ports import Clock, MailServer, SubscriptionLedger, SyncStates, UnavailableError
from ewspush.domain.recovering import rules
from ewspush.domain.recovering.rules import HIERARCHY, Purpose, SyncRun
from ewspush.domain.renewing import rules as renewing
from ewspush.domain.renewing.rules import Policy
from ewspush.domain.subscription import LoggedNotification, Subscription, logged_at
from ewspush.domain.sync_events import CLOSED, closing_document, sync_document
from ewspush.domain.updates import ConditionalUpdate, SameRevision
from ewspush.protocol.lookup import MAX_ITEMS, LookupRequest
from ewspush.protocol.soap import Refused
from ewspush.protocol.synchronization import (
    ChangeKind,
    HierarchyPage,
    ItemChange,
    ItemsPage,
    SyncHierarchyRequest,
    SyncItemsRequest,
    is_folder_gone,
    is_state_unknown,
)

REFRESH_MINUTES: Final = 24 * 60
"""Age of a baseline at which a new one is taken, so that a recovery has no more than a day to go through."""

SPREAD_MINUTES: Final = 15
"""Over so long the first baselines of a herd are spread."""

SETTLING_MINUTES: Final = 1
"""After a gap, so that push has told what it has under way; and between looks at a run that waits for a POST."""


@dataclass(frozen=True, slots=True)
class Recoverer:
    """Works on one subscription at a time."""

    ledger: SubscriptionLedger
    states: SyncStates
    server: MailServer
    clock: Clock
    chance: Callable[[], float]
    policy: Policy

    def attend(self, row: Subscription, may_call: Callable[[], bool]) -> datetime:
        """Do what is due for `row`, an active one, for as long as `may_call` says; return when to look again.

        Every page is stored with what follows from it in one write. Raises what the stores raise.
        """
        now = self.clock()
        due_at = self._due_at(row, now)
        if due_at > now:
            return due_at
        work = self._current(row, now)
        while work is not None and work.ended_at is None:
            if not may_call():
                return now
            after = self._next(row, work)
            if isinstance(after, Refused):
                return self._postponed(row, work, after)
            work = after
        return self._concluded(self._fresh(row), work) if work is not None else now + self.policy.minute

    def _next(self, row: Subscription, work: SyncRun) -> SyncRun | Refused | None:
        """Do the next step of a run, up to the word that it has ended; None where another keeper was faster."""
        if not work.is_done:
            return self._step(row, work)
        after = self._looked_up(row, work) if work.tells() else work
        if after is not work:
            return after
        return self._stored(work, replace(work, ended_at=self.clock(), version=work.version + 1))

    def _due_at(self, row: Subscription, now: datetime) -> datetime:
        if row.next_sync_at is None:
            return now + self.policy.minutes(SPREAD_MINUTES * self.chance())
        if row.oldest_open_gap_at is not None:
            return max(row.next_sync_at, row.oldest_open_gap_at + self.policy.minutes(SETTLING_MINUTES))
        return row.next_sync_at

    def _current(self, row: Subscription, now: datetime) -> SyncRun | None:
        """Return the run under way, or begin one; None where another keeper is at it. A recovery does not wait.

        One from before the subscription was given up and wanted again is over.
        """
        work = self.states.work(row.subscription)
        wanted = Purpose.RECOVERY if row.oldest_open_gap_at is not None else Purpose.BASELINE
        is_over = work is None or (row.baseline_started_at is not None and work.begun_at < row.baseline_started_at)
        if work is not None and not is_over and work.purpose is wanted and work.source == row.baseline_round:
            return work
        folders = [place for place in self.states.places(row.subscription, row.baseline_round) if place != HIERARCHY]
        fresh = rules.begun(row, work, folders if row.baseline_round else (), now)
        return self._stored(work, replace(fresh, version=fresh.version + 1))

    def _step(self, row: Subscription, work: SyncRun) -> SyncRun | Refused | None:
        """Ask for one page and store it; None where another keeper was faster."""
        state = self._state(work)
        if state is None and work.tells() and work.place not in work.new:
            return self._stored(work, rules.started_over(work))  # the baseline has no state of it
        try:
            page = self._asked(row, work, state)
        except UnavailableError:
            return Refused("no answer")
        if isinstance(page, Refused):
            return self._refused(work, page, has_state=state is not None)
        row = self._fresh(row) if work.tells() else row
        known, gaps = self._known(row) if work.tells() else (None, [])
        documents = self._news(row, work, page, state, known, gaps)
        if isinstance(page, HierarchyPage):
            after = rules.folders_found(work, page.changes, is_last=page.is_last, told=len(documents))
        else:
            after = rules.advanced(work, page, known, told=len(documents))
        return self._stored(work, after, page.sync_state, self._entry(row, documents))

    def _asked(self, row: Subscription, work: SyncRun, state: str | None) -> ItemsPage | HierarchyPage | Refused:
        if work.places is None:
            return self.server.sync_hierarchy(row.mailbox, SyncHierarchyRequest(state))
        return self.server.sync_items(row.mailbox, SyncItemsRequest(work.place, state))

    def _state(self, work: SyncRun) -> str | None:
        """Return where to go on: from this run's own state, else the baseline's; None from the beginning."""
        own = self.states.state(work.subscription, work.round, work.place)
        if own is None and work.knows_state():
            own = self.states.state(work.subscription, work.source, work.place)
        return own or None

    def _refused(self, work: SyncRun, answer: Refused, *, has_state: bool) -> SyncRun | Refused | None:
        if has_state and is_state_unknown(answer):
            return self._stored(work, rules.started_over(work), "")
        if work.places and is_folder_gone(answer):
            return self._stored(work, rules.without_place(work))
        return answer

    def _fresh(self, row: Subscription) -> Subscription:
        """Return the row as it is by now: each step that tells anything changes it, and so do POSTs."""
        return self.ledger.read(row.subscription) or row

    def _known(self, row: Subscription) -> tuple[LoggedObjects, list[Gap]]:
        logged = list(self.ledger.recent(row.subscription, self._horizon(row)))
        return LoggedObjects.of(logged), open_gaps(logged)

    def _news(  # noqa: PLR0913, PLR0917  # what is new depends on all of it
        self,
        row: Subscription,
        work: SyncRun,
        page: ItemsPage | HierarchyPage,
        state: str | None,
        known: LoggedObjects | None,
        gaps: Sequence[Gap],
    ) -> list[Document]:
        """Return the events of a page, but for those that push has told, or that nobody asked for."""
        if known is None:
            return []
        changes = [known.untold(change, gaps) for change in page.changes]
        if isinstance(page, HierarchyPage) and page.is_last:
            now = rules.folders_found(work, page.changes, is_last=False, told=0)
            changes += known.vanished_folders((*now.found, *now.seen))
        return self._told(row, [change for change in changes if change is not None], work.place, state)

    def _told(self, row: Subscription, changes: Sequence[Change], place: str, state: str | None) -> list[Document]:
        documents = (sync_document(row, change, place, state, self.clock()) for change in changes)
        return [document for document in documents if document is not None]

    def _looked_up(self, row: Subscription, work: SyncRun) -> SyncRun | Refused | None:
        """Ask for items that came since the baseline and that no page told of; return `work` once there are none.

        To a sync, what came and went between its two states has never been.
        """
        row = self._fresh(row)
        known, _ = self._known(row)
        ids = tuple(known.doubtful_items(work.seen)[:MAX_ITEMS])
        if not ids:
            return work
        try:
            gone = self.server.missing_items(row.mailbox, LookupRequest(ids))
        except UnavailableError:
            return Refused("no answer")
        if isinstance(gone, Refused):
            return gone
        changes = [ItemChange(ChangeKind.DELETED, each) for each in ids if each in gone]
        documents = self._told(row, changes, HIERARCHY, str(work.round))
        after = rules.looked_up(work, ids, told=len(documents))
        return self._stored(work, after, entry=self._entry(row, documents))

    def _horizon(self, row: Subscription) -> datetime:
        """Return since when the log tells all that the baseline does not know, and every gap since."""
        times = (row.baseline_started_at, row.oldest_open_gap_at, self.clock())
        longest = max_delivery_window(row.status_frequency_minutes, self.policy.minute)
        return min(time for time in times if time is not None) - longest

    def _postponed(self, row: Subscription, work: SyncRun, answer: Refused) -> datetime:
        """Wait as after a refused Subscribe; nothing is given up, the gap stays open until it works."""
        tried = replace(work, attempts=work.attempts + 1, version=work.version + 1)
        self._stored(work, tried)
        return self.clock() + renewing.wait(row, answer, self.policy, tried.attempts, self.chance)

    def _concluded(self, row: Subscription, work: SyncRun) -> datetime:
        """Adopt what a finished run found, once push is known to have gone on since.

        A recovery waits until push has told all that it had under way, which is judged as long as the gap is open. A
        baseline waits until no gap can begin before it.
        """
        now, ended_at = self.clock(), work.ended_at or self.clock()
        frequency = self.policy.minutes(row.status_frequency_minutes)
        if not self._is_proven(row, ended_at):  # nothing but a POST can prove it
            return max(now + self.policy.minutes(SETTLING_MINUTES), (row.last_seen_at or now) + frequency)
        refresh_at = now + self.policy.minutes(REFRESH_MINUTES)
        changes: dict[str, object] = {
            "baseline_round": work.round,
            "baseline_started_at": work.begun_at,
            "baseline_valid_from": ended_at,
            "next_sync_at": refresh_at,
            "revision": row.revision + 1,
        }
        logged = None
        if work.purpose is Purpose.RECOVERY:
            later, closing = self._closing(row, work)
            changes["oldest_open_gap_at"] = later
            if closing is not None and closing["type"] == CLOSED:
                del changes["baseline_valid_from"]  # together with what it began from, the run covers all since then
            logged = self._logged(row, [closing] if closing is not None else [])
        if self.ledger.write(ConditionalUpdate(row.subscription, SameRevision(row), changes, logged)).stored:
            self.states.forget(row.subscription, before=work.round)
            return now if changes.get("oldest_open_gap_at") else refresh_at
        return now + self.policy.minutes(SETTLING_MINUTES)

    def _is_proven(self, row: Subscription, ended_at: datetime) -> bool:
        until = complete_until(row, self.policy.minute) if row.suspected_gap_since is None else None
        return until is not None and until >= ended_at

    def _closing(self, row: Subscription, work: SyncRun) -> tuple[datetime | None, Document | None]:
        """Return since when later gaps are open (None: there are none), and what to say of those that are done."""
        gaps = open_gaps(self.ledger.recent(row.subscription, self._horizon(row)))
        done = [gap for gap in gaps if gap.end <= work.begun_at]
        later = [gap.logged_at for gap in gaps if gap.end > work.begun_at]
        return min(later, default=None), self._closed(row, work, done) if done else None

    def _closed(self, row: Subscription, work: SyncRun, gaps: Sequence[Gap]) -> Document:
        begins_at = min(gap.start for gap in gaps)
        is_covered = work.source > 0 and row.baseline_valid_from is not None and row.baseline_valid_from <= begins_at
        is_whole = is_covered and not work.unrecovered
        callback = Callback(row.subscription, row.mailbox, row.generation)
        ids = [gap.id for gap in gaps]
        span = (begins_at, max(gap.end for gap in gaps))
        return closing_document(callback, ids, span, work.recovered, self.clock(), is_whole=is_whole)

    def _entry(self, row: Subscription, documents: list[Document]) -> ConditionalUpdate | None:
        """Return what adds `documents` to the log, as long as no POST has come since the row was read.

        A POST is judged by the log, and what a sync tells too: of two that read it side by side, one has to look again.
        """
        logged = self._logged(row, documents)
        changes = {"revision": row.revision + 1}
        return ConditionalUpdate(row.subscription, SameRevision(row), changes, logged) if logged is not None else None

    def _logged(self, row: Subscription, documents: list[Document]) -> LoggedNotification | None:
        return logged_at(row.subscription, row.generation, self.clock(), tuple(documents)) if documents else None

    def _stored(
        self, before: SyncRun | None, after: SyncRun, state: str | None = None, entry: ConditionalUpdate | None = None
    ) -> SyncRun | None:
        """Store a step; None where another keeper has made it, or a POST has come."""
        place = before.place if before is not None and state is not None else None
        return after if self.states.advance(before, after, place, state, entry) else None
