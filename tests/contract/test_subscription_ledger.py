"""What every `SubscriptionLedger` promises, the in-memory twin and DynamoDB alike."""

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ewspush.domain.events import (
    MAX_ENTRY_EVENTS,
    ChangeEvent,
    EventKind,
    LoggedNotification,
    Origin,
    arrival,
)
from ewspush.domain.ports import SubscriptionLedger
from ewspush.domain.subscription import GapReason, State, Subscription, SubscriptionKey
from ewspush.domain.updates import AtWatermark, ConditionalUpdate, Precondition, SameRevision
from ewspush.errors import EntryTooLongError
from tests.aws import aws_of
from tests.builders import MAILBOX, NOON, subscription
from tests.twins.ledger import MemoryLedger

ROW = subscription()
KEY = ROW.key


@pytest.fixture(params=["memory", "moto", pytest.param("engines", marks=pytest.mark.engines)])
def ledger(request: pytest.FixtureRequest) -> Iterator[SubscriptionLedger]:
    """Return an empty ledger of each kind."""
    if request.param == "memory":
        yield MemoryLedger()
        return
    with aws_of(request) as aws:
        yield aws.ledger()


def logged(minute: int = 1, *ids: str) -> LoggedNotification:
    """Return a notification of events, logged some minutes after noon."""
    received_at = NOON + timedelta(minutes=minute)
    events = tuple(
        ChangeEvent(each, EventKind.MODIFIED, NOON, received_at, Origin.PUSH, unread_count=1)
        for each in ids or [str(minute)]
    )
    sort_key = arrival(received_at, "0")
    return LoggedNotification(KEY, MAILBOX, sort_key, received_at, 1, events, watermark="w2", previous_watermark="w1")


def moved(to: str, start: str | None = "w1", notification: LoggedNotification | None = None) -> ConditionalUpdate:
    """Return the write of a POST that moves the chain."""
    return ConditionalUpdate(KEY, AtWatermark(1, start), {"watermark": to, "previous_watermark": start}, notification)


class TestRows:
    """Reading and adding."""

    def test_a_row_reads_back_as_it_was_added(self, ledger: SubscriptionLedger) -> None:
        """With every field set."""
        moments = [field.name for field in fields(Subscription) if field.type == datetime | None]
        times: dict[str, Any] = {name: NOON + timedelta(minutes=each) for each, name in enumerate(moments)}
        row = replace(
            ROW,
            **times,
            folders=("inbox", "calendar"),
            superseded_until=(NOON, NOON + timedelta(minutes=1)),
            pending_generation=2,
            min_generation=2,
            is_resumed=True,
            awaiting_first_push=True,
            suspected_gap_reason=GapReason.WATERMARK_REFUSED,
            lost_code="ErrorReadEventsFailed",
            revision=7,
            attempts=3,
            silent_generations=2,
            silent_shard="due-3",
            last_error="why",
            previous_watermark="w0",
        )
        assert [field.name for field in fields(row) if getattr(row, field.name) in {None, (), 0}] == []
        assert ledger.add(row)
        assert ledger.read(KEY) == row

    def test_an_existing_row_is_not_overwritten(self, ledger: SubscriptionLedger) -> None:
        """Adding twice changes nothing."""
        assert ledger.add(ROW)
        assert not ledger.add(replace(ROW, watermark="other"))
        assert ledger.read(KEY) == ROW

    def test_there_is_nothing_at_an_unknown_key(self, ledger: SubscriptionLedger) -> None:
        """None, not an error."""
        assert ledger.read(SubscriptionKey("unknown")) is None


class TestWrites:
    """One atomic write, or none."""

    def test_row_and_log_move_together(self, ledger: SubscriptionLedger) -> None:
        """Both are there afterwards."""
        ledger.add(ROW)
        assert ledger.commit(moved("w2", notification=logged())).stored
        row = ledger.read(KEY)
        assert row is not None
        assert (row.watermark, row.previous_watermark) == ("w2", "w1")
        assert list(ledger.recent(KEY, NOON)) == [logged()]

    def test_a_row_elsewhere_in_the_chain_refuses_both(self, ledger: SubscriptionLedger) -> None:
        """And comes back as it is, without another request."""
        ledger.add(ROW)
        result = ledger.commit(moved("w9", start="w8", notification=logged()))
        assert (result.stored, result.subscription) == (False, ROW)
        assert list(ledger.recent(KEY, NOON)) == []

    @pytest.mark.parametrize("notification", [None, logged()])
    def test_a_row_that_does_not_exist_refuses_both(
        self, ledger: SubscriptionLedger, notification: LoggedNotification | None
    ) -> None:
        """No row appears by itself."""
        result = ledger.commit(moved("w2", notification=notification))
        assert (result.stored, result.subscription) == (False, None)
        assert ledger.read(KEY) is None

    @pytest.mark.parametrize(
        ("row", "precondition", "stored"),
        [
            (ROW, AtWatermark(1, "w1"), True),
            (ROW, AtWatermark(1, None), True),
            (ROW, AtWatermark(1, "w2"), False),
            (ROW, AtWatermark(2, "w1"), False),
            (replace(ROW, watermark=None), AtWatermark(1, "w1"), False),
            (replace(ROW, state=State.LAPSED), AtWatermark(1, "w1"), False),
            (replace(ROW, awaiting_first_push=True), AtWatermark(1, "w1"), False),
            (replace(ROW, awaiting_first_push=True), AtWatermark(1, None), True),
            (replace(ROW, suspected_gap_since=NOON), AtWatermark(1, "w1"), False),
            (replace(ROW, suspected_gap_since=NOON), AtWatermark(1, None), False),
            (replace(ROW, oldest_open_gap_at=NOON), AtWatermark(1, "w1"), True),
            (replace(ROW, oldest_open_gap_at=NOON), AtWatermark(1, None), True),
            (ROW, SameRevision(ROW), True),
            (replace(ROW, last_seen_at=NOON + timedelta(hours=1), attempts=4), SameRevision(ROW), True),
            (replace(ROW, revision=1), SameRevision(ROW), False),
            (replace(ROW, watermark="w2"), SameRevision(ROW), False),
            (replace(ROW, watermark=None), SameRevision(ROW), False),
            (replace(ROW, generation=2), SameRevision(ROW), False),
            (replace(ROW, pending_generation=2), SameRevision(ROW), False),
            (replace(ROW, state=State.RETIRED), SameRevision(ROW), False),
            (replace(ROW, awaiting_first_push=True), SameRevision(ROW), False),
        ],
    )
    def test_a_precondition_is_met_or_refuses(
        self, ledger: SubscriptionLedger, row: Subscription, precondition: Precondition, stored: bool
    ) -> None:
        """Each clause on its own."""
        ledger.add(row)
        assert ledger.commit(ConditionalUpdate(KEY, precondition, {"last_seen_at": NOON})).stored is stored

    def test_a_write_decided_after_a_read_raises_the_revision(self, ledger: SubscriptionLedger) -> None:
        """So of two that read the same row, one is stored."""
        ledger.add(ROW)
        update = ConditionalUpdate(KEY, SameRevision(ROW), {"attempts": 1})
        assert ledger.commit(update).stored
        assert ledger.read(KEY) == replace(ROW, attempts=1, revision=1)
        result = ledger.commit(replace(update, changes={"attempts": 2}))
        assert (result.stored, result.subscription) == (False, replace(ROW, attempts=1, revision=1))

    def test_none_removes_a_field(self, ledger: SubscriptionLedger) -> None:
        """It reads back as absent."""
        ledger.add(replace(ROW, awaiting_first_push=True, lost_code="x"))
        changes: Any = {"awaiting_first_push": None, "lost_code": None, "watermark": "w2"}
        assert ledger.commit(ConditionalUpdate(KEY, AtWatermark(1, None), changes)).stored
        assert ledger.read(KEY) == replace(ROW, watermark="w2")

    def test_settings_can_become_empty_again(self, ledger: SubscriptionLedger) -> None:
        """All folders, after some."""
        ledger.add(replace(ROW, folders=("inbox",)))
        assert ledger.commit(ConditionalUpdate(KEY, AtWatermark(1, None), {"folders": ()})).stored
        assert ledger.read(KEY) == ROW


class TestLog:
    """What was logged recently."""

    def test_newest_comes_first_from_the_moment_asked_for(self, ledger: SubscriptionLedger) -> None:
        """Older ones are left out, other subscriptions too."""
        ledger.add(ROW)
        for minute, start in ((1, "w1"), (2, "w2"), (3, "w3")):
            ledger.commit(moved(f"w{minute + 1}", start=start, notification=logged(minute)))
        recent = ledger.recent(KEY, NOON + timedelta(minutes=2))
        assert list(recent) == [logged(3), logged(2)]
        assert list(ledger.recent(SubscriptionKey("other"), NOON)) == []

    def test_a_notification_longer_than_an_item_is_logged_whole(self, ledger: SubscriptionLedger) -> None:
        """In one entry, although its events take more than the 400 KB of an item."""
        ledger.add(ROW)
        long = logged(1, *(f"{number:04d}" + "x" * 1000 for number in range(1000)))
        assert ledger.commit(moved("w2", notification=long)).stored
        assert list(ledger.recent(KEY, NOON)) == [long]

    def test_an_entry_takes_as_many_events_as_the_forwarder_sends_in_a_run(self, ledger: SubscriptionLedger) -> None:
        """And not one more: then nothing is stored, and the error names the first event that is too many."""
        ledger.add(ROW)
        names = [str(number) for number in range(MAX_ENTRY_EVENTS + 1)]
        with pytest.raises(EntryTooLongError) as error_info:
            ledger.commit(moved("w2", notification=logged(1, *names)))
        assert error_info.value.event_id == names[-1]
        assert (ledger.read(KEY), list(ledger.recent(KEY, NOON))) == (ROW, [])
        assert ledger.commit(moved("w2", notification=logged(1, *names[:-1]))).stored
