"""Sync runs, pages and their context, for the tests of the rules."""

from dataclasses import replace
from typing import Any, Final

from ewspush.domain.events import LoggedNotification
from ewspush.domain.recovering import rules
from ewspush.domain.recovering.page_events import PageContext
from ewspush.domain.recovering.step import Step
from ewspush.domain.sync_run import Baseline, Purpose, SyncRun
from ewspush.protocol.changes import FolderChange, ItemChange
from ewspush.protocol.lookup import LookupAnswer
from ewspush.protocol.soap import Refused
from ewspush.protocol.synchronization import HierarchyPage, ItemsPage, SyncHierarchyRequest, SyncItemsRequest
from tests.builders import NOON, subscription
from tests.unit.domain.logs import KEY, at, log_of

RUN: Final = SyncRun(KEY, Purpose.RECOVERY, 2, 1, NOON, ("inbox", "drafts"), version=7)
OF_ALL: Final = replace(RUN, folders=None, found=("inbox", "drafts"))
BASELINE_RUN: Final = replace(RUN, purpose=Purpose.BASELINE)
WITHOUT_BASELINE: Final = replace(RUN, base_round=0)
DONE: Final = replace(RUN, folders=())
BASELINE: Final = Baseline(1, at(-60), at(-30))
STATE_UNKNOWN: Final = Refused("ErrorInvalidSyncStateData")
FOLDER_GONE: Final = Refused("ErrorSyncFolderNotFound")
BUSY: Final = Refused("ErrorServerBusy", "busy", 4500)


def context(*entries: LoggedNotification, pushed_meanwhile: tuple[str, ...] = ()) -> PageContext:
    """Return what a page depends on besides its changes; `entries` are the log."""
    return PageContext(subscription(), log_of(*entries), frozenset(pushed_meanwhile), NOON)


def found(present: str = "", missing: str = "", unanswered: str = "", back_off_ms: int | None = None) -> LookupAnswer:
    """Return the answer to a lookup of items whose ids have one letter."""
    return LookupAnswer(frozenset(present), frozenset(missing), frozenset(unanswered), back_off_ms)


def items(*changes: ItemChange, is_last: bool = True, passed_over: int = 0) -> ItemsPage:
    """Return a page of items."""
    return ItemsPage("after", changes, is_last, passed_over)


def on_items(run: SyncRun, page: ItemsPage, *entries: LoggedNotification, **more: Any) -> Step:
    """Return the step of a page of items that continues from a state."""
    return rules.on_page(run, SyncItemsRequest(run.folder, "before"), page, context(*entries, **more))


def on_folders(
    run: SyncRun, *changes: FolderChange, is_last: bool = True, log: tuple[LoggedNotification, ...] = (), **more: Any
) -> Step:
    """Return the step of a page of the hierarchy that continues from a state."""
    page = HierarchyPage("after", changes, is_last)
    return rules.on_page(run, SyncHierarchyRequest("before"), page, context(*log, **more))
