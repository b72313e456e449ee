"""A retired subscription is not renewed, and its callbacks get Unsubscribe."""

import pytest

from ewspush.domain.check_result import CheckOutcome
from ewspush.domain.receiving.rules import PushOutcome
from ewspush.domain.subscription import State
from ewspush.protocol.acknowledgement import SubscriptionStatus
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed
from tests.builders import NOON, created, message, status, subscription
from tests.component.keeper.scenario import BUSY, UNKNOWN_WATERMARK, Scenario, silent
from tests.twins.mail_server import Answer, ReceivedSubscribe


def retired_during_subscribe(answered: Answer) -> Scenario:
    """Return the scenario of a subscription that was retired while its Subscribe was under way."""

    def answer(_: ReceivedSubscribe) -> Answer:
        scenario.retire()
        return answered

    scenario = silent(answer)
    scenario.check()
    return scenario


@pytest.mark.parametrize("answered", [Subscribed("S2", "w1"), BUSY, UNKNOWN_WATERMARK, Refused("ErrorAccountDisabled")])
def test_a_pending_subscribe_does_not_revive_it(answered: Answer) -> None:
    """Whatever the server answers."""
    scenario = retired_during_subscribe(answered)
    assert (scenario.row.state, scenario.row.next_check_at) == (State.RETIRED, None)
    assert len(scenario.server.requests) == 1


@pytest.mark.parametrize("generation", [1, 2])
def test_all_its_callbacks_get_unsubscribe(generation: int) -> None:
    """That of the pending Subscribe too."""
    scenario = retired_during_subscribe(Subscribed("S2", "w1"))
    decision = scenario.post(message("w1", created("a", "w2")), generation=generation)
    assert (decision.outcome, decision.status) == (PushOutcome.RETIRED, SubscriptionStatus.UNSUBSCRIBE)


def test_desired_again_it_begins_in_a_new_generation_and_the_old_ones_get_unsubscribe() -> None:
    """In a generation that was never sent."""
    scenario = retired_during_subscribe(Subscribed("S2", "w1"))
    scenario.desire()
    assert scenario.check() is CheckOutcome.RENEWED
    assert scenario.sent() == [(2, "w1"), (4, None)]
    assert scenario.post(message("w1", status("w1")), generation=2).outcome is PushOutcome.SUPERSEDED


def test_retired_before_the_second_subscribe_of_a_check_it_is_not_sent() -> None:
    """The refused watermark is stored already."""
    scenario = silent(UNKNOWN_WATERMARK)
    scenario.ledger.after_answer = scenario.retire
    assert scenario.check() is CheckOutcome.SKIPPED
    assert (scenario.row.state, len(scenario.server.requests)) == (State.RETIRED, 1)


def test_one_that_is_still_in_the_due_index_leaves_it() -> None:
    """Nothing is sent for it."""
    scenario = Scenario(subscription(state=State.RETIRED, next_check_at=NOON))
    assert scenario.check() is CheckOutcome.RETIRED
    assert (scenario.row.next_check_at, scenario.sent()) == (None, [])
