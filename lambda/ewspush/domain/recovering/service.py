"""Synchronizes live subscriptions: asks, applies and commits, one step of a sync run after the other."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ewspush.domain.callback import Callback
from ewspush.domain.events import Event, log_entry
from ewspush.domain.ports import Clock, Jitter, MailServer, SubscriptionLedger, SyncStates
from ewspush.domain.reachability import poll_wait
from ewspush.domain.recovering import closing, rules
from ewspush.domain.recovering.log_view import LogView
from ewspush.domain.recovering.page_events import PageContext
from ewspush.domain.recovering.rules import Answer, SyncRequest
from ewspush.domain.recovering.step import Step
from ewspush.domain.retries import retry_wait
from ewspush.domain.subscription import State, Subscription
from ewspush.domain.sync_run import Baseline, SyncRun, SyncStep
from ewspush.domain.timing import Timing
from ewspush.domain.updates import ConditionalUpdate, SameRevision
from ewspush.errors import EntryTooLongError, LostRaceError, UnavailableError
from ewspush.protocol.lookup import LookupAnswer, LookupRequest
from ewspush.protocol.soap import Refused
from ewspush.protocol.synchronization import (
    HierarchyPage,
    ItemsPage,
    SyncHierarchyRequest,
    SyncItemsRequest,
    is_folder_gone,
)


@dataclass(frozen=True, slots=True)
class Synchronizer:
    """Works on one subscription at a time."""

    ledger: SubscriptionLedger
    states: SyncStates
    server: MailServer
    clock: Clock
    jitter: Jitter
    timing: Timing

    def synchronize(self, subscription: Subscription, may_call: Callable[[], bool]) -> datetime:
        """Do what is due for a live subscription as long as `may_call` allows; return when to check it again.

        Each step is one write, together with the events that follow from it. Raises what the stores raise.
        """
        now = self.clock()
        due_at = closing.sync_due_at(subscription, self.timing, now, self.jitter)
        if due_at > now:
            return due_at
        try:
            return self._run(subscription, now, may_call)
        except LostRaceError:
            return now + self.timing.minutes(closing.CONFIRM_MINUTES)

    def _run(self, subscription: Subscription, now: datetime, may_call: Callable[[], bool]) -> datetime:
        baseline = self.states.baseline(subscription.key)
        run = self._current_run(subscription, baseline, now)
        log = LogView(self.ledger, self._horizon(subscription, baseline, now), self.timing.clock_margin)
        while run.finished_at is None:
            if not may_call():
                return now + self._turn_wait(subscription, now)
            subscription = self._fresh(subscription)
            if run.emits_events and (log.is_unread or not run.folders):
                log.refresh(subscription)
            request = rules.next_request(run, self._sync_state(run), log.objects)
            if request is None:
                run = self._commit(subscription, run, rules.finish(run, self.clock()))
                break
            answer = self._ask(subscription.mailbox, request)
            pushed: frozenset[str] = frozenset()
            if run.emits_events and _has_changes(answer):
                subscription = self._fresh(subscription)
                pushed = log.refresh(subscription)
            context = PageContext(subscription, log.objects, pushed, self.clock())
            step = rules.on_answer(run, request, answer, context)
            run = self._commit(subscription, run, step)
            if step.is_refused:
                return self.clock() + retry_wait(run.attempts, step.back_off_ms, self.timing, self.jitter)
        return self._conclude(self._fresh(subscription), run, baseline, log)

    def _current_run(self, subscription: Subscription, baseline: Baseline | None, now: datetime) -> SyncRun:
        """Return the run under way, or begin one."""
        run = self.states.load_run(subscription.key)
        if run is not None and rules.can_continue(run, subscription, baseline):
            return run
        folders = self.states.folders(subscription.key, baseline.round) if baseline is not None else ()
        return self._commit(subscription, run, Step(rules.begin_run(subscription, baseline, run, folders, now)))

    def _horizon(self, subscription: Subscription, baseline: Baseline | None, now: datetime) -> datetime:
        """Return since when the log holds all that the baseline does not know, and every open gap."""
        times = (baseline.started_at if baseline is not None else now, subscription.oldest_open_gap_at or now, now)
        return min(times) - self.timing.max_delivery_window(subscription.status_frequency_minutes)

    def _fresh(self, subscription: Subscription) -> Subscription:
        """Return the subscription as it is by now: pushes change it, and so does each step that emits events."""
        fresh = self.ledger.read(subscription.key)
        if fresh is None or fresh.state is not State.ACTIVE:
            raise LostRaceError
        return fresh

    def _sync_state(self, run: SyncRun) -> str | None:
        """Return where the folder under way goes on: from the state of this run, else of the baseline."""
        if run.folders == ():
            return None
        own = self.states.sync_state(run.key, run.round, run.folder)
        if own is None and run.has_base_state:
            return self.states.sync_state(run.key, run.base_round, run.folder)
        return own

    def _ask(self, mailbox: str, request: SyncRequest | LookupRequest) -> Answer:
        try:
            match request:
                case SyncHierarchyRequest():
                    return self.server.sync_hierarchy(mailbox, request)
                case SyncItemsRequest():
                    return self.server.sync_items(mailbox, request)
                case LookupRequest():
                    return self.server.missing_items(mailbox, request)
        except UnavailableError:
            return None

    def _commit(self, subscription: Subscription, before: SyncRun | None, step: Step) -> SyncRun:
        """Store a step; events only if nothing was logged since the subscription was read."""
        update = self._update(subscription, step.events) if step.events else None
        stored = SyncStep(before, step.run, step.state)
        try:
            is_stored = self.ledger.commit(update, stored).stored
        except EntryTooLongError as error:
            if before is None:
                raise
            return self._commit_in_parts(subscription, before, step, error.event_id)
        if not is_stored:
            raise LostRaceError
        return stored.stored_run

    def _commit_in_parts(self, subscription: Subscription, before: SyncRun, step: Step, event_id: str) -> SyncRun:
        """Store the events before that one beside the run as it was, then the rest with the step."""
        position = [event.id for event in step.events].index(event_id)
        counted = replace(before, published=before.published + position)
        between = self._commit(subscription, before, Step(counted, step.events[:position]))
        subscription = replace(subscription, revision=subscription.revision + 1)
        return self._commit(subscription, between, replace(step, events=step.events[position:]))

    def _update(self, subscription: Subscription, events: tuple[Event, ...]) -> ConditionalUpdate:
        callback = Callback(subscription.key, subscription.mailbox, subscription.generation)
        entry = log_entry(callback, self.clock(), events) if events else None
        return ConditionalUpdate(subscription.key, SameRevision(subscription), {}, entry)

    def _conclude(self, subscription: Subscription, run: SyncRun, baseline: Baseline | None, log: LogView) -> datetime:
        """Adopt what a finished run found, once a push confirmed it; return when to check the subscription again."""
        now = self.clock()
        if not closing.is_confirmed(subscription, run, self.timing):
            return closing.confirmation_due_at(subscription, self.timing, now)
        log.refresh(subscription)
        refresh_at = now + self.timing.minutes(closing.REFRESH_MINUTES)
        conclusion = closing.conclude(subscription, run, baseline, log.objects.open_gaps, refresh_at, now)
        update = replace(self._update(subscription, conclusion.events), changes=conclusion.changes)
        if not self.ledger.commit(update, SyncStep(run, run, baseline=conclusion.baseline)).stored:
            raise LostRaceError
        self.states.forget(run.key, before=run.round)
        if subscription.unreachable_since is not None:
            return now + poll_wait(subscription, self.timing, now)
        return now if conclusion.changes.get("oldest_open_gap_at") else refresh_at

    def _turn_wait(self, subscription: Subscription, now: datetime) -> timedelta:
        """Return how long to wait where a run has no calls left: many that are unreachable wait for their turn."""
        is_unreachable = subscription.unreachable_since is not None
        return poll_wait(subscription, self.timing, now) / 4 if is_unreachable else timedelta()


def _has_changes(answer: Answer) -> bool:
    """Whether the log decides what of an answer is unpublished."""
    is_gone = isinstance(answer, Refused) and is_folder_gone(answer)
    return (
        is_gone
        or isinstance(answer, HierarchyPage | LookupAnswer)
        or (isinstance(answer, ItemsPage) and bool(answer.changes))
    )
