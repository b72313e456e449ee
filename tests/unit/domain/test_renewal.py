"""What a Subscribe and its answer do to the row: one pure function for each."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from ewspush.domain.desired import DesiredSubscription, new_subscription
from ewspush.domain.events import GapReason
from ewspush.domain.gaps import complete_until
from ewspush.domain.renewing import rules
from ewspush.domain.renewing.rules import FEW_TRIES, MIN_GRACE, Policy
from ewspush.domain.subscription import State, Subscription
from ewspush.protocol.response_codes import ADVICE, Remedy, advice
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed
from tests.stories import MAILBOX, NOON, ZERO, subscription

MINUTE: Final = timedelta(minutes=1)
TRUSTED: Final = Policy(MINUTE, resume_is_trusted=True)
UNPROVEN: Final = Policy(MINUTE, resume_is_trusted=False)
ALMOST_ONE: Final = 1 - 2**-53
"""The most that `random.random` returns."""

NEW: Final = new_subscription(DesiredSubscription(MAILBOX), NOON)
LIVE: Final = subscription()
"""StatusFrequency 15, last heard of at noon."""


def begun(row: Subscription, policy: Policy = TRUSTED, minute: float = 30) -> Subscription:
    """Return the row as it is while a Subscribe is under way, `minute` minutes after noon."""
    changes: dict[str, Any] = rules.on_attempt(row, policy, NOON + minute * MINUTE)
    return replace(row, **changes)


def refused(row: Subscription, answer: str | Refused, chance: float = ALMOST_ONE) -> dict[str, Any]:
    """Return what a refusal at noon changes."""
    told = Refused(answer) if isinstance(answer, str) else answer
    return rules.on_refusal(row, told, TRUSTED, NOON, lambda: chance)


def waits(row: Subscription, answer: str | Refused) -> tuple[float, float]:
    """Return the shortest and the longest wait after a refusal, in minutes (rounded to the second)."""
    shortest, longest = (refused(row, answer, chance)["next_check_at"] - NOON for chance in (0, ALMOST_ONE))
    return round(shortest / MINUTE, 2), round(longest / MINUTE, 2)


def tried(times: int, row: Subscription = LIVE, **changes: Any) -> Subscription:
    """Return the row with a Subscribe under way that is the `times`-th since the last that succeeded."""
    return replace(row, state=State.LAPSED, pending_generation=times + 1, attempts=times, **changes)


def coded(remedy: Remedy) -> list[str]:
    """Return the response codes of the table with this remedy."""
    return [code for code, told in ADVICE.items() if told.remedy is remedy]


class TestWhenItIsDue:
    """Silence, measured from the last sign of life."""

    @pytest.mark.parametrize(
        ("row", "minute"),
        [
            (LIVE, 30),
            (replace(LIVE, last_seen_at=NOON + 7 * MINUTE), 37),
            (replace(LIVE, status_frequency_minutes=1), 2),
            (replace(LIVE, last_seen_at=None, next_check_at=NOON + 4 * MINUTE), 4),
            (replace(LIVE, state=State.LAPSED, next_check_at=NOON + 4 * MINUTE), 4),
            (replace(LIVE, state=State.SUSPENDED, next_check_at=NOON + 4 * MINUTE), 4),
            (NEW, 0),
        ],
    )
    def test_live_ones_after_twice_their_frequency_others_when_they_are_told_to(
        self, row: Subscription, minute: int
    ) -> None:
        """Whatever `next_check_at` says of a live one: heartbeats don't touch it."""
        assert rules.due_at(row, TRUSTED) == NOON + minute * MINUTE

    def test_a_retired_one_never(self) -> None:
        """Nothing brings it back but a new wish."""
        assert rules.due_at(replace(LIVE, state=State.RETIRED), TRUSTED) is None

    @pytest.mark.parametrize(("minute", "overdue"), [(10, 0), (30, 0), (30.5, 0.5), (90, 60)])
    def test_overdue_counts_from_the_end_of_the_silence_that_is_allowed(self, minute: float, overdue: float) -> None:
        """Not from the last sign of life."""
        assert rules.overdue(LIVE, TRUSTED, NOON + minute * MINUTE) == overdue * MINUTE

    def test_what_was_never_heard_of_is_not_overdue(self) -> None:
        """There was no silence yet."""
        assert rules.overdue(NEW, TRUSTED, NOON + timedelta(days=1)) == timedelta()

    def test_a_scaled_minute_scales_silence_and_grace(self) -> None:
        """But never a grace below what a Subscribe takes in real time."""
        policy = Policy(timedelta(seconds=2), resume_is_trusted=True)
        assert policy.silence(LIVE) == timedelta(seconds=60)
        assert policy.grace(replace(LIVE, status_frequency_minutes=60)) == timedelta(seconds=122)
        assert policy.grace(LIVE) == MIN_GRACE
        assert rules.due_at(LIVE, policy) == NOON + timedelta(minutes=1)

    def test_the_grace_is_a_minute_more_than_the_first_heartbeat_takes(self) -> None:
        """WorkMail sends its first POST within StatusFrequency."""
        assert TRUSTED.grace(LIVE) == 16 * MINUTE


class TestBegun:
    """What is written down before anything is sent."""

    @pytest.mark.parametrize(
        ("generation", "pending", "following"), [(0, None, 1), (1, None, 2), (1, 2, 3), (1, 7, 8), (5, 3, 6)]
    )
    def test_every_subscribe_has_a_number_above_all_before_it(
        self, generation: int, pending: int | None, following: int
    ) -> None:
        """Heard of or not."""
        row = begun(replace(LIVE, generation=generation, pending_generation=pending))
        assert (row.pending_generation, row.generation) == (following, generation)

    def test_it_counts_as_a_try_and_is_given_its_time(self) -> None:
        """The next look comes after the grace, whatever becomes of this one."""
        row = begun(replace(LIVE, attempts=2))
        assert (row.attempts, row.next_check_at) == (3, NOON + 46 * MINUTE)

    @pytest.mark.parametrize(
        ("state", "then"),
        [
            (State.ACTIVE, State.LAPSED),
            (State.LAPSED, State.LAPSED),
            (State.WANTED, State.WANTED),
            (State.SUSPENDED, State.SUSPENDED),
        ],
    )
    def test_only_a_live_one_becomes_lapsed(self, state: State, then: State) -> None:
        """The others stay what they are until the server says something."""
        assert begun(replace(LIVE, state=state)).state is then

    @pytest.mark.parametrize(
        ("policy", "watermark", "reason"),
        [
            (TRUSTED, "w1", None),
            (UNPROVEN, "w1", GapReason.RESUME_UNPROVEN),
            (TRUSTED, None, GapReason.NOT_RESUMED),
            (UNPROVEN, None, GapReason.NOT_RESUMED),
        ],
    )
    def test_what_is_in_doubt_is_written_down(
        self, policy: Policy, watermark: str | None, reason: GapReason | None
    ) -> None:
        """Since when not all was told, which a last POST of events says better than a heartbeat."""
        row = begun(replace(LIVE, watermark=watermark), policy)
        assert (row.suspected_gap_reason, row.suspected_gap_since) == (reason, complete_until(LIVE))
        told = replace(LIVE, last_event_at=NOON - timedelta(hours=9))
        assert begun(told, policy).suspected_gap_since == complete_until(told)

    def test_what_was_trusted_and_is_refused_later_is_in_doubt_since_it_was_last_heard_of(self) -> None:
        """However many tries and hours lie between, and also where it was never heard of."""
        made = replace(LIVE, last_seen_at=None, suspected_gap_since=NOON, next_check_at=NOON + 30 * MINUTE)
        tried_first = begun(made, TRUSTED)
        forgotten = refused(begun(tried_first, TRUSTED, minute=900), "ErrorInvalidWatermark")
        assert (forgotten["suspected_gap_since"], forgotten["suspected_gap_reason"]) == (
            NOON,
            GapReason.WATERMARK_REFUSED,
        )

    def test_an_older_doubt_stays(self) -> None:
        """A second try does not shorten the gap."""
        since = NOON - timedelta(hours=3)
        row = begun(
            replace(LIVE, suspected_gap_since=since, suspected_gap_reason=GapReason.WATERMARK_REFUSED), UNPROVEN
        )
        assert (row.suspected_gap_since, row.suspected_gap_reason) == (since, GapReason.WATERMARK_REFUSED)


class TestLived:
    """The server made it."""

    @pytest.mark.parametrize("state", [State.LAPSED, State.WANTED, State.SUSPENDED])
    def test_it_is_active_in_the_new_generation_and_nothing_is_held_against_it(self, state: State) -> None:
        """Also after a suspension."""
        row = tried(3, lost_code="ErrorReadEventsFailed", last_error="why")
        changes: dict[str, Any] = rules.on_success(replace(row, state=state), Subscribed("S2", "w9"), TRUSTED, NOON)
        after = replace(row, **changes)
        assert (after.state, after.generation, after.pending_generation) == (State.ACTIVE, 4, None)
        assert (after.subscription_id, after.awaiting_first_push, after.next_check_at) == (
            "S2",
            True,
            NOON + 30 * MINUTE,
        )
        assert (after.lost_code, after.last_error, after.attempts) == (None, None, 0)

    @pytest.mark.parametrize(
        ("stored", "answered", "changes"),
        [("w1", "w9", {}), (None, "w9", {"watermark": "w9"}), (None, ZERO, {}), (None, None, {}), ("w1", None, {})],
    )
    def test_the_stored_watermark_is_never_replaced_by_the_answers(
        self, stored: str | None, answered: str | None, changes: dict[str, str]
    ) -> None:
        """It is where the chain was last seen; only where there is none, the answer's is one, unless it is zero."""
        lived = rules.on_success(tried(1, watermark=stored), Subscribed("S2", answered), TRUSTED, NOON)
        assert {name: value for name, value in lived.items() if name == "watermark"} == changes

    @pytest.mark.parametrize(
        ("attempts", "minutes", "reason"),
        [(0, 5, None), (1, 1, GapReason.SUBSCRIBED_LATE), (0, 6, GapReason.SUBSCRIBED_LATE)],
        ids=["prompt", "second try", "keeper was late"],
    )
    def test_only_a_first_subscribe_that_is_prompt_is_on_time(
        self, attempts: int, minutes: int, reason: GapReason | None
    ) -> None:
        """Before it nothing was missed; before a later one it was."""
        row = begun(replace(NEW, attempts=attempts), minute=minutes)
        changes = rules.on_success(row, Subscribed("S1", "w1"), TRUSTED, NOON)
        assert row.suspected_gap_reason == reason
        assert (changes["suspected_gap_since"], changes["suspected_gap_reason"]) == (NOON, reason)

    def test_until_it_is_heard_of_all_since_the_wish_is_in_doubt(self) -> None:
        """It may be lost again before its first POST, and whoever then asks anew begins later."""
        changes: dict[str, Any] = rules.on_success(begun(NEW), Subscribed("S1", None), TRUSTED, NOON)
        made = replace(begun(NEW), **changes)
        again = begun(made, minute=30)
        assert (again.suspected_gap_since, again.suspected_gap_reason) == (NOON, GapReason.SUBSCRIBED_LATE)

    def test_a_renewal_leaves_its_doubt_to_the_first_post(self) -> None:
        """However often it took, and also where the one before was heard of meanwhile and its doubts were dropped."""
        row = begun(LIVE, UNPROVEN)
        changes = rules.on_success(row, Subscribed("S2", "w1"), UNPROVEN, NOON)
        assert (changes["suspected_gap_since"], changes["suspected_gap_reason"]) == (
            complete_until(LIVE),
            GapReason.RESUME_UNPROVEN,
        )


class TestSettled:
    """A live subscription that went on."""

    def test_it_missed_nothing(self) -> None:
        """So a doubt that a renewal raised, and that came to nothing, is dropped."""
        row = replace(LIVE, suspected_gap_since=NOON, suspected_gap_reason=GapReason.RESUME_UNPROVEN)
        assert rules.suspicion_cleared(row) == {"suspected_gap_since": None, "suspected_gap_reason": None}

    @pytest.mark.parametrize(
        "row",
        [
            LIVE,
            replace(
                LIVE, suspected_gap_since=NOON, suspected_gap_reason=GapReason.RESUME_UNPROVEN, awaiting_first_push=True
            ),
        ],
    )
    def test_there_is_nothing_to_say_without_a_doubt_or_before_the_first_post(self, row: Subscription) -> None:
        """That one settles it."""
        assert rules.suspicion_cleared(row) == {}


class TestUnheard:
    """Nobody answered."""

    def test_it_is_given_the_time_to_be_heard_of(self) -> None:
        """From the moment on that nobody answered; its generation stays pending."""
        changes = rules.on_no_response(LIVE, TRUSTED, NOON)
        assert changes["next_check_at"] == NOON + 16 * MINUTE
        assert changes["last_error"] == "the mail server did not answer the Subscribe"
        assert set(changes) == {"next_check_at", "last_error"}


class TestBackOff:
    """When a refused Subscribe is tried again; jitter takes up to half."""

    @pytest.mark.parametrize(
        "code", [*coded(Remedy.RETRY), *coded(Remedy.RESUBSCRIBE), *coded(Remedy.RESUBSCRIBE_WITHOUT_WATERMARK)]
    )
    @pytest.mark.parametrize(("attempts", "longest"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 15), (6, 15), (1000, 15)])
    def test_it_doubles_up_to_a_quarter_of_an_hour(self, code: str, attempts: int, longest: float) -> None:
        """And goes on for ever: the server will be back."""
        assert waits(tried(attempts), code) == (longest / 2, longest)
        assert "state" not in refused(tried(attempts), code)

    @pytest.mark.parametrize("code", coded(Remedy.WAIT))
    @pytest.mark.parametrize(
        ("frequency", "attempts", "longest"),
        [(15, 1, 15), (5, 1, 5), (5, 4, 8), (1, 5, 15), (60, 1, 60), (1440, 9, 60)],
    )
    def test_the_quota_is_given_the_time_that_a_dead_one_takes_to_die(
        self, code: str, frequency: int, attempts: int, longest: float
    ) -> None:
        """StatusFrequency, an hour at most; never less than the ordinary back-off."""
        assert waits(tried(attempts, status_frequency_minutes=frequency), code) == (longest / 2, longest)

    @pytest.mark.parametrize(
        ("back_off_ms", "minutes"),
        [(None, (0.5, 1)), (0, (0.5, 1)), (45_000, (0.75, 1)), (600_000, (10, 10)), (10**20, (60, 60))],
    )
    def test_the_servers_own_wish_wins_where_it_is_longer(
        self, back_off_ms: int | None, minutes: tuple[float, float]
    ) -> None:
        """Up to an hour: whoever wants years would leave a mailbox deaf."""
        assert waits(tried(1), Refused("ErrorServerBusy", back_off_ms=back_off_ms)) == minutes

    def test_the_servers_own_wish_is_not_scaled(self) -> None:
        """A minute of two seconds shortens our waits, not the server's."""
        policy = Policy(timedelta(seconds=2), resume_is_trusted=True)
        busy = Refused("ErrorServerBusy", back_off_ms=30_000)
        assert rules.on_refusal(tried(1), busy, policy, NOON, lambda: 0)["next_check_at"] == NOON + timedelta(
            seconds=30
        )
        plain = rules.on_refusal(tried(1), Refused("ErrorServerBusy"), policy, NOON, lambda: 0)
        assert plain["next_check_at"] == NOON + timedelta(seconds=1)

    @pytest.mark.parametrize("chance", [0, 0.25, ALMOST_ONE])
    def test_chance_spreads_a_herd(self, chance: float) -> None:
        """Evenly over the second half of the wait."""
        next_check_at = refused(tried(4), "ErrorServerBusy", chance)["next_check_at"]
        assert next_check_at - NOON == pytest.approx(8 * MINUTE * (1 + chance) / 2, abs=timedelta(milliseconds=1))


class TestGivingUp:
    """A person has to act."""

    @pytest.mark.parametrize(
        "code", [*coded(Remedy.RETRY_THEN_SUSPEND), *coded(Remedy.RETRY_A_FEW_TIMES), "ErrorOfTheFuture"]
    )
    def test_what_may_pass_is_tried_five_times_and_then_every_hour(self, code: str) -> None:
        """Five tries take longer than edited rights take to apply."""
        for attempts in range(1, FEW_TRIES):
            assert "state" not in refused(tried(attempts), code)
            assert waits(tried(attempts), code)[1] == 2 ** (attempts - 1)
        for attempts in (FEW_TRIES, FEW_TRIES + 20):
            assert refused(tried(attempts), code)["state"] is State.SUSPENDED
            assert waits(tried(attempts), code) == (30, 60)

    @pytest.mark.parametrize("code", coded(Remedy.SUSPEND))
    @pytest.mark.parametrize("attempts", [1, 30])
    def test_what_will_not_pass_is_suspended_at_once_and_tried_every_day(self, code: str, attempts: int) -> None:
        """Somebody may have acted, and not know of us."""
        assert refused(tried(attempts), code)["state"] is State.SUSPENDED
        assert waits(tried(attempts), code) == (12 * 60, 24 * 60)

    @pytest.mark.parametrize("code", coded(Remedy.RETRY))
    def test_a_busy_server_does_not_end_a_suspension(self, code: str) -> None:
        """It says nothing of what was wrong."""
        assert "state" not in refused(tried(7, NEW), code)

    def test_every_code_of_the_table_says_when_to_try_again(self) -> None:
        """None is final, none is tried at once, none without its reason."""
        for code in ADVICE:
            for attempts in (1, FEW_TRIES, 50):
                changes = refused(tried(attempts), code, 0)
                assert changes["next_check_at"] >= NOON + 0.5 * MINUTE
                assert changes["last_error"].startswith(f"{code}: ")


class TestForgottenWatermarks:
    """The server no longer knows where to go on."""

    @pytest.mark.parametrize(
        "code", [*coded(Remedy.RESUBSCRIBE_WITHOUT_WATERMARK), *coded(Remedy.RETRY_WITHOUT_WATERMARK)]
    )
    def test_the_watermark_goes_and_the_gap_is_certain(self, code: str) -> None:
        """Since not all was told."""
        changes = refused(begun(replace(LIVE, previous_watermark="w0"), TRUSTED), code)
        assert (changes["watermark"], changes["previous_watermark"]) == (None, None)
        assert (changes["suspected_gap_since"], changes["suspected_gap_reason"]) == (
            complete_until(LIVE),
            GapReason.WATERMARK_REFUSED,
        )

    def test_a_gap_that_was_in_doubt_is_now_certain(self) -> None:
        """It keeps its beginning."""
        row = begun(
            replace(
                LIVE, suspected_gap_since=NOON - timedelta(hours=3), suspected_gap_reason=GapReason.RESUME_UNPROVEN
            ),
            UNPROVEN,
        )
        changes = refused(row, "ErrorInvalidWatermark")
        expected = (NOON - timedelta(hours=3), GapReason.WATERMARK_REFUSED)
        assert (changes["suspected_gap_since"], changes["suspected_gap_reason"]) == expected

    @pytest.mark.parametrize(
        "code", [*coded(Remedy.RESUBSCRIBE_WITHOUT_WATERMARK), *coded(Remedy.RETRY_WITHOUT_WATERMARK)]
    )
    def test_without_a_watermark_there_is_none_to_forget(self, code: str) -> None:
        """A server that still complains is asked again later, like any other."""
        row = tried(1, watermark=None)
        assert "suspected_gap_reason" not in refused(row, code)
        assert not rules.can_retry_without_watermark(row, Refused(code))

    @pytest.mark.parametrize("code", [*ADVICE, "ErrorOfTheFuture"])
    def test_only_a_refused_watermark_makes_it_worth_asking_again_at_once(self, code: str) -> None:
        """A mailbox that moves needs time."""
        at_once = advice(code).remedy is Remedy.RESUBSCRIBE_WITHOUT_WATERMARK
        assert rules.can_retry_without_watermark(tried(1), Refused(code)) is at_once


class TestLastError:
    """What a person reads."""

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (
                Refused("ErrorFolderNotFound"),
                "ErrorFolderNotFound: a folder does not exist, or the account may not see it",
            ),
            (
                Refused("ErrorNonExistentMailbox", "Kein Postfach."),
                "ErrorNonExistentMailbox: there is no mailbox at this address (the server says: Kein Postfach.)",
            ),
            (Refused("ErrorOfTheFuture"), "ErrorOfTheFuture: the server gives a reason that is not known here"),
        ],
    )
    def test_it_is_the_code_the_reason_and_the_servers_words(self, answer: Refused, words: str) -> None:
        """In that order."""
        assert refused(tried(1), answer)["last_error"] == words

    def test_a_talkative_server_is_cut_short(self) -> None:
        """The row stays below 1 KB."""
        assert len(refused(tried(1), Refused("ErrorServerBusy", "x" * 10_000))["last_error"]) < 300
