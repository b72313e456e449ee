"""What one answer makes of a sync run."""

from dataclasses import dataclass
from typing import TypeAlias

from ewspush.domain.events import ChangeEvent
from ewspush.domain.sync_run import FolderState, SyncRun
from ewspush.protocol.soap import Refused
from ewspush.protocol.synchronization import UnusablePage

Refusal: TypeAlias = Refused | UnusablePage | None
"""None: the mail server did not answer."""


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
