"""What every `SubscriptionLedger` promises, the in-memory twin and DynamoDB alike."""

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ewspush.domain.events import GapReason
from ewspush.domain.ports import SubscriptionLedger
from ewspush.domain.subscription import LoggedNotification, State, Subscription
from ewspush.domain.updates import AtWatermark, ConditionalUpdate, SameRevision
from tests.aws import aws_of
from tests.stories import NOON, subscription
from tests.twins.ledger import MemoryLedger

ROW = subscription()
KEY = ROW.subscription


@pytest.fixture(params=["memory", "moto", pytest.param("engines", marks=pytest.mark.engines)])
def ledger(request: pytest.FixtureRequest) -> Iterator[SubscriptionLedger]:
    """Return an empty ledger of each kind."""
    if request.param == "memory":
        yield MemoryLedger()
        return
    with aws_of(request) as aws:
        yield aws.ledger()


def logged(minute: int = 1, *ids: str, events: int = 1) -> LoggedNotification:
    """Return a notification of events, logged some minutes after noon."""
    received_at = NOON + timedelta(minutes=minute)
    names = ids or [f"{minute}-{number}" for number in range(events)]
    documents: tuple[dict[str, Any], ...] = tuple(
        {"id": name, "data": {"unread_count": None, "n": 1}} for name in names
    )
    arrival = f"{received_at:%Y-%m-%dT%H:%M:%S.%f}Z#0"
    return LoggedNotification(KEY, arrival, received_at, 1, documents, watermark="w2", previous_watermark="w1")


def moved(to: str, start: str | None = "w1", notification: LoggedNotification | None = None) -> ConditionalUpdate:
    """Return the entry of a POST that moves the chain."""
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
            awaiting_first_push=True,
            suspected_gap_reason=GapReason.WATERMARK_REFUSED,
            lost_code="ErrorReadEventsFailed",
            baseline_round=3,
            revision=7,
            attempts=3,
            last_error="why",
            previous_watermark="w0",
        )
        assert [field.name for field in fields(row) if getattr(row, field.name) in {None, (), 0}] == []
        assert ledger.add(row)
        assert ledger.read(KEY) == row

    def test_a_key_that_is_taken_is_not_overwritten(self, ledger: SubscriptionLedger) -> None:
        """Adding twice changes nothing."""
        assert ledger.add(ROW)
        assert not ledger.add(replace(ROW, watermark="other"))
        assert ledger.read(KEY) == ROW

    def test_there_is_nothing_at_an_unknown_key(self, ledger: SubscriptionLedger) -> None:
        """None, not an error."""
        assert ledger.read("unknown") is None


class TestWrites:
    """One atomic write, or none."""

    def test_row_and_log_move_together(self, ledger: SubscriptionLedger) -> None:
        """Both are there afterwards."""
        ledger.add(ROW)
        assert ledger.write(moved("w2", notification=logged())).stored
        row = ledger.read(KEY)
        assert row is not None
        assert (row.watermark, row.previous_watermark) == ("w2", "w1")
        assert list(ledger.recent(KEY, NOON)) == [logged()]

    def test_a_row_elsewhere_in_the_chain_refuses_both(self, ledger: SubscriptionLedger) -> None:
        """And tells how it stands, without another request."""
        ledger.add(ROW)
        outcome = ledger.write(moved("w9", start="w8", notification=logged()))
        assert (outcome.stored, outcome.row) == (False, ROW)
        assert list(ledger.recent(KEY, NOON)) == []

    @pytest.mark.parametrize("notification", [None, logged()])
    def test_a_row_that_does_not_exist_refuses_both(
        self, ledger: SubscriptionLedger, notification: LoggedNotification | None
    ) -> None:
        """No row appears by itself."""
        outcome = ledger.write(moved("w2", notification=notification))
        assert (outcome.stored, outcome.row) == (False, None)
        assert ledger.read(KEY) is None

    @pytest.mark.parametrize(
        ("row", "expects", "stored"),
        [
            (ROW, AtWatermark(1, "w1"), True),
            (ROW, AtWatermark(1, None), True),
            (ROW, AtWatermark(1, "w2"), False),
            (ROW, AtWatermark(2, "w1"), False),
            (replace(ROW, watermark=None), AtWatermark(1, "w1"), False),
            (replace(ROW, state=State.LAPSED), AtWatermark(1, "w1"), False),
            (replace(ROW, awaiting_first_push=True), AtWatermark(1, "w1"), False),
            (replace(ROW, awaiting_first_push=True), AtWatermark(1, None), True),
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
    def test_an_expectation_holds_or_refuses(
        self, ledger: SubscriptionLedger, row: Any, expects: AtWatermark | SameRevision, stored: bool
    ) -> None:
        """Each clause on its own."""
        ledger.add(row)
        assert ledger.write(ConditionalUpdate(KEY, expects, {"last_seen_at": NOON})).stored is stored

    def test_none_removes_a_field(self, ledger: SubscriptionLedger) -> None:
        """It reads back as absent."""
        ledger.add(replace(ROW, awaiting_first_push=True, lost_code="x"))
        ledger.write(
            ConditionalUpdate(
                KEY, AtWatermark(1, None), {"awaiting_first_push": None, "lost_code": None, "watermark": "w2"}
            )
        )
        row = ledger.read(KEY)
        assert row is not None
        assert (row.awaiting_first_push, row.lost_code, row.watermark) == (None, None, "w2")


class TestLog:
    """What was logged lately."""

    def test_newest_comes_first_from_the_moment_asked_for(self, ledger: SubscriptionLedger) -> None:
        """Older ones are left out, other subscriptions too."""
        ledger.add(ROW)
        for minute, start in ((1, "w1"), (2, "w2"), (3, "w3")):
            ledger.write(moved(f"w{minute + 1}", start=start, notification=logged(minute)))
        recent = ledger.recent(KEY, NOON + timedelta(minutes=2))
        assert list(recent) == [logged(3), logged(2)]
        assert list(ledger.recent("other", NOON)) == []

    def test_a_notification_larger_than_an_item_is_logged_whole(self, ledger: SubscriptionLedger) -> None:
        """In as many pieces as it takes, all in the same write."""
        ledger.add(ROW)
        names = [f"{number:04d}" + "x" * 1000 for number in range(1000)]
        assert ledger.write(moved("w2", notification=logged(1, *names))).stored
        pieces = sorted(ledger.recent(KEY, NOON), key=lambda piece: piece.arrival)
        assert [document["id"] for piece in pieces for document in piece.events] == names
        assert {piece.watermark for piece in pieces} == {"w2"}
