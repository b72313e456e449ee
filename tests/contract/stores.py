"""The ledger and the sync states of every kind, side by side, for the suites of both ports."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import pytest

from ewspush.domain.events import ChangeEvent, EventKind, LoggedNotification, Origin, log_entry
from ewspush.domain.ports import SubscriptionLedger, SyncStates
from ewspush.domain.subscription import SubscriptionKey
from ewspush.domain.sync_run import FolderState, Purpose, SyncRun, SyncStep
from ewspush.domain.updates import ConditionalUpdate, SameRevision
from ewspush.protocol.notification import ObjectKind
from tests.aws import aws_of
from tests.builders import NOON, callback, subscription
from tests.twins.ledger import MemoryLedger, MemorySyncStates

ROW: Final = subscription()
KEY: Final = ROW.key
OTHER: Final = SubscriptionKey("other")
RUN: Final = SyncRun(KEY, Purpose.RECOVERY, 2, 1, NOON, ("inbox", "drafts"))

PAGE: Final = 4
"""Items a page of a query here; a real page holds a megabyte of them."""


@dataclass(frozen=True)
class Stores:
    """The sync states, and the ledger that writes them."""

    states: SyncStates
    ledger: SubscriptionLedger

    def begin(self, run: SyncRun = RUN, state: FolderState | None = None) -> SyncRun:
        """Store the first step of `run`, which has to succeed, and return the run as it is stored."""
        return self.go_on(None, run, state)

    def go_on(self, before: SyncRun | None, run: SyncRun, state: FolderState | None = None) -> SyncRun:
        """Store a step, which has to succeed, and return the run as it is stored."""
        step = SyncStep(before, run, state)
        assert self.ledger.commit(None, step).stored
        return step.stored_run

    def logged(self) -> list[LoggedNotification]:
        """Return what is in the log."""
        return list(self.ledger.recent(KEY, NOON))


@contextmanager
def stores_of(request: pytest.FixtureRequest) -> Iterator[Stores]:
    """Yield empty ones of the kind that the parameter of a fixture names."""
    if request.param == "memory":
        ledger = MemoryLedger(ROW)
        yield Stores(MemorySyncStates(ledger), ledger)
        return
    with aws_of(request) as aws:
        aws.dynamodb.meta.events.register("provide-client-params.dynamodb.Query", _in_small_pages)
        aws.ledger().add(ROW)
        yield Stores(aws.sync_states(), aws.ledger())


def _in_small_pages(params: dict[str, Any], **_: object) -> dict[str, Any]:
    return params | {"Limit": PAGE}


def page_entry(*ids: str, minute: int = 1) -> LoggedNotification:
    """Return what a page of a sync adds to the log: the creation of some items."""
    at = NOON + timedelta(minutes=minute)
    events = (
        ChangeEvent(each, EventKind.CREATED, at, at, Origin.SYNC, object=ObjectKind.ITEM, object_id=each)
        for each in ids
    )
    return log_entry(callback(), at, tuple(events))


def page_update(*ids: str, minute: int = 1, revision: int = 0) -> ConditionalUpdate:
    """Return the update of a page, which expects the row at that revision."""
    return ConditionalUpdate(KEY, SameRevision(replace(ROW, revision=revision)), {}, page_entry(*ids, minute=minute))
