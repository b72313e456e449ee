"""Folders that can't be synchronized: tried again, then set aside, so that all others go on."""

from dataclasses import replace
from typing import Final

from ewspush.domain.events import ChangeEvent
from ewspush.domain.recovering import lookups
from ewspush.domain.recovering.step import Refusal, Step
from ewspush.domain.sync_run import FolderState, SyncRun
from ewspush.protocol.soap import DISTINGUISHED_FOLDERS, Refused
from ewspush.protocol.synchronization import PageDefect, UnusablePage

MAX_TRIES: Final = 3
"""Of a folder that is refused, by a server that answers."""

MAX_TRIES_AWAY: Final = 24
"""Of a folder where the server is busy, or does not answer: with the waits between them some six hours."""

MAX_PAGES_WITHOUT_CHANGES: Final = 3
"""In a row, if none of them is the last: such a folder has more for ever."""


def on_refused_folder(run: SyncRun, answer: Refusal) -> Step:
    """Return the step of a refused sync of a folder, or of the hierarchy: others come first, then it is tried again."""
    refused = (*run.refused, run.folder)
    is_away = answer is None or (isinstance(answer, Refused) and lookups.is_away(answer))
    back_off_ms = answer.back_off_ms if isinstance(answer, Refused) else None
    after = replace(run, refused=refused, attempts=run.attempts + 1)
    if refused.count(run.folder) >= (MAX_TRIES_AWAY if is_away else MAX_TRIES) and _can_be_set_aside(run):
        return _set_aside(after, _why(answer))
    if run.folders and not run.is_restarted and run.folder_id is None:
        after = replace(after, folders=(*run.folders[1:], run.folder))
    waits = is_away or not after.folders or after.folder in refused
    return Step(after, is_refused=waits, back_off_ms=back_off_ms)


def on_further_page(run: SyncRun, events: tuple[ChangeEvent, ...], state: FolderState, *, has_changes: bool) -> Step:
    """Return the step of a page that is not the last; a folder that has more for ever is set aside."""
    after = replace(run, pages_without_changes=0 if has_changes else run.pages_without_changes + 1)
    if after.pages_without_changes < MAX_PAGES_WITHOUT_CHANGES:
        return Step(after, events, state)
    return replace(_set_aside(after, PageDefect.NO_PROGRESS), events=events)


def next_folder(run: SyncRun) -> SyncRun:
    """Return the run with the folder under way done."""
    own_id = id_of_folder(run)
    return replace(
        run,
        folders=(run.folders or ())[1:],
        synced=(*run.synced, own_id) if own_id is not None else run.synced,
        is_restarted=False,
        pages_without_changes=0,
        folder_id=None,
    )


def id_of_folder(run: SyncRun) -> str | None:
    """Return the id of the folder under way; None where only its name is known."""
    return run.folder_id if run.folder in DISTINGUISHED_FOLDERS else run.folder


def _can_be_set_aside(run: SyncRun) -> bool:
    """Without the hierarchy only folders that the baseline knows are left."""
    return bool(run.folders or run.found)


def _set_aside(run: SyncRun, why: str) -> Step:
    """Its state is dropped: the next run reads it from the beginning."""
    folder = run.folder
    is_hierarchy = run.folders is None
    after = replace(run, folders=run.found, found=(), is_restarted=False) if is_hierarchy else next_folder(run)
    after = replace(
        after,
        set_aside=(*run.set_aside, folder),
        set_aside_why=why,
        unpublished=run.unpublished + 1,
        attempts=0,
    )
    return Step(after, state=FolderState(folder, None))


def _why(answer: Refusal) -> str:
    if isinstance(answer, Refused):
        return answer.response_code
    return answer.defect if isinstance(answer, UnusablePage) else "no answer"
