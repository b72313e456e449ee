"""A sync run as a state machine without I/O: which request comes next, and what its answer makes of the run.

    hierarchy ─▶ folders, page by page ─▶ lookup of items ─▶ finished

The hierarchy comes first where all folders are subscribed to, the lookup last where the run emits events. A run leaves
a sync state for each folder: its round. A baseline run keeps only these. A recovery run begins from the states of the
baseline and publishes what changed since, less what push published. What comes next stands in the `SyncRun`, so the
next keeper run goes on where this one ends (docs/adr/0017).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from ewspush.domain.events import ChangeEvent
from ewspush.domain.published import LoggedObjects
from ewspush.domain.recovering import lookups, refusals
from ewspush.domain.recovering.page_events import (
    PageContext,
    events_of_missing_items,
    events_of_page,
)
from ewspush.domain.recovering.step import Refusal, Step
from ewspush.domain.subscription import Subscription
from ewspush.domain.sync_run import HIERARCHY, Baseline, FolderState, Purpose, SyncRun
from ewspush.protocol.changes import ChangeKind, FolderChange, ItemChange
from ewspush.protocol.lookup import LookupAnswer, LookupRequest
from ewspush.protocol.soap import Refused
from ewspush.protocol.synchronization import (
    MAX_CHANGES,
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
Answer: TypeAlias = ItemsPage | HierarchyPage | LookupAnswer | Refusal
"""A page, what a lookup found, or a refusal."""


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
        found=() if subscription.folders or not base_round else _known(baseline, folders),
        base_finished_at=baseline.finished_at if baseline is not None and base_round else None,
        version=last_run.version if last_run is not None else 0,
    )


def _known(baseline: Baseline | None, folders: Sequence[str]) -> tuple[str, ...]:
    """Return the folders that a baseline knows: of those that were set aside it may have no states."""
    set_aside = baseline.set_aside if baseline is not None else ()
    return tuple(dict.fromkeys(each for each in (*folders, *set_aside) if each != HIERARCHY))


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
            return on_refused(run, request, answer, context)
    message = f"{type(answer).__name__} is no answer to {type(request).__name__}"
    raise TypeError(message)


def on_page(run: SyncRun, request: SyncRequest, page: ItemsPage | HierarchyPage, context: PageContext) -> Step:
    """Return the step of a page: what it publishes, and what is left to ask; an outdated one is asked for again."""
    if run.emits_events and request.sync_state is None and run.folder not in run.new_folders:
        run = _restarted(run)  # the baseline has no state of it
    if isinstance(page, HierarchyPage):
        return _on_hierarchy(run, request, page, context)
    return _on_items(run, request, page, context)


def on_refused(run: SyncRun, request: SyncRequest | LookupRequest, answer: Refusal, context: PageContext) -> Step:
    """Return the step of a request that was refused, or not answered (None).

    Without a sync state that the server knows, the folder is read from the beginning: what it shows are no changes.
    """
    if isinstance(request, LookupRequest):
        if isinstance(answer, Refused) and not lookups.is_away(answer):
            run = lookups.without_answer(run, request.ids)
        back_off_ms = answer.back_off_ms if isinstance(answer, Refused) else None
        return Step(replace(run, attempts=run.attempts + 1), is_refused=True, back_off_ms=back_off_ms)
    if isinstance(answer, Refused):
        if request.sync_state is not None and is_state_unknown(answer):
            return Step(_restarted(run), state=FolderState(run.folder, None))
        if run.folders and is_folder_gone(answer):
            return _on_folder_gone(run, context)
    return refusals.on_refused_folder(run, answer)


def _on_folder_gone(run: SyncRun, context: PageContext) -> Step:
    """Go on with the next folder. One that push published as created, and that no hierarchy named, is published."""
    after, events = replace(run, attempts=0), _NO_EVENTS
    if run.emits_events and context.logged.is_present(run.folder):
        gone = FolderChange(ChangeKind.DELETED, run.folder)
        events = events_of_page(context, HIERARCHY, str(run.round), [gone])
        after = replace(_advanced(run, published=len(events)), deleted_folders=_with(run.deleted_folders, [run.folder]))
    return Step(refusals.next_folder(after), events)


def on_lookup(run: SyncRun, request: LookupRequest, answer: LookupAnswer, context: PageContext) -> Step:
    """Return the step of a lookup: the items that are not there any more were deleted.

    Those that push logged meanwhile are looked up again; those that the server did not answer for too, but later.
    """
    asked = [each for each in request.ids if each not in context.pushed_meanwhile]
    settled = [each for each in asked if each not in answer.unanswered]
    events = events_of_missing_items(context, run.round, [each for each in settled if each in answer.missing])
    unnamed = [
        each for each in settled if each in answer.present and _should_have_been_named(run, each, answer, context)
    ]
    after = _advanced(run, confirmed=settled, published=len(events), unpublished=len(unnamed))
    left_open = [each for each in asked if each in answer.unanswered]
    if not left_open:
        return Step(after, events)
    after = replace(lookups.without_answer(after, left_open), attempts=1 if settled else run.attempts + 1)
    return Step(after, events, is_refused=True, back_off_ms=answer.back_off_ms)


def _should_have_been_named(run: SyncRun, item: str, answer: LookupAnswer, context: PageContext) -> bool:
    """Whether an item came between the baseline and this run, and is where it came, though no page named it.

    Then this sync does not return all, and there may be more that is missing.
    """
    if run.base_finished_at is None or not context.logged.came_before(item, run.started_at):
        return False
    parent = context.logged.parent_of(item) if item in answer.present else None
    is_new = not context.logged.came_before(item, run.base_finished_at)
    return is_new and parent in run.synced and answer.parents.get(item) == parent


def finish(run: SyncRun, now: datetime) -> Step:
    """Return the step that ends a run."""
    return Step(replace(run, finished_at=now))


def _on_items(run: SyncRun, request: SyncRequest, page: ItemsPage, context: PageContext) -> Step:
    state = FolderState(run.folder, page.sync_state)
    size = len(page.changes) + page.passed_over
    is_last = page.is_last and size < MAX_CHANGES  # a server may call a full page the last one
    after, events = _advanced(run), _NO_EVENTS
    if run.emits_events:
        if context.is_outdated(page.changes):
            return Step(run)
        doubtful = {each.id for each in page.changes if _is_doubtful(each, context)}
        believed = [each for each in page.changes if each.id not in doubtful and not _has_moved_on(run, each, context)]
        events = events_of_page(context, run.folder, request.sync_state, believed)
        run = replace(run, confirmed=tuple(each for each in run.confirmed if each not in doubtful))
        there = [change for change in page.changes if change.kind is not ChangeKind.DELETED]
        came = [each.id for each in there if context.logged.is_present(each.id)]
        after = _advanced(run, confirmed=came, published=len(events), unpublished=page.passed_over)
        after = replace(after, folder_id=next((each.parent_id for each in there if each.parent_id), run.folder_id))
    if is_last:
        return Step(refusals.next_folder(after), events, state)
    return refusals.on_further_page(after, events, state, has_changes=size > 0)


def _is_doubtful(change: ItemChange, context: PageContext) -> bool:
    """Whether an item left this folder that push said had come, here or elsewhere: a lookup tells what became of it."""
    return change.kind is ChangeKind.DELETED and context.logged.is_present(change.id)


def _has_moved_on(run: SyncRun, change: ItemChange, context: PageContext) -> bool:
    """Whether this run has published that the item came into another folder: its id stayed, so it is not deleted."""
    is_gone = change.kind is ChangeKind.DELETED
    own_id = refusals.id_of_folder(run)
    return is_gone and context.logged.is_synced_into_another(change.id, own_id, run.started_at)


def _on_hierarchy(run: SyncRun, request: SyncRequest, page: HierarchyPage, context: PageContext) -> Step:
    gone = {change.id for change in page.changes if change.kind is ChangeKind.DELETED}
    searches = [change.id for change in page.changes if change.is_search]
    made = [each.id for each in page.changes if each.kind is ChangeKind.CREATED and not each.is_search]
    found = _with((each for each in run.found if each not in gone), made)
    after, events = replace(_advanced(run, confirmed=searches), found=found), _NO_EVENTS
    if run.emits_events:
        if context.is_outdated(page.changes):
            return Step(run)
        # A folder that push published as created and that is not named may be there all the same: its sync shows it.
        named = {*found, *gone, *after.confirmed}
        doubtful = context.logged.vanished_folders(named) if page.is_last else []
        found = _with(found, doubtful)
        events = events_of_page(context, HIERARCHY, request.sync_state, page.changes)
        after = _advanced(after, published=len(events), unpublished=page.passed_over)
        deleted = _with(run.deleted_folders, sorted(gone))
        after = replace(after, new_folders=_with(run.new_folders, [*made, *doubtful]), deleted_folders=deleted)
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


def _with(former: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*former, *more]))
