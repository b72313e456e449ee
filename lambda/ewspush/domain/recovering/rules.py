"""A sync run as a state machine without I/O: which request comes next, and what its answer makes of the run.

    hierarchy ─▶ folders, page by page ─▶ lookup of items ─▶ finished

The hierarchy comes first where all folders are subscribed to, the lookup last where the run emits events. A run leaves
a sync state for each folder: its round. A baseline run keeps only these. A recovery run begins from the states of the
baseline and publishes what changed since, less what push published. What comes next stands in the `SyncRun`, so the
next keeper run goes on where this one ends (docs/adr/0017).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from ewspush.domain.events import ChangeEvent
from ewspush.domain.published import LoggedObjects
from ewspush.domain.recovering import lookups
from ewspush.domain.recovering.page_events import (
    PageContext,
    events_of_missing_items,
    events_of_page,
)
from ewspush.domain.subscription import Subscription
from ewspush.domain.sync_run import HIERARCHY, Baseline, FolderState, Purpose, SyncRun
from ewspush.protocol.changes import ChangeKind
from ewspush.protocol.lookup import LookupAnswer, LookupRequest
from ewspush.protocol.soap import Refused
from ewspush.protocol.synchronization import (
    HierarchyPage,
    ItemsPage,
    SyncHierarchyRequest,
    SyncItemsRequest,
    UnusablePage,
    is_folder_gone,
    is_state_unknown,
)

_NO_EVENTS: tuple[ChangeEvent, ...] = ()

SyncRequest: TypeAlias = SyncHierarchyRequest | SyncItemsRequest
Refusal: TypeAlias = Refused | UnusablePage | None
"""None: the mail server did not answer."""
Answer: TypeAlias = ItemsPage | HierarchyPage | LookupAnswer | Refusal
"""A page, what a lookup found, or a refusal."""


@dataclass(frozen=True, slots=True)
class Step:
    """What an answer makes of a run: the run after it, what it publishes, and the sync state that it leaves."""

    run: SyncRun
    events: tuple[ChangeEvent, ...] = ()
    state: FolderState | None = None
    is_refused: bool = False
    """The request, or what is left open of it, is to be sent again, later."""
    back_off_ms: int | None = None
    """How long the server then wants no requests."""


def begin_run(
    subscription: Subscription,
    baseline: Baseline | None,
    last_run: SyncRun | None,
    folders: Sequence[str],
    now: datetime,
) -> SyncRun:
    """Return the run that `subscription` needs; `folders` are those that the baseline knows."""
    base_round = baseline.round if baseline is not None and is_current(baseline.started_at, subscription) else 0
    rounds = (baseline.round if baseline is not None else 0, last_run.round if last_run is not None else 0)
    return SyncRun(
        subscription.key,
        purpose_of(subscription),
        round=max(rounds) + 1,
        base_round=base_round,
        started_at=now,
        folders=subscription.folders or None,
        found=() if subscription.folders or not base_round else tuple(each for each in folders if each != HIERARCHY),
        version=last_run.version if last_run is not None else 0,
    )


def purpose_of(subscription: Subscription) -> Purpose:
    """Return why `subscription` is synchronized now: a recovery does not wait for a baseline."""
    return Purpose.RECOVERY if subscription.oldest_open_gap_at is not None else Purpose.BASELINE


def is_current(started_at: datetime, subscription: Subscription) -> bool:
    """Whether a run was started since the subscription was desired last."""
    return subscription.desired_since is None or started_at >= subscription.desired_since


def can_continue(run: SyncRun, subscription: Subscription, baseline: Baseline | None) -> bool:
    """Whether `run` is still what the subscription needs."""
    base_round = baseline.round if baseline is not None and is_current(baseline.started_at, subscription) else 0
    has_same_base = run.base_round == base_round
    return is_current(run.started_at, subscription) and run.purpose is purpose_of(subscription) and has_same_base


def next_request(run: SyncRun, sync_state: str | None, logged: LoggedObjects) -> SyncRequest | LookupRequest | None:
    """Return what to ask next; None where nothing is left. `sync_state` is where the folder under way goes on."""
    if run.folders is None:
        return SyncHierarchyRequest(sync_state)
    if run.folders:
        return SyncItemsRequest(run.folder, sync_state)
    return lookups.next_lookup(run, logged) if run.emits_events else None


def on_answer(run: SyncRun, request: SyncRequest | LookupRequest, answer: Answer, context: PageContext) -> Step:
    """Return what `answer` makes of a run; `context` counts only where the run emits events."""
    match request, answer:
        case LookupRequest(), LookupAnswer():
            return on_lookup(run, request, answer, context)
        case ((SyncItemsRequest() | SyncHierarchyRequest()), (ItemsPage() | HierarchyPage())):
            return on_page(run, request, answer, context)
        case _, (Refused() | UnusablePage() | None):
            return on_refused(run, request, answer)
    message = f"{type(answer).__name__} is no answer to {type(request).__name__}"
    raise TypeError(message)


def on_page(run: SyncRun, request: SyncRequest, page: ItemsPage | HierarchyPage, context: PageContext) -> Step:
    """Return the step of a page: what it publishes, and what is left to ask; an outdated one is asked for again."""
    if run.emits_events and request.sync_state is None and run.folder not in run.new_folders:
        run = _restarted(run)  # the baseline has no state of it
    if isinstance(page, HierarchyPage):
        return _on_hierarchy(run, request, page, context)
    return _on_items(run, request, page, context)


def on_refused(run: SyncRun, request: SyncRequest | LookupRequest, answer: Refusal) -> Step:
    """Return the step of a request that was refused, or not answered (None).

    Without a sync state that the server knows, the folder is read from the beginning: what it shows are no changes.
    """
    if isinstance(answer, Refused) and not isinstance(request, LookupRequest):
        if request.sync_state is not None and is_state_unknown(answer):
            return Step(_restarted(run), state=FolderState(run.folder, None))
        if run.folders and is_folder_gone(answer):
            return Step(_next_folder(replace(run, attempts=0)))
    if isinstance(answer, Refused) and isinstance(request, LookupRequest) and not lookups.is_away(answer):
        run = lookups.without_answer(run, request.ids)
    back_off_ms = answer.back_off_ms if isinstance(answer, Refused) else None
    return Step(replace(run, attempts=run.attempts + 1), is_refused=True, back_off_ms=back_off_ms)


def on_lookup(run: SyncRun, request: LookupRequest, answer: LookupAnswer, context: PageContext) -> Step:
    """Return the step of a lookup: the items that are not there any more were deleted.

    Those that push logged meanwhile are looked up again; those that the server did not answer for too, but later.
    """
    asked = [each for each in request.ids if each not in context.pushed_meanwhile]
    settled = [each for each in asked if each not in answer.unanswered]
    events = events_of_missing_items(context, run.round, [each for each in settled if each in answer.missing])
    after = _advanced(run, confirmed=settled, published=len(events))
    left_open = [each for each in asked if each in answer.unanswered]
    if not left_open:
        return Step(after, events)
    after = replace(lookups.without_answer(after, left_open), attempts=1 if settled else run.attempts + 1)
    return Step(after, events, is_refused=True, back_off_ms=answer.back_off_ms)


def finish(run: SyncRun, now: datetime) -> Step:
    """Return the step that ends a run."""
    return Step(replace(run, finished_at=now))


def _on_items(run: SyncRun, request: SyncRequest, page: ItemsPage, context: PageContext) -> Step:
    state = FolderState(run.folder, page.sync_state)
    after, events = _advanced(run), _NO_EVENTS
    if run.emits_events:
        if context.is_outdated(page.changes):
            return Step(run)
        events = events_of_page(context, run.folder, request.sync_state, page.changes)
        there = [change for change in page.changes if change.kind is not ChangeKind.DELETED]
        came = [each.id for each in there if each.kind is ChangeKind.CREATED or context.logged.is_present(each.id)]
        after = _advanced(run, confirmed=came, published=len(events), unpublished=page.passed_over)
    return Step(_next_folder(after) if page.is_last else after, events, state)


def _on_hierarchy(run: SyncRun, request: SyncRequest, page: HierarchyPage, context: PageContext) -> Step:
    gone = {change.id for change in page.changes if change.kind is ChangeKind.DELETED}
    searches = [change.id for change in page.changes if change.is_search]
    made = [each.id for each in page.changes if each.kind is ChangeKind.CREATED and not each.is_search]
    found = _with((each for each in run.found if each not in gone), made)
    after, events = replace(_advanced(run, confirmed=searches), found=found), _NO_EVENTS
    if run.emits_events:
        named = {*found, *gone, *after.confirmed}
        changes = (*page.changes, *(context.logged.vanished_folders(named) if page.is_last else ()))
        if context.is_outdated(changes):
            return Step(run)
        events = events_of_page(context, HIERARCHY, request.sync_state, changes)
        after = _advanced(after, published=len(events), unpublished=page.passed_over)
        after = replace(after, new_folders=_with(run.new_folders, made))
    if page.is_last:
        after = replace(after, folders=found, found=(), is_restarted=False)
    return Step(after, events, FolderState(HIERARCHY, page.sync_state))


def _advanced(run: SyncRun, *, confirmed: Iterable[str] = (), published: int = 0, unpublished: int = 0) -> SyncRun:
    return replace(
        run,
        confirmed=_with(run.confirmed, confirmed),
        published=run.published + published,
        unpublished=run.unpublished + unpublished,
        attempts=0,
    )


def _restarted(run: SyncRun) -> SyncRun:
    """What the gap missed in this folder cannot be known."""
    missed = 1 if run.emits_events else 0
    return replace(run, is_restarted=True, unpublished=run.unpublished + missed)


def _next_folder(run: SyncRun) -> SyncRun:
    return replace(run, folders=(run.folders or ())[1:], is_restarted=False)


def _with(former: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*former, *more]))
