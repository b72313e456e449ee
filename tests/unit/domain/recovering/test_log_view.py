"""The log during a sync run: read once, and then only what was added."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from ewspush.domain.events import LoggedNotification, Origin, log_entry, push_events
from ewspush.domain.recovering.log_view import LogView
from ewspush.domain.subscription import SubscriptionKey
from ewspush.protocol.notification import MailboxEvent, ObjectKind
from tests.builders import callback, subscription
from tests.twins.ledger import MemoryLedger
from tests.unit.domain.logs import at, gap, logged, pushed

OVERLAP: Final = timedelta(minutes=5)


class Ledger(MemoryLedger):
    """Remembers from when on its log was read."""

    def __init__(self, *entries: LoggedNotification) -> None:
        super().__init__(subscription())
        self.log = list(entries)
        self.reads: list[datetime] = []

    def recent(self, key: SubscriptionKey, since: datetime) -> Iterator[LoggedNotification]:
        self.reads.append(since)
        return super().recent(key, since)


def view(ledger: Ledger, since: float = 0) -> LogView:
    """Return a view of what was logged some minutes after noon or later."""
    return LogView(ledger, at(since), OVERLAP)


def test_it_holds_what_was_logged_since_its_beginning() -> None:
    """In the order of the log, which is read newest first."""
    ledger = Ledger(pushed("Created", "before", -1), pushed("Created", "a", 1), pushed("Deleted", "a", 2))
    log = view(ledger)
    assert log.refresh(subscription()) == {"a"}
    assert [log.objects.is_present(each) for each in ("before", "a")] == [False, False]
    assert log.objects.is_gone("a")
    assert ledger.reads == [at(0)]


def test_where_the_subscription_shows_no_write_nothing_is_read() -> None:
    """A heartbeat without a watermark and a check of the keeper add nothing to the log."""
    ledger = Ledger(pushed("Created", "a", 1))
    log = view(ledger)
    log.refresh(subscription())
    checked = subscription(last_seen_at=at(9), last_event_at=at(9), next_check_at=at(9), next_sync_at=at(9))
    assert log.refresh(checked) == frozenset()
    assert len(ledger.reads) == 1


@pytest.mark.parametrize("change", [{"watermark": "w2"}, {"revision": 1}, {"generation": 2}], ids=str)
def test_where_it_shows_a_write_only_what_was_added_is_read(change: dict[str, Any]) -> None:
    """Back by as much as the clocks of two hosts may differ, because the log is in the order of those."""
    ledger = Ledger(pushed("Created", "a", 1), pushed("Created", "b", 20))
    log = view(ledger)
    log.refresh(subscription())
    ledger.log += [pushed("Created", "c", 16), pushed("Modified", "a", 21)]
    assert log.refresh(subscription(**change)) == {"a", "c"}
    assert ledger.reads == [at(0), at(20) - OVERLAP]
    assert log.objects.is_present("c")


def test_what_was_read_already_is_not_among_the_changes() -> None:
    """The overlap brings it again."""
    ledger = Ledger(pushed("Created", "a", 1))
    log = view(ledger)
    log.refresh(subscription())
    assert log.refresh(subscription(revision=1)) == frozenset()


def test_an_item_that_was_moved_is_changed_under_both_ids() -> None:
    """A page may show it under either."""
    ledger = Ledger(pushed("Moved", "new", 1, old_id="old"))
    assert view(ledger).refresh(subscription()) == {"new", "old"}


def test_what_a_sync_published_was_not_pushed() -> None:
    """Nor was a gap; both are in the view all the same."""
    (event,) = push_events(callback(), [MailboxEvent("CreatedEvent", ObjectKind.ITEM, "a")], at(1))
    synced = replace(event, origin=Origin.SYNC)
    ledger = Ledger(logged(synced, minute=1), logged(gap(0, 2), minute=2))
    log = view(ledger)
    assert log.refresh(subscription()) == frozenset()
    assert log.objects.holds(synced)
    assert len(log.objects.open_gaps) == 1


def test_the_log_of_another_subscription_is_not_read() -> None:
    """Each has its own."""
    other = replace(callback(), key=SubscriptionKey("other"))
    events = push_events(other, [MailboxEvent("CreatedEvent", ObjectKind.ITEM, "a")], at(1))
    ledger = Ledger(log_entry(other, at(1), events))
    assert view(ledger).refresh(subscription()) == frozenset()
