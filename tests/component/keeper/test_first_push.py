"""The first push of a generation may overtake the answer to its Subscribe."""

import pytest

from ewspush.domain.check_result import CheckOutcome
from ewspush.domain.receiving.rules import PushOutcome
from ewspush.domain.subscription import State, Subscription
from ewspush.protocol.notification import MailboxEvent
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed
from tests.builders import ZERO, created, message, status
from tests.component.keeper.scenario import UNKNOWN_WATERMARK, silent
from tests.twins.mail_server import Answer, ReceivedSubscribe


@pytest.mark.parametrize(
    ("event", "awaiting"), [(created("a", "w2"), None), (status("w1"), None), (status(ZERO), True)]
)
def test_it_makes_the_generation_active_and_the_answer_changes_nothing(
    event: MailboxEvent, awaiting: bool | None
) -> None:
    """Neither its SubscriptionId nor its watermark is stored."""

    def answer(received: ReceivedSubscribe) -> Answer:
        scenario.post(message("w1", event, subscription_id="S2"), generation=received.generation)
        rows.append(scenario.row)
        return Subscribed("S2", "w9")

    rows: list[Subscription] = []
    scenario = silent(answer)
    assert scenario.check() is CheckOutcome.RENEWED
    row = scenario.row
    assert row == rows[0]
    assert (row.state, row.generation, row.pending_generation) == (State.ACTIVE, 2, None)
    assert (row.subscription_id, row.attempts, row.awaiting_first_push) == ("S2", 0, awaiting)
    outcomes = {scenario.check(minutes) for minutes in (0, 15.9, 0.1, 13.9)}
    assert outcomes <= {CheckOutcome.ALIVE, CheckOutcome.SKIPPED}
    assert (scenario.gaps(), len(scenario.server.requests)) == ([], 1)


@pytest.mark.parametrize("answered", [Refused("ErrorNonExistentMailbox"), UNKNOWN_WATERMARK, Refused("HTTP 504")])
def test_a_refusal_after_it_changes_nothing(answered: Refused) -> None:
    """The generation lives: a push of it arrived."""

    def answer(received: ReceivedSubscribe) -> Answer:
        scenario.post(message("w1", created("a", "w2"), subscription_id="S2"), generation=received.generation)
        rows.append(scenario.row)
        return answered

    rows: list[Subscription] = []
    scenario = silent(answer)
    scenario.check()
    assert scenario.row == rows[0]
    assert len(scenario.server.requests) == 1


def test_a_push_of_the_old_generation_does_not_stop_the_new_one() -> None:
    """It was slow; both live for a moment, until the old one gets Unsubscribe."""

    def answer(_: ReceivedSubscribe) -> Answer:
        assert scenario.post(message("w1", created("a", "w2"))).outcome is PushOutcome.EVENTS
        return Subscribed("S2", "w1")

    scenario = silent(answer)
    assert scenario.check() is CheckOutcome.RENEWED
    assert (scenario.row.generation, scenario.row.watermark) == (2, "w2")
    assert scenario.post(message("w2", created("b", "w3"))).outcome is PushOutcome.SUPERSEDED
    scenario.post(message("w1", created("a", "w2"), created("b", "w3")), generation=2)
    assert (len(scenario.ledger.events()), scenario.row.watermark, scenario.gaps()) == (2, "w3", [])
