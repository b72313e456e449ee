"""A subscription without a push for twice StatusFrequency is renewed, and a new one is made at once."""

from datetime import timedelta

import pytest

from ewspush.domain.callback import Callback
from ewspush.domain.check_result import CheckOutcome
from ewspush.domain.receiving.rules import PushOutcome
from ewspush.domain.subscription import GapReason, State
from ewspush.protocol.notification import MailboxEvent
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed
from tests.builders import MAILBOX, NOON, ZERO, created, message, status, subscription
from tests.component.keeper.scenario import BUSY, KEY, NEW, Scenario, silent
from tests.twins.mail_server import Answer, ReceivedSubscribe


class TestSilence:
    """Twice StatusFrequency without a POST."""

    def test_less_than_that_is_no_silence(self) -> None:
        """Not by a millisecond."""
        scenario = Scenario(subscription())
        scenario.wait(30)
        scenario.now -= timedelta(milliseconds=1)
        assert scenario.check() is CheckOutcome.ALIVE

    def test_exactly_that_sends_one_subscribe_from_the_stored_watermark(self) -> None:
        """In the next generation, with the settings of the row."""
        row = subscription(folders=("inbox",), watermark="w7", event_types=("NewMailEvent",))
        scenario = Scenario(row, Subscribed("S2", "w7"))
        assert scenario.check(30) is CheckOutcome.RENEWED
        (received,) = scenario.server.requests
        assert (received.mailbox, received.request.watermark) == (MAILBOX, "w7")
        assert (received.request.folders, received.request.event_types) == (("inbox",), ("NewMailEvent",))
        assert received.request.status_frequency_minutes == 15
        assert (scenario.row.state, scenario.row.generation, scenario.row.subscription_id) == (State.ACTIVE, 2, "S2")

    def test_the_url_is_one_that_the_responder_accepts(self) -> None:
        """Base address, path, and a signature that verifies."""
        scenario = silent()
        scenario.check()
        (received,) = scenario.server.requests
        assert received.request.url.startswith(f"https://hook/notify/{KEY}/2/")
        assert received.callback(b"key") == Callback(KEY, MAILBOX, 2)

    def test_the_generation_is_stored_before_it_is_sent(self) -> None:
        """Otherwise a keeper that dies would leave a server subscription that the row does not know of."""
        seen = []

        def answer(_: ReceivedSubscribe) -> Answer:
            seen.append((scenario.row.state, scenario.row.generation, scenario.row.pending_generation))
            return Subscribed("S2", "w1")

        scenario = silent(answer)
        scenario.check()
        assert seen == [(State.LAPSED, 1, 2)]

    def test_the_new_generation_has_as_long_again(self) -> None:
        """And the old one gets Unsubscribe."""
        scenario = silent()
        scenario.check()
        assert [scenario.check(after) for after in (0, 29, 0.9)] == [CheckOutcome.SKIPPED] * 3
        assert scenario.post(message("w1", status("w1"))).outcome is PushOutcome.SUPERSEDED
        assert scenario.check(0.1) is CheckOutcome.RENEWED
        assert scenario.sent() == [(2, "w1"), (3, "w1")]

    @pytest.mark.parametrize("first", [status("w1"), created("a", "w2")])
    def test_the_first_push_of_the_new_generation_continues_the_chain(self, first: MailboxEvent) -> None:
        """No gap where the resume is trusted."""
        scenario = silent()
        scenario.check()
        scenario.wait(2)
        scenario.post(message("w1", first), generation=2)
        assert (scenario.gaps(), scenario.row.awaiting_first_push) == ([], None)
        assert scenario.check(28) is CheckOutcome.ALIVE


class TestFirstSubscribe:
    """The first subscription of a mailbox."""

    @pytest.mark.parametrize("trusted", [True, False])
    @pytest.mark.parametrize("watermark", ["w1", ZERO, None])
    def test_made_at_the_first_try_it_missed_nothing(self, trusted: bool, watermark: str | None) -> None:
        """It starts from now, in generation 1."""
        scenario = Scenario(NEW, Subscribed("S1", watermark), resume_is_trusted=trusted)
        assert scenario.check() is CheckOutcome.RENEWED
        assert scenario.sent() == [(1, None)]
        scenario.post(message("w4", created("a", "w5")))
        assert (scenario.gaps(), scenario.row.state, scenario.row.watermark) == ([], State.ACTIVE, "w5")

    @pytest.mark.parametrize("first", [BUSY, Refused("HTTP 504")])
    @pytest.mark.parametrize("watermark", ["w4", ZERO, None])
    def test_made_at_a_second_try_the_time_between_is_a_gap(self, first: Refused, watermark: str | None) -> None:
        """It begins when the subscription was desired."""
        scenario = Scenario(NEW, first, Subscribed("S1", watermark))
        scenario.check()
        assert scenario.check(16) is CheckOutcome.RENEWED
        for _ in range(2):
            scenario.post(message("w4", created("a", "w5")), generation=2)
        assert scenario.gaps() == [GapReason.SUBSCRIBED_LATE]
        assert scenario.gap_events()[0].start == NOON

    def test_one_without_any_push_is_renewed(self) -> None:
        """After twice StatusFrequency, though no push ever arrived."""
        scenario = Scenario(NEW)
        scenario.check()
        assert [scenario.check(29.9), scenario.check(0.1)] == [CheckOutcome.SKIPPED, CheckOutcome.RENEWED]
