"""When a Subscribe is due, and what it changes: one pure function for each."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from ewspush.domain.gaps import complete_until
from ewspush.domain.renewing import rules
from ewspush.domain.subscription import State, Subscription
from ewspush.domain.timing import Timing
from ewspush.protocol.response_codes import ADVICE
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed
from tests.builders import NOON, TIMING, ZERO
from tests.unit.domain.renewing.attempts import ACTIVE, MINUTE, NEW, at_attempt, attempted, refused

IN_FOUR_MINUTES: Final = NOON + 4 * MINUTE


class TestDue:
    """Silence is measured from the last push."""

    @pytest.mark.parametrize(
        ("subscription", "minute"),
        [
            (ACTIVE, 30),
            (replace(ACTIVE, last_seen_at=NOON + 7 * MINUTE), 37),
            (replace(ACTIVE, status_frequency_minutes=1), 2),
            (replace(ACTIVE, last_seen_at=None, next_check_at=IN_FOUR_MINUTES), 4),
            (replace(ACTIVE, state=State.LAPSED, next_check_at=IN_FOUR_MINUTES), 4),
            (replace(ACTIVE, state=State.SUSPENDED, next_check_at=IN_FOUR_MINUTES), 4),
            (replace(ACTIVE, min_generation=2, next_check_at=IN_FOUR_MINUTES), 4),
            (NEW, 0),
        ],
    )
    def test_active_ones_after_twice_status_frequency_others_at_their_next_check(
        self, subscription: Subscription, minute: int
    ) -> None:
        """Whatever `next_check_at` says of an active one: heartbeats do not change it."""
        assert rules.due_at(subscription, TIMING) == NOON + minute * MINUTE

    def test_a_retired_one_never(self) -> None:
        """Only desiring it again brings it back."""
        assert rules.due_at(replace(ACTIVE, state=State.RETIRED), TIMING) is None

    def test_a_scaled_minute_scales_the_silence(self) -> None:
        """Two seconds for each minute."""
        assert rules.due_at(ACTIVE, Timing(timedelta(seconds=2))) == NOON + timedelta(minutes=1)

    @pytest.mark.parametrize(("minute", "overdue"), [(10, 0), (30, 0), (30.5, 0.5), (90, 60)])
    def test_overdue_counts_from_the_end_of_the_silence_that_is_allowed(self, minute: float, overdue: float) -> None:
        """Not from the last push."""
        assert rules.overdue(ACTIVE, TIMING, NOON + minute * MINUTE) == overdue * MINUTE

    @pytest.mark.parametrize("subscription", [NEW, replace(ACTIVE, state=State.SUSPENDED)])
    def test_one_without_a_push_or_suspended_is_not_overdue(self, subscription: Subscription) -> None:
        """There was no silence yet, or it waits for a person."""
        assert rules.overdue(subscription, TIMING, NOON + timedelta(days=1)) == timedelta()


class TestAttempt:
    """What is stored before a Subscribe is sent."""

    @pytest.mark.parametrize(
        ("generation", "pending", "following"), [(0, None, 1), (1, None, 2), (1, 2, 3), (1, 7, 8), (5, 3, 6)]
    )
    def test_every_subscribe_has_a_generation_above_all_before_it(
        self, generation: int, pending: int | None, following: int
    ) -> None:
        """Whether a push of them arrived or not."""
        after = attempted(replace(ACTIVE, generation=generation, pending_generation=pending))
        assert (after.pending_generation, after.generation) == (following, generation)

    def test_it_counts_as_an_attempt_and_has_its_grace(self) -> None:
        """The next check comes after the grace, whatever becomes of this attempt."""
        after = attempted(replace(ACTIVE, attempts=2))
        assert (after.attempts, after.next_check_at) == (3, NOON + 46 * MINUTE)

    @pytest.mark.parametrize(
        ("state", "then"),
        [
            (State.ACTIVE, State.LAPSED),
            (State.LAPSED, State.LAPSED),
            (State.WANTED, State.WANTED),
            (State.SUSPENDED, State.SUSPENDED),
        ],
    )
    def test_only_an_active_one_becomes_lapsed(self, state: State, then: State) -> None:
        """The others keep their state until the server answers."""
        assert attempted(replace(ACTIVE, state=state)).state is then

    def test_it_stores_since_when_changes_may_be_missing(self) -> None:
        """tests/unit/domain/test_suspected_gaps.py has the rules."""
        assert attempted(ACTIVE).suspected_gap_since == complete_until(ACTIVE, TIMING)


class TestSuccess:
    """The server made the subscription."""

    @pytest.mark.parametrize("state", [State.LAPSED, State.WANTED, State.SUSPENDED])
    def test_it_is_active_in_the_new_generation_and_earlier_errors_are_gone(self, state: State) -> None:
        """Also after a suspension."""
        before = replace(at_attempt(3), state=state, lost_code="ErrorReadEventsFailed", last_error="why")
        after = replace(before, **rules.on_success(before, Subscribed("S2", "w9"), TIMING, NOON))
        assert (after.state, after.generation, after.pending_generation) == (State.ACTIVE, 4, None)
        assert (after.subscription_id, after.awaiting_first_push) == ("S2", True)
        assert after.next_check_at == NOON + 30 * MINUTE
        assert (after.lost_code, after.last_error, after.attempts) == (None, None, 0)

    @pytest.mark.parametrize(
        ("stored", "answered", "changes"),
        [("w1", "w9", {}), (None, "w9", {"watermark": "w9"}), (None, ZERO, {}), (None, None, {}), ("w1", None, {})],
    )
    def test_the_stored_watermark_is_never_replaced_by_the_answers(
        self, stored: str | None, answered: str | None, changes: dict[str, str]
    ) -> None:
        """It is where the chain was last seen; only where there is none, the answer's is taken, unless it is zero."""
        before = replace(at_attempt(1), watermark=stored)
        on_success = rules.on_success(before, Subscribed("S2", answered), TIMING, NOON)
        assert {name: value for name, value in on_success.items() if name == "watermark"} == changes


class TestNoResponse:
    """The server did not answer, and may have made the subscription."""

    def test_it_has_time_to_send_its_first_push(self) -> None:
        """From the moment at which the answer did not come; its generation stays pending."""
        assert rules.on_no_response(ACTIVE, TIMING, NOON) == {
            "next_check_at": NOON + 16 * MINUTE,
            "last_error": "the mail server did not answer the Subscribe",
        }


class TestLastError:
    """What a person reads after a refusal."""

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (
                Refused("ErrorFolderNotFound"),
                f"ErrorFolderNotFound: {ADVICE['ErrorFolderNotFound'].reason}",
            ),
            (
                Refused("ErrorNonExistentMailbox", "Nein."),
                f"ErrorNonExistentMailbox: {ADVICE['ErrorNonExistentMailbox'].reason} (the server says: Nein.)",
            ),
            (
                Refused("ErrorOfTheFuture"),
                "ErrorOfTheFuture: the code is not one of Microsoft's: ask whoever runs the mail server what it means",
            ),
        ],
    )
    def test_it_is_the_code_the_reason_and_the_servers_words(self, answer: Refused, words: str) -> None:
        """In that order."""
        assert refused(at_attempt(1), answer)["last_error"] == words

    def test_a_long_text_of_the_server_is_cut(self) -> None:
        """The row stays below 1 KB."""
        last_error = refused(at_attempt(1), Refused("ErrorServerBusy", "x" * 10_000))["last_error"]
        assert last_error is not None
        assert len(last_error) < 300
