"""The keeper's looks: on the in-memory ledger, against a mail server with a script, under a clock that is cranked."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ewspush.domain import desired
from ewspush.domain.callback import Callback
from ewspush.domain.desired import DesiredSubscription, new_subscription
from ewspush.domain.events import GapReason
from ewspush.domain.keeper import CheckOutcome, CheckResult, Keeper
from ewspush.domain.ports import UnavailableError
from ewspush.domain.receiving.rules import Decision, PushOutcome
from ewspush.domain.receiving.service import process_push
from ewspush.domain.renewing.rules import Policy
from ewspush.domain.subscription import State, Subscription
from ewspush.domain.updates import ConditionalUpdate, GenerationPending, WriteResult
from ewspush.protocol.notification import ResponseMessage
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed
from tests.stories import MAILBOX, NOON, ZERO, created, error, message, posted, status, subscription
from tests.twins.faults import FaultPlan, InjectedError
from tests.twins.keys import MemoryKeys
from tests.twins.ledger import MemoryLedger
from tests.twins.mail_server import Answer, Asked, MemoryMailServer, Scripted

KEY: Final = subscription().subscription
MINUTE: Final = timedelta(minutes=1)
NEW: Final = new_subscription(DesiredSubscription(MAILBOX), NOON)
BUSY: Final = Refused("ErrorServerBusy")
FORGOTTEN: Final = Refused("ErrorInvalidWatermark")


class MeddledLedger(MemoryLedger):
    """A ledger that lets something happen between a read and what follows it."""

    def __init__(self, *rows: Subscription) -> None:
        """Nothing happens until `meddle` is set; it happens once."""
        super().__init__(*rows)
        self.meddle: Callable[[], object] | None = None

    def read(self, subscription: str) -> Subscription | None:
        """Return the row as it was before the meddling."""
        row = super().read(subscription)
        meddle, self.meddle = self.meddle, None
        if meddle is not None:
            meddle()
        return row

    def after_settling(self, deed: Callable[[], object]) -> None:
        """Let `deed` happen right after it is written down what became of a Subscribe, once."""
        write = self.write

        def settling(entry: ConditionalUpdate) -> WriteResult:
            outcome = write(entry)
            if isinstance(entry.expects, GenerationPending):
                self.write = write  # type: ignore[method-assign]  # meddles with this one ledger
                deed()
            return outcome

        self.write = settling  # type: ignore[method-assign]


class Story:
    """A subscription of 15 minutes' frequency, its keeper, and the server that it is on."""

    def __init__(self, row: Subscription, *script: Scripted, trusted: bool = True) -> None:
        """Begin at noon."""
        self.now = NOON
        self.ledger = MeddledLedger(row)
        self.server = MemoryMailServer(*script)
        policy = Policy(MINUTE, trusted)
        keys = MemoryKeys(b"key")
        self.keeper = Keeper(self.ledger, self.server, keys, lambda: self.now, lambda: 0.5, policy, "https://hook")

    @property
    def row(self) -> Subscription:
        """The row as it is."""
        return self.ledger.rows[KEY]

    def wait(self, minutes: float) -> None:
        """Crank the clock."""
        self.now += minutes * MINUTE

    def looked(self) -> CheckResult:
        """Look now."""
        return self.keeper.look(KEY)

    def look(self, after: float = 0) -> CheckOutcome:
        """Look, `after` so many minutes."""
        self.wait(after)
        return self.looked().look

    def post(self, *messages: ResponseMessage, generation: int = 1) -> Decision:
        """Let the server POST to the URL of a generation."""
        minute = (self.now - NOON) / MINUTE
        return process_push(posted(*messages, generation=generation, minute=minute), self.ledger)

    def change(self, changes: Any) -> None:
        """Let somebody change the row."""
        self.ledger.rows[KEY] = replace(self.row, **changes)

    def sent(self) -> list[tuple[int, str | None]]:
        """Return generation and watermark of each Subscribe that reached the server."""
        return [(asked.generation, asked.request.watermark) for asked in self.server.asked]

    def gaps(self) -> list[str]:
        """Return the reasons of the logged gaps."""
        documents = [document for one in self.ledger.log for document in one.events]
        return [document["data"]["reason"] for document in documents if document["type"] == "ews.mailbox.gap"]


def silent(*script: Scripted, trusted: bool = True, **changes: Any) -> Story:
    """Return the story of a subscription of which nothing was heard for twice StatusFrequency by now."""
    story = Story(subscription(**changes), *script, trusted=trusted)
    story.wait(30)
    return story


class TestAlive:
    """Nothing is sent for a subscription that is heard of."""

    @pytest.mark.parametrize("heard", [0, 1, 29.99])
    def test_the_next_look_is_when_silence_would_be_too_long(self, heard: float) -> None:
        """Twice StatusFrequency after the last sign of life, in one write."""
        story = Story(subscription())
        story.wait(heard)
        story.post(message("w1", status("w1")))
        assert story.look() is CheckOutcome.ALIVE
        assert story.row.next_check_at == NOON + (heard + 30) * MINUTE
        assert story.sent() == []

    @pytest.mark.parametrize("next_check_at", [NOON + MINUTE, None])
    def test_what_is_not_due_is_left_alone(self, next_check_at: Any) -> None:
        """The index may lag behind the row."""
        story = Story(subscription(next_check_at=next_check_at))
        assert story.look() is CheckOutcome.SKIPPED
        assert story.ledger.requests == ["read"]

    def test_what_does_not_exist_is_left_alone(self) -> None:
        """Somebody removed the row."""
        story = Story(subscription())
        story.ledger.rows.clear()
        assert story.look() is CheckOutcome.SKIPPED

    def test_a_doubt_that_came_to_nothing_is_dropped(self) -> None:
        """The renewal failed, and the old one turned out to be alive."""
        story = silent(BUSY, trusted=False)
        story.look()
        story.post(message("w1", status("w1")))
        assert story.row.suspected_gap_reason is GapReason.RESUME_UNPROVEN
        assert story.look(1) is CheckOutcome.ALIVE
        assert story.row.suspected_gap_reason is None
        assert story.row.suspected_gap_since is None
        story.wait(1)
        story.post(message("w1", created("a", "w2")))
        assert story.gaps() == []


class TestSilence:
    """Twice StatusFrequency without a POST."""

    def test_less_than_that_is_no_silence(self) -> None:
        """Not by a millisecond."""
        story = Story(subscription())
        story.wait(30)
        story.now -= timedelta(milliseconds=1)
        assert story.look() is CheckOutcome.ALIVE

    def test_exactly_that_sends_one_subscribe_from_the_stored_watermark(self) -> None:
        """In the next generation, for what the row wants."""
        row = subscription(folders=("inbox",), watermark="w7", event_types=("NewMailEvent",))
        story = Story(row, Subscribed("S2", "w7"))
        assert story.look(30) is CheckOutcome.RENEWED
        (asked,) = story.server.asked
        assert (asked.mailbox, asked.request.watermark) == (MAILBOX, "w7")
        assert (asked.request.folders, asked.request.event_types) == (("inbox",), ("NewMailEvent",))
        assert asked.request.status_frequency_minutes == 15
        assert (story.row.state, story.row.generation, story.row.subscription_id) == (State.ACTIVE, 2, "S2")

    def test_the_url_is_one_that_the_responder_takes(self) -> None:
        """Base address, path, and a signature that verifies."""
        story = silent()
        story.look()
        (asked,) = story.server.asked
        assert asked.request.url.startswith(f"https://hook/notify/{KEY}/2/")
        assert asked.callback(b"key") == Callback(KEY, MAILBOX, 2)

    def test_the_generation_is_written_down_before_it_is_sent(self) -> None:
        """Otherwise a keeper that dies would leave one that nobody knows of."""
        seen = []

        def answer(_: Asked) -> Answer:
            seen.append((story.row.state, story.row.generation, story.row.pending_generation))
            return Subscribed("S2", "w1")

        story = silent(answer)
        story.look()
        assert seen == [(State.LAPSED, 1, 2)]

    def test_after_that_it_is_given_as_long_again(self) -> None:
        """And its old generation is told to stop."""
        story = silent()
        story.look()
        assert [story.look(after) for after in (0, 29, 0.9)] == [CheckOutcome.SKIPPED] * 3
        assert story.post(message("w1", status("w1"))).meaning is PushOutcome.SUPERSEDED
        assert story.look(0.1) is CheckOutcome.RENEWED
        assert story.sent() == [(2, "w1"), (3, "w1")]

    @pytest.mark.parametrize("first", [status("w1"), created("a", "w2")])
    def test_the_first_post_of_the_new_one_goes_on_where_the_old_one_ended(self, first: Any) -> None:
        """No gap, in the trusted way."""
        story = silent()
        story.look()
        story.wait(2)
        story.post(message("w1", first), generation=2)
        assert (story.gaps(), story.row.awaiting_first_push) == ([], None)
        assert story.look(28) is CheckOutcome.ALIVE

    def test_a_scaled_minute_notices_in_a_scaled_time(self) -> None:
        """Two seconds for each minute: silent after a minute."""
        story = Story(subscription())
        story.keeper = replace(story.keeper, policy=Policy(timedelta(seconds=2), resume_is_trusted=True))
        assert [story.look(0.9), story.look(0.1)] == [CheckOutcome.ALIVE, CheckOutcome.RENEWED]


class TestOverlap:
    """However many looks there are, one Subscribe is sent."""

    def test_a_look_while_a_subscribe_is_under_way_finds_nothing_to_do(self) -> None:
        """The lock is in the row."""
        inner: list[CheckOutcome] = []

        def answer(_: Asked) -> Answer:
            story.wait(0.5)
            inner.append(story.look())
            return Subscribed("S2", "w1")

        story = silent(answer)
        assert (story.look(), inner) == (CheckOutcome.RENEWED, [CheckOutcome.SKIPPED])
        assert story.sent() == [(2, "w1")]

    def test_a_look_between_read_and_lock_wins(self) -> None:
        """The slower one finds a row that is not as it was read, and sends nothing."""
        story = silent()
        story.ledger.meddle = story.look
        assert story.look() is CheckOutcome.SKIPPED
        assert story.sent() == [(2, "w1")]
        assert story.row.generation == 2

    def test_a_look_that_was_refused_between_read_and_lock_wins_too(self) -> None:
        """Its wait is respected."""
        story = silent(BUSY)
        story.ledger.meddle = story.look
        assert story.look() is CheckOutcome.SKIPPED
        assert len(story.server.asked) == 1

    @pytest.mark.parametrize("told", [status("w1"), status(ZERO), created("a", "w2")])
    def test_a_post_between_read_and_lock_saves_the_subscription(self, told: Any) -> None:
        """It lives, so nothing is sent."""
        story = silent()
        story.ledger.meddle = lambda: story.post(message("w1", told))
        assert story.look() is CheckOutcome.SKIPPED
        assert story.sent() == []
        assert story.look() is CheckOutcome.ALIVE

    def test_a_post_between_read_and_a_look_that_sends_nothing_is_not_overlooked(self) -> None:
        """The look writes nothing over it."""
        story = Story(subscription())
        story.wait(1)
        story.ledger.meddle = lambda: story.post(error())
        assert story.look() is CheckOutcome.SKIPPED
        assert (story.row.state, story.row.next_check_at) == (State.LAPSED, story.now)


class TestFirstPost:
    """It may overtake the answer to its Subscribe."""

    @pytest.mark.parametrize(("told", "due"), [(created("a", "w2"), None), (status("w1"), None), (status(ZERO), True)])
    def test_it_makes_the_generation_live_and_the_answer_changes_nothing(self, told: Any, due: bool | None) -> None:
        """Not even what it says of id and watermark."""

        def answer(asked: Asked) -> Answer:
            story.post(message("w1", told, subscription_id="S2"), generation=asked.generation)
            rows.append(story.row)
            return Subscribed("S2", "w9")

        rows: list[Subscription] = []
        story = silent(answer)
        assert story.look() is CheckOutcome.RENEWED
        assert story.row == rows[0]
        assert (story.row.state, story.row.generation, story.row.pending_generation) == (State.ACTIVE, 2, None)
        assert (story.row.subscription_id, story.row.attempts, story.row.awaiting_first_push) == ("S2", 0, due)
        assert {story.look(minutes) for minutes in (0, 15.9, 0.1, 13.9)} <= {CheckOutcome.ALIVE, CheckOutcome.SKIPPED}
        assert (story.gaps(), len(story.server.asked)) == ([], 1)

    @pytest.mark.parametrize("answered", [Refused("ErrorNonExistentMailbox"), FORGOTTEN, Refused("HTTP 504")])
    def test_whatever_the_answer_is(self, answered: Refused) -> None:
        """It lives: it was heard of."""

        def answer(asked: Asked) -> Answer:
            story.post(message("w1", created("a", "w2"), subscription_id="S2"), generation=asked.generation)
            rows.append(story.row)
            return answered

        rows: list[Subscription] = []
        story = silent(answer)
        story.look()
        assert story.row == rows[0]
        assert len(story.server.asked) == 1

    def test_a_post_of_the_old_one_does_not_stop_the_new_one(self) -> None:
        """It was slow; both live for a moment, until the old one is told to stop."""

        def answer(_: Asked) -> Answer:
            assert story.post(message("w1", created("a", "w2"))).meaning is PushOutcome.EVENTS
            return Subscribed("S2", "w1")

        story = silent(answer)
        assert story.look() is CheckOutcome.RENEWED
        assert (story.row.generation, story.row.watermark) == (2, "w2")
        assert story.post(message("w2", created("b", "w3"))).meaning is PushOutcome.SUPERSEDED
        story.post(message("w1", created("a", "w2"), created("b", "w3")), generation=2)
        assert (len(story.ledger.events()), story.row.watermark, story.gaps()) == (2, "w3", [])


class TestUnheard:
    """Nobody answers the Subscribe, which may have been carried out."""

    @pytest.mark.parametrize(
        "answer", [UnavailableError, Refused("HTTP 504"), Refused("HTTP 502"), Refused("HTTP 200")]
    )
    def test_it_is_given_status_frequency_and_a_minute(self, answer: Any) -> None:
        """Then the next generation is sent, and no sooner."""
        story = silent() if answer is UnavailableError else silent(answer)
        story.server.calls.forget = [1] if answer is UnavailableError else []
        assert story.look() is CheckOutcome.UNCONFIRMED
        assert story.row.last_error == "the mail server did not answer the Subscribe"
        assert [story.look(after) for after in (0, 15.99)] == [CheckOutcome.SKIPPED] * 2
        assert story.look(0.01) is CheckOutcome.RENEWED
        assert story.sent() == [(2, "w1"), (3, "w1")]

    def test_it_is_adopted_when_it_is_heard_of_first(self) -> None:
        """And nothing more is sent."""
        story = silent()
        story.server.calls.forget = [1]
        story.look()
        story.wait(15)
        assert story.post(message("w1", created("a", "w2")), generation=2).meaning is PushOutcome.EVENTS
        assert (story.row.state, story.row.generation, story.row.last_error) == (State.ACTIVE, 2, None)
        assert story.look(1) is CheckOutcome.ALIVE
        assert (len(story.server.asked), story.gaps()) == (1, [])

    def test_it_is_told_to_stop_when_it_is_heard_of_too_late(self) -> None:
        """The next one lives by then."""
        story = silent()
        story.server.calls.forget = [1]
        story.look()
        story.look(16)
        assert story.post(message("w1", created("a", "w2")), generation=2).meaning is PushOutcome.SUPERSEDED
        assert story.post(message("w1", created("a", "w2")), generation=3).meaning is PushOutcome.EVENTS

    def test_a_server_that_never_answers_is_asked_once_in_a_grace(self) -> None:
        """With generations of their own, for ever; a wanted one stays wanted."""
        story = Story(NEW)
        story.server.calls.forget = range(1000)
        looks = [story.look(after) for after in [0] + [1] * 160]
        assert (looks.count(CheckOutcome.UNCONFIRMED), set(looks)) == (
            11,
            {CheckOutcome.UNCONFIRMED, CheckOutcome.SKIPPED},
        )
        assert [generation for generation, _ in story.sent()] == list(range(1, 12))
        assert (story.row.state, story.row.attempts) == (State.WANTED, 11)

    def test_a_look_says_how_long_the_subscription_is_overdue(self) -> None:
        """For the metric."""
        story = silent()
        story.server.calls.forget = [1]
        story.wait(5)
        assert story.looked() == CheckResult(CheckOutcome.UNCONFIRMED, 5 * MINUTE)


class TestKilled:
    """The keeper dies in the middle; the next one follows the same rule."""

    def killed(self, **faults: Any) -> Story:
        """Return the story after a look that ended in the middle."""
        story = silent()
        story.server.calls = FaultPlan(**faults)
        with pytest.raises(InjectedError):
            story.looked()
        return story

    def test_between_lock_and_send_nothing_is_sent_until_the_grace_is_over(self) -> None:
        """Nobody knows that it was not."""
        story = self.killed(refuse=[1])
        assert [story.look(after) for after in (0, 15.99)] == [CheckOutcome.SKIPPED] * 2
        assert story.sent() == []
        assert story.look(0.01) is CheckOutcome.RENEWED
        assert story.sent() == [(3, "w1")]

    def test_between_answer_and_write_the_subscription_is_adopted(self) -> None:
        """By its first POST."""
        story = self.killed(forget=[1])
        story.wait(2)
        story.post(message("w1", created("a", "w2"), subscription_id="S2"), generation=2)
        assert (story.row.state, story.row.generation, story.row.subscription_id) == (State.ACTIVE, 2, "S2")
        assert story.look(16) is CheckOutcome.ALIVE
        assert story.sent() == [(2, "w1")]

    def test_between_answer_and_write_an_unheard_one_is_superseded(self) -> None:
        """After the grace; its number is never used again."""
        story = self.killed(forget=[1])
        assert [story.look(15.99), story.look(0.01)] == [CheckOutcome.SKIPPED, CheckOutcome.RENEWED]
        assert story.sent() == [(2, "w1"), (3, "w1")]
        assert story.post(message("w1", status("w1")), generation=2).meaning is PushOutcome.SUPERSEDED

    def test_a_write_that_fails_after_the_answer_is_the_same(self) -> None:
        """Lock, answer, and the store is away."""
        story = silent()
        story.ledger.writes = FaultPlan(refuse=[2])
        with pytest.raises(InjectedError):
            story.looked()
        story.post(message("w1", status("w1")), generation=2)
        assert story.row.generation == 2


class TestRetired:
    """Nobody wants it any more."""

    def retired_under_way(self, answered: Answer) -> Story:
        """Return the story of one that was retired while its Subscribe was under way."""

        def answer(_: Asked) -> Answer:
            story.change(desired.retirement(story.row))
            return answered

        story = silent(answer)
        story.looked()
        return story

    @pytest.mark.parametrize("answered", [Subscribed("S2", "w1"), BUSY, FORGOTTEN, Refused("ErrorAccountDisabled")])
    def test_a_subscribe_under_way_does_not_revive_it(self, answered: Answer) -> None:
        """Whatever the server says to it."""
        story = self.retired_under_way(answered)
        assert (story.row.state, story.row.next_check_at, len(story.server.asked)) == (State.RETIRED, None, 1)

    @pytest.mark.parametrize("generation", [1, 2])
    def test_all_its_callbacks_are_told_to_stop(self, generation: int) -> None:
        """That of the Subscribe under way too."""
        story = self.retired_under_way(Subscribed("S2", "w1"))
        ruling = story.post(message("w1", created("a", "w2")), generation=generation)
        assert (ruling.meaning, ruling.status.value) == (PushOutcome.RETIRED, "Unsubscribe")

    def test_wanted_again_it_starts_anew_and_what_is_left_of_it_is_told_to_stop(self) -> None:
        """In a generation that was never sent."""
        story = self.retired_under_way(Subscribed("S2", "w1"))
        story.change(desired.changes_toward(story.row, DesiredSubscription(MAILBOX), story.now))
        assert story.look() is CheckOutcome.RENEWED
        assert story.sent() == [(2, "w1"), (4, None)]
        assert story.post(message("w1", status("w1")), generation=2).meaning is PushOutcome.SUPERSEDED

    def test_retired_before_the_second_subscribe_of_a_look_it_is_not_sent(self) -> None:
        """The refused watermark is written down already."""
        story = silent(FORGOTTEN)
        story.ledger.after_settling(lambda: story.change(desired.retirement(story.row)))
        assert story.look() is CheckOutcome.SKIPPED
        assert (story.row.state, len(story.server.asked)) == (State.RETIRED, 1)

    @pytest.mark.parametrize("state", [State.RETIRED])
    def test_one_that_is_in_the_index_all_the_same_leaves_it(self, state: State) -> None:
        """Nothing is sent for it."""
        story = Story(subscription(state=state, next_check_at=NOON))
        assert story.look() is CheckOutcome.RETIRED
        assert (story.row.next_check_at, story.sent()) == (None, [])


class TestChangedWish:
    """Somebody wants it otherwise: what the server was asked for can't be changed, so it is made anew."""

    def wish(self, story: Story) -> None:
        """Want the inbox only."""
        story.change(desired.changes_toward(story.row, DesiredSubscription(MAILBOX, folders=("inbox",)), story.now))

    def asked(self, story: Story) -> list[tuple[int, tuple[str, ...]]]:
        """Return generation and folders of each Subscribe."""
        return [(asked.generation, asked.request.folders) for asked in story.server.asked]

    def test_it_is_made_anew_at_the_next_look_and_the_old_one_superseded(self) -> None:
        """From the watermark where the old one is."""
        story = Story(subscription())
        story.wait(1)
        self.wish(story)
        assert story.look() is CheckOutcome.RENEWED
        assert (self.asked(story), story.sent()) == ([(2, ("inbox",))], [(2, "w1")])
        assert story.post(message("w1", status("w1"))).meaning is PushOutcome.SUPERSEDED

    @pytest.mark.parametrize("told", [status("w1"), status(ZERO), created("a", "w2")])
    def test_a_sign_of_life_of_the_old_one_does_not_make_it_forgotten(self, told: Any) -> None:
        """It comes in between more often than not."""
        story = Story(subscription())
        story.wait(1)
        self.wish(story)
        story.post(message("w1", told))
        assert (story.row.state, story.look()) == (State.ACTIVE, CheckOutcome.RENEWED)
        assert self.asked(story) == [(2, ("inbox",))]

    def test_an_answer_to_the_old_wish_does_not_make_it_forgotten(self) -> None:
        """Nor does the POST of what that one made."""

        def answer(_: Asked) -> Answer:
            self.wish(story)
            return Subscribed("S2", "w1")

        story = silent(answer)
        story.look()
        story.post(message("w1", created("a", "w2")), generation=2)
        assert story.look(1) is CheckOutcome.RENEWED
        (_, _), (newest, folders) = self.asked(story)
        assert (newest > 2, folders, story.row.generation) == (True, ("inbox",), newest)
        assert story.post(message("w2", status("w2")), generation=2).meaning is PushOutcome.SUPERSEDED

    def test_a_refusal_does_not_make_it_forgotten(self) -> None:
        """The old one goes on until the new one comes about."""
        story = Story(subscription(), BUSY)
        self.wish(story)
        assert story.look() is CheckOutcome.REFUSED
        assert story.post(message("w1", created("a", "w2"))).meaning is PushOutcome.EVENTS
        assert story.look(1) is CheckOutcome.RENEWED
        assert (self.asked(story)[-1][1], story.row.watermark) == (("inbox",), "w2")

    def test_one_that_is_suspended_is_tried_at_once_and_was_late_all_the_same(self) -> None:
        """A person acted; what happened until then is a gap."""
        story = Story(NEW, Refused("ErrorNonExistentMailbox"), Subscribed("S2", "w4"))
        assert story.look() is CheckOutcome.SUSPENDED
        story.wait(60)
        story.change(desired.changes_toward(story.row, DesiredSubscription(MAILBOX), story.now))
        assert story.look() is CheckOutcome.RENEWED
        story.post(message("w4", created("a", "w5")), generation=2)
        assert story.gaps() == [GapReason.SUBSCRIBED_LATE]


class TestForgottenWatermark:
    """The server does not know where to go on."""

    def test_it_is_asked_again_without_in_the_same_look(self) -> None:
        """In a generation of its own."""
        story = silent(FORGOTTEN, Subscribed("S3", None))
        assert story.look() is CheckOutcome.RENEWED
        assert story.sent() == [(2, "w1"), (3, None)]
        assert (story.row.generation, story.row.state, story.row.attempts) == (3, State.ACTIVE, 0)

    @pytest.mark.parametrize("trusted", [True, False])
    @pytest.mark.parametrize("watermark", ["w8", ZERO, None])
    def test_the_first_post_tells_of_the_gap_once(self, watermark: str | None, trusted: bool) -> None:
        """From before the last heartbeat; that it follows from the answer proves nothing."""
        story = silent(FORGOTTEN, Subscribed("S3", watermark), trusted=trusted)
        story.look()
        story.wait(2)
        for _ in range(2):
            story.post(message("w8", created("a", "w9")), generation=3)
        story.post(message("w9", created("b", "w10")), generation=3)
        assert story.gaps() == [GapReason.WATERMARK_REFUSED]
        data = story.ledger.log[0].events[0]["data"]
        assert (data["from"], data["to"]) == ("2026-03-04T11:20:00.000Z", "2026-03-04T12:32:00.000Z")
        assert story.row.watermark == "w10"

    def test_another_keeper_that_was_there_between_the_two_has_the_word(self) -> None:
        """What it made lives, and nobody asks for more."""
        story = silent(FORGOTTEN, Subscribed("S3", "w1"))

        def another_looks() -> None:
            story.wait(16)
            assert story.look() is CheckOutcome.RENEWED

        story.ledger.after_settling(another_looks)
        assert story.look() is CheckOutcome.SKIPPED
        assert story.sent() == [(2, "w1"), (3, None)]
        assert (story.row.state, story.row.generation) == (State.ACTIVE, 3)

    @pytest.mark.parametrize("second", [BUSY, FORGOTTEN])
    def test_a_second_refusal_waits_like_any_other(self, second: Refused) -> None:
        """No loop; the gap stays on the books, and the watermark is not tried again."""
        story = silent(FORGOTTEN, second, Subscribed("S4", None))
        assert story.look() is CheckOutcome.REFUSED
        assert [story.look(1.4), story.look(0.2)] == [CheckOutcome.SKIPPED, CheckOutcome.RENEWED]
        assert story.sent() == [(2, "w1"), (3, None), (4, None)]
        story.post(message("w8", created("a", "w9")), generation=4)
        assert story.gaps() == [GapReason.WATERMARK_REFUSED]

    def test_a_mailbox_that_moves_is_asked_later_and_without(self) -> None:
        """Its watermarks mean nothing on another database."""
        story = silent(Refused("ErrorMailboxMoveInProgress"))
        assert [story.look(), story.look(1)] == [CheckOutcome.REFUSED, CheckOutcome.RENEWED]
        assert story.sent() == [(2, "w1"), (3, None)]
        story.post(message("w8", created("a", "w9")), generation=3)
        assert story.gaps() == [GapReason.WATERMARK_REFUSED]


class TestUnprovenResume:
    """A server that may take a watermark and start from now all the same."""

    @pytest.mark.parametrize(
        ("previous", "trusted", "gaps"),
        [("w1", False, []), ("w8", False, [GapReason.RESUME_UNPROVEN]), (ZERO, False, [GapReason.RESUME_UNPROVEN])]
        + [(previous, True, []) for previous in ("w1", "w8", ZERO)],
    )
    @pytest.mark.parametrize("answer", [Subscribed("S2", "w1"), Subscribed("S2", "w8"), Subscribed("S2", ZERO)])
    def test_the_first_post_proves_it_or_tells_of_the_gap(
        self, answer: Subscribed, previous: str, trusted: bool, gaps: list[GapReason]
    ) -> None:
        """What counts is what the POST follows from; the answer to the Subscribe proves nothing."""
        story = silent(answer, trusted=trusted)
        story.look()
        story.wait(2)
        for _ in range(2):
            story.post(message(previous, created("a", "w9")), generation=2)
        story.post(message("w9", created("b", "w10")), generation=2)
        assert story.gaps() == gaps
        assert (story.row.suspected_gap_since, story.row.suspected_gap_reason) == (None, None)

    def test_a_generation_that_was_adopted_proves_it_alike(self) -> None:
        """The doubt was written down before the Subscribe."""
        story = silent(trusted=False)
        story.server.calls.forget = [1]
        story.look()
        story.post(message("w8", created("a", "w9")), generation=2)
        assert story.gaps() == [GapReason.RESUME_UNPROVEN]

    def test_the_old_generation_that_is_heard_of_during_the_subscribe_settles_nothing(self) -> None:
        """Another keeper takes it for alive and drops the doubt; what it has not told yet is lost all the same."""

        def heard_of(_: Asked) -> Subscribed:
            story.post(message("w1", status("w1")))
            assert story.look() is CheckOutcome.ALIVE
            assert story.row.suspected_gap_since is None
            return Subscribed("S2", "w8")

        story = silent(heard_of, trusted=False)
        assert story.look() is CheckOutcome.RENEWED
        story.post(message("w8", created("a", "w9")), generation=2)
        assert story.gaps() == [GapReason.RESUME_UNPROVEN]

    def test_a_second_silence_before_the_first_post_is_the_same_gap(self) -> None:
        """From the beginning of the first."""
        story = silent(trusted=False)
        story.look()
        story.look(30)
        story.post(message("w8", created("a", "w9")), generation=3)
        assert story.gaps() == [GapReason.RESUME_UNPROVEN]
        assert story.ledger.log[0].events[0]["data"]["from"] == "2026-03-04T11:20:00.000Z"


class TestWanted:
    """The first subscription of all."""

    @pytest.mark.parametrize("trusted", [True, False])
    @pytest.mark.parametrize("watermark", ["w1", ZERO, None])
    def test_made_at_the_first_try_nothing_was_missed(self, trusted: bool, watermark: str | None) -> None:
        """It starts from now, in generation 1."""
        story = Story(NEW, Subscribed("S1", watermark), trusted=trusted)
        assert story.look() is CheckOutcome.RENEWED
        assert story.sent() == [(1, None)]
        story.post(message("w4", created("a", "w5")))
        assert (story.gaps(), story.row.state, story.row.watermark) == ([], State.ACTIVE, "w5")

    @pytest.mark.parametrize("first", [BUSY, Refused("HTTP 504")])
    @pytest.mark.parametrize("watermark", ["w4", ZERO, None])
    def test_made_at_a_second_try_the_time_between_is_a_gap(self, first: Refused, watermark: str | None) -> None:
        """Since it is wanted."""
        story = Story(NEW, first, Subscribed("S1", watermark))
        story.look()
        assert story.look(16) is CheckOutcome.RENEWED
        for _ in range(2):
            story.post(message("w4", created("a", "w5")), generation=2)
        assert story.gaps() == [GapReason.SUBSCRIBED_LATE]
        assert story.ledger.log[0].events[0]["data"]["from"] == "2026-03-04T12:00:00.000Z"

    def test_one_that_is_never_heard_of_is_made_anew(self) -> None:
        """After twice StatusFrequency, though it was never heard of before either."""
        story = Story(NEW)
        story.look()
        assert [story.look(29.9), story.look(0.1)] == [CheckOutcome.SKIPPED, CheckOutcome.RENEWED]


class TestRefused:
    """The server says no."""

    def test_the_next_try_comes_when_the_back_off_is_over(self) -> None:
        """Twice as long each time, half of it by chance: 0.75 of 1, 2, 4, 8, 15, 15 minutes here."""
        story = silent(*[BUSY] * 6)
        waits = []
        for _ in range(6):
            assert story.look() is CheckOutcome.REFUSED
            next_check_at = story.row.next_check_at
            assert next_check_at is not None
            waits.append((next_check_at - story.now) / MINUTE)
            story.now = next_check_at
        assert waits == [0.75, 1.5, 3, 6, 11.25, 11.25]
        assert story.look() is CheckOutcome.RENEWED
        assert (story.row.attempts, story.row.last_error) == (0, None)

    def test_a_look_says_what_the_server_said(self) -> None:
        """For the log."""
        assert silent(BUSY).looked() == CheckResult(CheckOutcome.REFUSED, timedelta(), "ErrorServerBusy")

    def test_missing_rights_are_tried_five_times_then_hourly(self) -> None:
        """A suspension is told once. They are in force some day: then nothing is left of it."""
        story = silent(*[Refused("ErrorAccessDenied")] * 6)
        looks = [story.look(after) for after in (0, 12, 12, 12, 12)]
        assert looks == [CheckOutcome.REFUSED] * 4 + [CheckOutcome.SUSPENDED]
        assert [story.look(44), story.look(1), story.look(45)] == [
            CheckOutcome.SKIPPED,
            CheckOutcome.REFUSED,
            CheckOutcome.RENEWED,
        ]
        assert (story.row.state, story.row.last_error, story.row.attempts) == (State.ACTIVE, None, 0)
        assert story.sent() == [(generation, "w1") for generation in range(2, 9)]

    def test_what_will_not_pass_is_suspended_at_once_and_tried_daily(self) -> None:
        """With words for the person who has to act."""
        story = silent(Refused("ErrorAccountDisabled"))
        assert story.look() is CheckOutcome.SUSPENDED
        assert story.row.last_error is not None
        assert "disabled" in story.row.last_error
        assert [story.look(17 * 60), story.look(60)] == [CheckOutcome.SKIPPED, CheckOutcome.RENEWED]

    def test_a_suspended_one_that_is_heard_of_is_active(self) -> None:
        """The server knows better than its answer."""
        story = silent(Refused("ErrorAccountDisabled"))
        story.look()
        story.post(message("w1", created("a", "w2")), generation=2)
        assert (story.row.state, story.row.last_error) == (State.ACTIVE, None)
        assert story.look() is CheckOutcome.ALIVE


class TestLost:
    """The server says itself that it ended the subscription."""

    @pytest.mark.parametrize(("back_off_ms", "minutes"), [(None, 0), (120_000, 2)])
    def test_it_is_made_anew_at_once_or_when_the_server_wants_to_be_asked(
        self, back_off_ms: int | None, minutes: int
    ) -> None:
        """Without waiting for silence."""
        story = Story(subscription(), Subscribed("S2", "w1"))
        story.wait(1)
        assert story.post(error(back_off_ms=back_off_ms)).meaning is PushOutcome.LOST
        looks = [story.look(), story.look(minutes)]
        assert looks == (
            [CheckOutcome.RENEWED, CheckOutcome.SKIPPED]
            if minutes == 0
            else [CheckOutcome.SKIPPED, CheckOutcome.RENEWED]
        )
        assert story.sent() == [(2, "w1")]
        assert (story.row.state, story.row.lost_code, story.row.last_error) == (State.ACTIVE, None, None)
        assert story.gaps() == [GapReason.SUBSCRIPTION_LOST]

    def test_a_post_that_was_on_its_way_does_not_make_it_live(self) -> None:
        """It is gone all the same."""
        story = Story(subscription())
        story.wait(1)
        story.post(error())
        story.post(message("w1", created("a", "w2")))
        assert story.look() is CheckOutcome.RENEWED
        assert story.sent() == [(2, "w2")]

    def test_said_again_while_it_is_made_anew_it_changes_nothing(self) -> None:
        """Our answer was lost on the way; the Subscribe that is under way is the remedy."""
        inner: list[CheckOutcome] = []

        def answer(_: Asked) -> Answer:
            story.post(error())
            inner.append(story.look(0.1))
            return Subscribed("S2", "w1")

        story = Story(subscription(), answer)
        story.wait(1)
        story.post(error())
        assert (story.look(), inner) == (CheckOutcome.RENEWED, [CheckOutcome.SKIPPED])
        assert (story.sent(), story.gaps()) == ([(2, "w1")], [GapReason.SUBSCRIPTION_LOST])

    def test_said_late_while_silence_has_it_made_anew_it_starts_no_other(self) -> None:
        """The Subscribe that is under way is the remedy for that as well."""
        inner: list[CheckOutcome] = []

        def answer(_: Asked) -> Answer:
            story.post(error())
            inner.append(story.look(0.1))
            return Subscribed("S2", "w1")

        story = silent(answer)
        assert (story.look(), inner) == (CheckOutcome.RENEWED, [CheckOutcome.SKIPPED])
        assert (story.sent(), story.row.state, story.row.lost_code) == ([(2, "w1")], State.ACTIVE, None)

    def test_a_server_that_wants_to_be_left_alone_for_years_is_asked_in_an_hour(self) -> None:
        """However large its number is."""
        story = Story(subscription())
        story.post(error(back_off_ms=10**20))
        assert [story.look(59.9), story.look(0.1)] == [CheckOutcome.SKIPPED, CheckOutcome.RENEWED]

    def test_the_new_one_can_be_lost_too(self) -> None:
        """And is made anew at once as well."""
        story = Story(subscription())
        story.post(error())
        story.look()
        story.wait(1)
        story.post(error("ErrorMailboxFailover"), generation=2)
        assert (story.look(), [generation for generation, _ in story.sent()]) == (CheckOutcome.RENEWED, [2, 3])


class TestBackToLife:
    """Refused tries, and the old one was alive all along."""

    def test_its_next_silence_is_noticed_in_time_whatever_wait_was_left(self) -> None:
        """The wait was for a Subscribe that is not needed any more."""
        story = silent(Refused("ErrorServerBusy", back_off_ms=3_600_000))
        story.look()
        story.wait(1)
        story.post(message("w1", status("w1")))
        assert story.look(1) is CheckOutcome.ALIVE
        assert story.look(29) is CheckOutcome.RENEWED

    def test_nothing_is_held_against_it(self) -> None:
        """The next silence begins with the first back-off and a clean row."""
        story = silent(*[BUSY] * 5)
        assert [story.look(after) for after in (0, 12, 12, 12)] == [CheckOutcome.REFUSED] * 4
        story.post(message("w1", created("a", "w2")))
        assert (story.row.state, story.row.attempts, story.row.last_error) == (State.ACTIVE, 0, None)
        story.look(11)
        assert story.look(19) is CheckOutcome.REFUSED
        assert (story.row.attempts, story.row.next_check_at) == (1, story.now + 0.75 * MINUTE)


ANSWERS: Final = ("yes", "zero", "busy", "denied", "disabled", "forgotten", "504", "overtaken")
DEATHS: Final = ("no answer", "killed before", "killed after")
STEPS: Final = st.one_of(
    st.tuples(st.just("look"), st.sampled_from(ANSWERS)),
    st.tuples(st.just("look"), st.sampled_from(DEATHS)),
    st.tuples(st.just("wait"), st.sampled_from([0.2, 1, 5, 16, 31, 70])),
    st.tuples(st.sampled_from(["tell", "tell", "lose"]), st.integers(0, 3)),
    st.tuples(st.sampled_from(["restart", "retire", "want"]), st.booleans()),
)
"""What may happen next. `tell` and `lose` are POSTs of the newest generation that the server made, or of one before."""


class Chances(Story):
    """A story that anything may happen in; the server makes a subscription even where its answer is lost."""

    def __init__(self) -> None:
        """Begin with a wanted row."""
        super().__init__(NEW)
        self.made: list[int] = []
        self.sent_generations: list[int] = []
        self.unclear: tuple[int, Any] | None = None
        self.mark = 0

    def act(self, step: str, how: Any) -> None:
        """Let one thing happen."""
        if step == "wait":
            self.wait(how)
        elif step == "look":
            self.risk(how)
        elif step == "restart":
            self.made.clear()
        elif step == "want":
            self.unclear = None
            wish = DesiredSubscription(MAILBOX, folders=("inbox",) if how else ())
            self.change(desired.changes_toward(self.row, wish, self.now))
        elif step == "retire":
            self.change(desired.retirement(self.row) if self.row.state is not State.RETIRED else {})
        elif how < len(self.made):
            self.tell(self.made[-1 - how], lost=step == "lose")

    def tell(self, generation: int, *, lost: bool = False) -> None:
        """Let the server tell of a change, or of an end, to one of its subscriptions; Unsubscribe ends that too."""
        self.mark += 1
        told = message(self.row.watermark, created(f"i{self.mark}", f"m{self.mark}"))
        ruling = self.post(error() if lost else told, generation=generation)
        if self.unclear is not None and (lost or generation >= self.unclear[0]):
            self.unclear = None
        if lost or ruling.status.value == "Unsubscribe":
            self.made.remove(generation)

    def risk(self, how: str) -> None:
        """Look, with what the server does if it is asked."""
        self.server = MemoryMailServer(*[lambda asked: self.answer(asked, how)] * 2)
        when: Any = {"refuse" if how == "killed before" else "forget": [1]} if how in DEATHS else {}
        error = UnavailableError if how == "no answer" else InjectedError
        self.server.calls = FaultPlan(error=error, **when)
        self.keeper = replace(self.keeper, server=self.server)
        with contextlib.suppress(InjectedError):
            self.looked()

    def answer(self, asked: Asked, how: str) -> Answer:
        """Make the subscription, unless the answer is a clear no."""
        assert self.unclear is None or self.now - self.unclear[1] >= 16 * MINUTE
        self.sent_generations.append(asked.generation)
        self.unclear = (asked.generation, self.now) if how in {"504", *DEATHS} else None
        codes = {"busy": "ErrorServerBusy", "denied": "ErrorAccessDenied", "disabled": "ErrorAccountDisabled"}
        if how == "forgotten" and asked.request.watermark is not None:
            return FORGOTTEN
        if how in codes:
            return Refused(codes[how])
        self.made.append(asked.generation)
        if how == "overtaken":
            self.tell(asked.generation)
        return Refused("HTTP 504") if how == "504" else Subscribed("S", ZERO if how == "zero" else f"m{self.mark}")

    def heal(self) -> None:
        """Let what lives be heard of, and look whenever it is time to, with a server that is well."""
        for _ in range(4):
            if self.row.next_check_at is not None:
                self.now = max(self.now, self.row.next_check_at)
                if self.made:
                    self.tell(self.made[-1])
                self.risk("yes")


@settings(deadline=None, max_examples=300, print_blob=True)
@given(steps=st.lists(STEPS, max_size=40))
def test_whatever_happens_generations_rise_and_the_subscription_comes_back(steps: list[tuple[str, Any]]) -> None:
    """No number is sent twice, an unclear Subscribe is given its time, the row holds together all the way.

    And once the server is well, it has a subscription that is what is wanted.
    """
    story = Chances()
    for step in steps:
        story.act(*step)
        row = story.row
        assert row.pending_generation is None or row.pending_generation > row.generation
        assert (row.next_check_at is None) is (row.state is State.RETIRED)
        assert row.suspected_gap_reason is None or row.suspected_gap_since is not None
        assert row.state is not State.ACTIVE or (row.generation > 0 and row.lost_code is None)
        assert all(generation <= row.newest_generation for generation in story.made)
    story.heal()
    assert story.sent_generations == sorted(set(story.sent_generations))
    assert len(story.ledger.events()) == len(set(story.ledger.events()))
    if story.row.state is not State.RETIRED:
        assert story.row.state is State.ACTIVE
        assert story.row.generation in story.made
        assert story.row.generation >= story.row.min_generation
