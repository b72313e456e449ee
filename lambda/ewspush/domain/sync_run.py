"""A sync run as it is stored between two steps: one pass of sync requests over all folders of a subscription."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from ewspush.domain.subscription import SubscriptionKey

HIERARCHY: Final = ""
"""In the place of a folder: the folders themselves."""


class Purpose(StrEnum):
    """Why a subscription is synchronized."""

    BASELINE = "baseline"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class Baseline:
    """The sync states of one round, which a recovery begins from."""

    round: int
    started_at: datetime
    valid_from: datetime
    """It covers gaps that begin later."""
    published: int = 0
    """Events that runs since then published for gaps that are still open."""
    finished_at: datetime | None = None
    """When the run that left the states ended."""
    set_aside: tuple[str, ...] = ()
    """Folders that it could not synchronize: the next run tries them again."""


@dataclass(frozen=True, slots=True)
class FolderState:
    """The sync state of a folder, or of the `HIERARCHY`, in a round; None removes it."""

    folder: str
    sync_state: str | None


@dataclass(frozen=True, slots=True)
class SyncRun:
    """A run, begun from the sync states of `base_round` (0: from none), which leaves its own in `round`."""

    key: SubscriptionKey
    purpose: Purpose
    round: int
    base_round: int
    started_at: datetime
    folders: tuple[str, ...] | None
    """Still to be asked for, the first one under way; None: the hierarchy comes first."""
    found: tuple[str, ...] = ()
    """Folders that the hierarchy named so far."""
    new_folders: tuple[str, ...] = ()
    """Folders that the baseline cannot have a state of."""
    confirmed: tuple[str, ...] = ()
    """Objects that came since the baseline, and that need no lookup: the server said what became of them, or was asked
    too often."""
    unanswered: tuple[str, ...] = ()
    """Items that a lookup left open, once for each try; of two that were tried as often, the first is asked for first.
    """
    refused: tuple[str, ...] = ()
    """Folders whose sync was refused, once for each try."""
    set_aside: tuple[str, ...] = ()
    """Folders, or the `HIERARCHY`, that were refused too often: nothing of them is published."""
    set_aside_why: str | None = None
    """The last response code."""
    deleted_folders: tuple[str, ...] = ()
    """Folders that were deleted since the baseline."""
    folder_id: str | None = None
    """The id of the folder under way, which may be known by its name only, as its items say."""
    synced: tuple[str, ...] = ()
    """The ids of the folders that are done, as far as they are known."""
    pages_without_changes: int = 0
    """Of the folder under way, one after the other; the last one of a folder does not count."""
    base_finished_at: datetime | None = None
    """When the run ended that left the states of `base_round`."""
    is_restarted: bool = False
    """The folder under way is read from the beginning, for want of its state: what it shows are no changes."""
    published: int = 0
    """Events so far."""
    unpublished: int = 0
    """Changes, folders, or items of which nothing could be published: more than none, and the gap stays open."""
    attempts: int = 0
    """Refusals since the last answer."""
    finished_at: datetime | None = None
    version: int = 0
    """Counts the steps, and is their lock; the store raises it."""

    @property
    def folder(self) -> str:
        """The folder under way, or the `HIERARCHY`."""
        return self.folders[0] if self.folders else HIERARCHY

    @property
    def emits_events(self) -> bool:
        """Whether the folder under way shows changes since the baseline, and not all that is in it."""
        return self.purpose is Purpose.RECOVERY and self.base_round > 0 and not self.is_restarted

    @property
    def has_base_state(self) -> bool:
        """Whether the baseline may have a state of the folder under way."""
        return self.base_round > 0 and not self.is_restarted and self.folder not in self.new_folders


@dataclass(frozen=True, slots=True)
class SyncStep:
    """What a step of a run stores, if `before` is the run as it is stored (None: there is none)."""

    before: SyncRun | None
    run: SyncRun
    state: FolderState | None = None
    baseline: Baseline | None = None

    @property
    def stored_run(self) -> SyncRun:
        """The run with its version raised."""
        return replace(self.run, version=(self.before.version if self.before is not None else 0) + 1)
