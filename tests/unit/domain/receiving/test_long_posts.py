"""A POST with more events than one write takes: several links of the chain, stored in order, whatever fails between."""

from typing import Final

import pytest

from ewspush.domain.events import MAX_ENTRY_EVENTS
from ewspush.domain.receiving.rules import PushOutcome
from ewspush.domain.subscription import GapReason, State
from ewspush.protocol.acknowledgement import SubscriptionStatus
from tests.builders import created, error, events, message, posted, status, subscription
from tests.twins.faults import FaultPlan, InjectedError
from tests.twins.ledger import MemoryLedger
from tests.unit.domain.receiving.decisions import gaps_in, objects_in, received

KEY: Final = subscription().key
PAIRS: Final = (("a", "w2"), ("b", "w3"), ("c", "w3"), ("d", "w4"), ("e", "w5"))
"""An entry takes three of them; two share a watermark."""


def ledger_of(writes: FaultPlan | None = None, entry_events: int = 3) -> MemoryLedger:
    """Return a ledger whose entries take a few events."""
    return MemoryLedger(subscription(), writes=writes, entry_events=entry_events)


def links_in(ledger: MemoryLedger) -> list[tuple[str | None, str | None, int]]:
    """Return each entry of the log in the order of the log: where it begins and ends, and how many events it has."""
    entries = sorted(ledger.log, key=lambda entry: entry.arrival)
    return [(entry.previous_watermark, entry.watermark, len(entry.events)) for entry in entries]


def test_it_is_several_links_one_write_each() -> None:
    """No read, and one answer."""
    ledger = ledger_of()
    (decision,) = received(ledger, events("w1", *PAIRS))
    assert (decision.status, decision.outcome, decision.events) == (SubscriptionStatus.OK, PushOutcome.EVENTS, 5)
    assert ledger.requests == ["commit"] * 2
    assert links_in(ledger) == [("w1", "w3", 3), ("w3", "w5", 2)]
    assert objects_in(ledger) == ["a", "b", "c", "d", "e"]


def test_the_row_is_as_after_one_write() -> None:
    """At the end of the POST, and at the time of its last event."""
    rows = []
    for entry_events in (3, MAX_ENTRY_EVENTS):
        ledger = ledger_of(entry_events=entry_events)
        received(ledger, events("w1", *PAIRS))
        rows.append(ledger.rows[KEY])
    names = ("state", "generation", "watermark", "last_event_at", "next_check_at")
    cut, whole = ([getattr(row, name) for name in names] for row in rows)
    assert cut == whole


@pytest.mark.parametrize("call", [1, 2, 3])
@pytest.mark.parametrize("is_lost", [False, True], ids=["refused", "answer lost"])
def test_after_a_failure_between_two_links_the_same_post_adds_what_is_missing(call: int, is_lost: bool) -> None:
    """The server sends it again, since it got no OK."""
    failing = [call]
    ledger = ledger_of(FaultPlan(forget=failing) if is_lost else FaultPlan(refuse=failing), entry_events=2)
    with pytest.raises(InjectedError):
        received(ledger, events("w1", *PAIRS))
    assert ledger.rows[KEY].watermark in {"w1", "w2", "w3", "w4", "w5"}
    (again,) = received(ledger, events("w1", *PAIRS, minute=2))
    assert (again.status, gaps_in(ledger)) == (SubscriptionStatus.OK, [])
    assert objects_in(ledger) == ["a", "b", "c", "d", "e"]
    assert ledger.rows[KEY].watermark == "w5"


def test_a_resend_with_more_events_adds_only_the_new_ones() -> None:
    """A server may rebuild what it sends again."""
    ledger = ledger_of(FaultPlan(refuse=[2]))
    with pytest.raises(InjectedError):
        received(ledger, events("w1", *PAIRS))
    received(ledger, events("w1", *PAIRS, ("f", "w6"), ("g", "w7"), minute=2))
    assert objects_in(ledger) == ["a", "b", "c", "d", "e", "f", "g"]
    assert ledger.rows[KEY].watermark == "w7"


def test_a_copy_adds_nothing() -> None:
    """Each of its links is a copy."""
    ledger = ledger_of()
    _, again = received(ledger, events("w1", *PAIRS), events("w1", *PAIRS, minute=2))
    assert (again.status, again.outcome, len(ledger.events())) == (SubscriptionStatus.OK, PushOutcome.DUPLICATE, 5)


def test_between_two_links_the_row_says_how_far_it_came_and_that_more_waits() -> None:
    """A Subscribe that resumes from it brings the rest, and a recovery waits for it."""
    ledger = ledger_of(FaultPlan(refuse=[2]))
    with pytest.raises(InjectedError):
        received(ledger, events("w1", *PAIRS))
    row = ledger.rows[KEY]
    assert (row.watermark, row.more_events_at) == ("w3", row.last_seen_at)
    assert row.last_event_at is not None


class TestSharedWatermark:
    """More events of one watermark than a write takes."""

    PAIRS: Final = tuple((name, "w2") for name in "abcde")

    def test_only_the_last_part_moves_the_watermark(self) -> None:
        """A Subscribe that resumes from it would not bring the rest."""
        ledger = ledger_of(FaultPlan(refuse=[2]), entry_events=2)
        with pytest.raises(InjectedError):
            received(ledger, events("w1", *self.PAIRS))
        assert (objects_in(ledger), ledger.rows[KEY].watermark) == (["a", "b"], "w1")

    @pytest.mark.parametrize("entry_events", [2, 3, 4])
    @pytest.mark.parametrize("call", [1, 2])
    def test_a_resend_that_is_cut_elsewhere_adds_what_is_missing(self, call: int, entry_events: int) -> None:
        """Once, and the chain goes on from its end."""
        ledger = ledger_of(FaultPlan(forget=[call]), entry_events=2)
        with pytest.raises(InjectedError):
            received(ledger, events("w1", *self.PAIRS))
        ledger.entry_events = entry_events
        received(ledger, events("w1", *self.PAIRS, minute=2), events("w2", ("f", "w3"), minute=3))
        assert (objects_in(ledger), gaps_in(ledger)) == ([*"abcdef"], [])
        assert ledger.rows[KEY].watermark == "w3"


def test_a_gap_is_logged_once_before_the_events() -> None:
    """It takes the place of an event in the first link."""
    ledger = ledger_of()
    (decision,) = received(ledger, events("w7", *PAIRS))
    assert (decision.has_gap, decision.events) == (True, 6)
    assert objects_in(ledger) == [None, "a", "b", "c", "d", "e"]
    assert [gap.reason for gap in gaps_in(ledger)] == [GapReason.CHAIN_MISMATCH]


def test_a_broken_post_opens_its_gap_once() -> None:
    """Its messages do not continue each other."""
    ledger = ledger_of()
    messages = (message("w1", created("a", "w2"), created("b", "w3")), message("w6", created("c", "w7"), status("w8")))
    received(ledger, posted(*messages, message("w8", created("d", "w9"))))
    assert objects_in(ledger) == [None, "a", "b", "c", "d"]
    assert ledger.rows[KEY].watermark == "w9"


def test_an_error_message_after_the_events_ends_the_subscription_last() -> None:
    """Its gap comes with the last link."""
    ledger = ledger_of()
    pairs = message("w1", *(created(*pair) for pair in PAIRS))
    (decision,) = received(ledger, posted(pairs, error()))
    assert (decision.outcome, ledger.rows[KEY].state) == (PushOutcome.LOST, State.LAPSED)
    assert objects_in(ledger) == ["a", "b", "c", None, "d", "e"]


def test_the_first_push_of_a_generation_adopts_it_once() -> None:
    """What follows is an ordinary link."""
    ledger = ledger_of()
    received(ledger, events("w1", *PAIRS, generation=2))
    assert (ledger.rows[KEY].generation, ledger.rows[KEY].watermark) == (2, "w5")
    assert objects_in(ledger)[-5:] == ["a", "b", "c", "d", "e"]


def test_a_superseded_callback_stores_nothing_of_it() -> None:
    """It is answered once."""
    ledger = MemoryLedger(subscription(generation=2), entry_events=3)
    (decision,) = received(ledger, events("w1", *PAIRS))
    assert (decision.outcome, ledger.log) == (PushOutcome.SUPERSEDED, [])
