"""The outcome of a Subscribe is unknown: the server did not answer, or the keeper died before it stored the answer."""

from typing import Any

import pytest

from ewspush.domain.check_result import CheckOutcome, CheckResult
from ewspush.domain.receiving.rules import PushOutcome
from ewspush.domain.subscription import State
from ewspush.errors import UnavailableError
from ewspush.protocol.soap import Refused
from tests.builders import created, message, status
from tests.component.keeper.scenario import MINUTE, NEW, Scenario, silent
from tests.twins.faults import FaultPlan, InjectedError


class TestNoAnswer:
    """The server does not answer the Subscribe, and may have carried it out."""

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (UnavailableError, "the mail server did not answer the Subscribe"),
            (Refused("HTTP 504"), "HTTP 504: a proxy before the mail server"),
            (Refused("HTTP 502", "Bad gateway at harbour"), "(the server says: Bad gateway at harbour)"),
            (Refused("HTTP 200"), "HTTP 200: the server's answer can't be read"),
            (Refused("NoError"), "names no subscription"),
        ],
    )
    def test_it_has_status_frequency_and_a_minute(self, answer: Any, words: str) -> None:
        """Then the next generation is sent, and no sooner. An answer that is unclear is shown."""
        scenario = silent() if answer is UnavailableError else silent(answer)
        scenario.server.calls.forget = [1] if answer is UnavailableError else []
        assert scenario.check() is CheckOutcome.UNCONFIRMED
        assert words in (scenario.row.last_error or "")
        assert [scenario.check(after) for after in (0, 15.99)] == [CheckOutcome.SKIPPED] * 2
        assert scenario.check(0.01) is CheckOutcome.RENEWED
        assert scenario.sent() == [(2, "w1"), (3, "w1")]

    def test_it_is_adopted_when_a_push_of_it_arrives_first(self) -> None:
        """And nothing more is sent."""
        scenario = silent()
        scenario.server.calls.forget = [1]
        scenario.check()
        scenario.wait(15)
        assert scenario.post(message("w1", created("a", "w2")), generation=2).outcome is PushOutcome.EVENTS
        assert (scenario.row.state, scenario.row.generation, scenario.row.last_error) == (State.ACTIVE, 2, None)
        assert scenario.check(1) is CheckOutcome.ALIVE
        assert (len(scenario.server.requests), scenario.gaps()) == (1, [])

    def test_it_gets_unsubscribe_when_its_first_push_is_too_late(self) -> None:
        """The next generation lives by then."""
        scenario = silent()
        scenario.server.calls.forget = [1]
        scenario.check()
        scenario.check(16)
        assert scenario.post(message("w1", created("a", "w2")), generation=2).outcome is PushOutcome.SUPERSEDED
        assert scenario.post(message("w1", created("a", "w2")), generation=3).outcome is PushOutcome.EVENTS

    def test_a_server_that_never_answers_is_asked_once_per_grace(self) -> None:
        """Each time in a new generation, without end; the state stays `wanted`."""
        scenario = Scenario(NEW)
        scenario.server.calls.forget = range(1000)
        outcomes = [scenario.check(after) for after in [0] + [1] * 160]
        assert outcomes.count(CheckOutcome.UNCONFIRMED) == 11
        assert set(outcomes) == {CheckOutcome.UNCONFIRMED, CheckOutcome.SKIPPED}
        assert [generation for generation, _ in scenario.sent()] == list(range(1, 12))
        assert (scenario.row.state, scenario.row.attempts) == (State.WANTED, 11)

    def test_the_result_says_how_long_the_subscription_is_overdue(self) -> None:
        """For the metric."""
        scenario = silent()
        scenario.server.calls.forget = [1]
        scenario.wait(5)
        assert scenario.check_result() == CheckResult(CheckOutcome.UNCONFIRMED, 5 * MINUTE)


class TestKilledKeeper:
    """The keeper dies in the middle of a renewal; the next one follows the same rule."""

    def killed(self, **faults: Any) -> Scenario:
        """Return the scenario after a check that ended in the middle."""
        scenario = silent()
        scenario.server.calls = FaultPlan(**faults)
        with pytest.raises(InjectedError):
            scenario.check()
        return scenario

    def test_between_lock_and_send_nothing_is_sent_until_the_grace_is_over(self) -> None:
        """The row does not say whether it was sent."""
        scenario = self.killed(refuse=[1])
        assert [scenario.check(after) for after in (0, 15.99)] == [CheckOutcome.SKIPPED] * 2
        assert scenario.sent() == []
        assert scenario.check(0.01) is CheckOutcome.RENEWED
        assert scenario.sent() == [(3, "w1")]

    def test_between_answer_and_write_the_subscription_is_adopted(self) -> None:
        """By its first POST."""
        scenario = self.killed(forget=[1])
        scenario.wait(2)
        scenario.post(message("w1", created("a", "w2"), subscription_id="S2"), generation=2)
        assert (scenario.row.state, scenario.row.generation) == (State.ACTIVE, 2)
        assert scenario.row.subscription_id == "S2"
        assert scenario.check(16) is CheckOutcome.ALIVE
        assert scenario.sent() == [(2, "w1")]

    def test_between_answer_and_write_a_subscription_without_a_push_is_superseded(self) -> None:
        """After the grace; its generation is never used again."""
        scenario = self.killed(forget=[1])
        assert [scenario.check(15.99), scenario.check(0.01)] == [CheckOutcome.SKIPPED, CheckOutcome.RENEWED]
        assert scenario.sent() == [(2, "w1"), (3, "w1")]
        assert scenario.post(message("w1", status("w1")), generation=2).outcome is PushOutcome.SUPERSEDED

    def test_a_write_that_fails_after_the_answer_is_the_same(self) -> None:
        """The store is unavailable after the lock and the answer."""
        scenario = silent()
        scenario.ledger.writes = FaultPlan(refuse=[2])
        with pytest.raises(InjectedError):
            scenario.check()
        scenario.post(message("w1", status("w1")), generation=2)
        assert scenario.row.generation == 2
