"""Subscribe succeeds, and no push arrives: one gap event, no watermark that can't be delivered, and an end to it."""

import pytest

from ewspush.domain.check_result import CheckOutcome, Reachability
from ewspush.domain.subscription import GapReason, State
from ewspush.protocol.notification import MailboxEvent
from ewspush.protocol.subscribe import Subscribed
from tests.builders import created, message, status
from tests.component.keeper.scenario import BUSY, MINUTE, Scenario, silent


def unreachable() -> Scenario:
    """Return the scenario after the Subscribe that left the watermark out: generations 2 and 3 were silent."""
    scenario = silent()
    for _ in range(3):
        assert scenario.check() is CheckOutcome.RENEWED
        scenario.wait(30)
    return scenario


class TestSilentGenerations:
    """What follows from one, two and more."""

    def test_one_may_be_lost_with_a_restart_of_the_server(self) -> None:
        """Nothing is concluded from it: the next Subscribe resumes."""
        scenario = silent()
        assert [scenario.check(), scenario.check(30)] == [CheckOutcome.RENEWED] * 2
        assert scenario.sent() == [(2, "w1"), (3, "w1")]
        assert scenario.gaps() == []

    def test_after_two_the_watermark_is_left_out(self) -> None:
        """What can't be delivered must not be asked for again."""
        assert unreachable().sent() == [(2, "w1"), (3, "w1"), (4, None)]

    def test_after_two_one_gap_event_says_so_within_twice_the_silence(self) -> None:
        """It begins five minutes before the last event, or here, after a heartbeat, with the longest delivery."""
        scenario = unreachable()
        (gap,) = scenario.gap_events()
        assert (gap.reason, scenario.row.unreachable_since) == (GapReason.UNREACHABLE, gap.start)
        assert gap.end - gap.start >= 90 * MINUTE
        for _ in range(20):
            scenario.check(60)
        assert scenario.gaps() == ["unreachable"]

    def test_the_result_of_the_check_says_it_once_as_news(self) -> None:
        """For the log, and for the metric that the alarm counts."""
        scenario = silent()
        results = [scenario.check_result().reachability]
        for _ in range(3):
            scenario.wait(30)
            results.append(scenario.check_result().reachability)
        reachable, new, known = (Reachability.REACHABLE, Reachability.BECAME_UNREACHABLE, Reachability.UNREACHABLE)
        assert results == [reachable, reachable, new, known]

    def test_a_refused_subscribe_is_no_silent_generation(self) -> None:
        """The server answered, and says why."""
        scenario = silent(BUSY, BUSY, BUSY)
        assert [scenario.check(after) for after in (0, 2, 4, 8)][-1] is CheckOutcome.RENEWED
        assert scenario.row.silent_generations == 1

    def test_a_push_between_begins_the_count_again(self) -> None:
        """Two in a row are meant."""
        scenario = silent()
        scenario.check()
        scenario.wait(1)
        scenario.post(message("w1", created("a", "w2")), generation=2)
        assert [scenario.check(after) for after in (30, 30)] == [CheckOutcome.RENEWED] * 2
        assert scenario.sent() == [(2, "w1"), (3, "w2"), (4, "w2")]
        assert scenario.gaps() == []


class TestReachedAgain:
    """A push arrives at last."""

    @pytest.mark.parametrize("event", [created("a", "x1"), status("x1")], ids=["event", "heartbeat"])
    def test_the_subscription_is_reachable_and_opens_no_second_gap(self, event: MailboxEvent) -> None:
        """Its own is open until after this push."""
        scenario = unreachable()
        scenario.post(message("x0", event), generation=4)
        row = scenario.row
        assert (row.state, row.unreachable_since, row.silent_generations) == (State.ACTIVE, None, None)
        assert (row.watermark, scenario.gaps()) == ("x1", ["unreachable"])
        assert scenario.check_result().reachability is Reachability.REACHED_AGAIN

    def test_the_next_loss_has_a_gap_of_its_own(self) -> None:
        """The first one is over."""
        scenario = unreachable()
        scenario.post(message("x0", created("a", "x1")), generation=4)
        scenario.check()
        for _ in range(4):
            scenario.check(31)
        assert scenario.gaps() == ["unreachable", "unreachable"]
        first, second = scenario.gap_events()
        assert first.id != second.id
        assert second.start > first.start

    def test_a_late_push_of_a_silent_generation_counts_too(self) -> None:
        """It arrives, so the door is open."""
        scenario = unreachable()
        scenario.post(message("w1", created("a", "w2")), generation=4)
        assert scenario.row.unreachable_since is None

    def test_a_push_after_a_refused_subscribe_ends_the_silence_too(self) -> None:
        """The refusal took it out of the index; the next silence is noticed in time all the same (seed 318972774)."""
        scenario = silent(Subscribed("S1", "w1"), BUSY)
        assert [scenario.check(), scenario.check(30)] == [CheckOutcome.RENEWED, CheckOutcome.REFUSED]
        scenario.post(message("w1", status("w1")), generation=2)
        assert scenario.row.silent_generations is None
        assert [scenario.check(1), scenario.check(29)] == [CheckOutcome.ALIVE, CheckOutcome.RENEWED]
        assert scenario.gaps() == []


class TestSettings:
    """What an operator does meanwhile."""

    def test_new_settings_are_subscribed_at_once(self) -> None:
        """They may be what was wrong."""
        scenario = unreachable()
        scenario.wait(1)
        scenario.desire("inbox")
        assert scenario.check() is CheckOutcome.RENEWED

    def test_retired_and_desired_again_it_begins_afresh(self) -> None:
        """Nothing of the old silence remains."""
        scenario = unreachable()
        scenario.retire()
        scenario.desire()
        row = scenario.row
        assert (row.state, row.unreachable_since, row.silent_generations, row.silent_shard) == (
            State.WANTED,
            None,
            None,
            None,
        )
