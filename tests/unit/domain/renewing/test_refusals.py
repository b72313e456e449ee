"""What a refused Subscribe changes: when the next attempt is due, and when a person has to act."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ewspush.domain.renewing import rules
from ewspush.domain.renewing.rules import FEW_TRIES
from ewspush.domain.subscription import State
from ewspush.domain.timing import Timing
from ewspush.protocol.response_codes import ADVICE, NO_CONNECTION, SOAP_FAULT, Remedy, advice
from ewspush.protocol.soap import Refused
from tests.builders import NOON
from tests.unit.domain.renewing.attempts import (
    ALMOST_ONE,
    MINUTE,
    NEW,
    at_attempt,
    codes_with,
    refused,
    wait_minutes,
    wait_range,
)

REFUSED_WATERMARK = [
    *codes_with(Remedy.RESUBSCRIBE_WITHOUT_WATERMARK),
    *codes_with(Remedy.RETRY_WITHOUT_WATERMARK),
]

OF_A_DISABLED_MAILBOX = {
    *("ErrorAccountDisabled", "ErrorNonExistentMailbox", "ErrorMailboxConfiguration", "ErrorCannotFindUser"),
    *("ErrorMissingExchangePrincipal", "ErrorMailRecipientNotFound", "ErrorRecipientNotFound", "ErrorAccountSuspend"),
    *("ErrorAccountSuspendShowTierUpgrade", "ErrorUnifiedGroupMailboxNotFound", "ErrorTeamMailboxNotFound"),
}


class TestBackoff:
    """When a refused Subscribe is retried; jitter takes up to half of the wait."""

    @pytest.mark.parametrize(
        "code",
        [
            *codes_with(Remedy.RETRY),
            *codes_with(Remedy.RESUBSCRIBE),
            *codes_with(Remedy.RESUBSCRIBE_WITHOUT_WATERMARK),
        ],
    )
    @pytest.mark.parametrize(("attempts", "longest"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 15), (6, 15), (1000, 15)])
    def test_it_doubles_up_to_a_quarter_of_an_hour(self, code: str, attempts: int, longest: float) -> None:
        """And never ends: the server will be back."""
        assert wait_range(at_attempt(attempts), code) == (longest / 2, longest)
        assert "state" not in refused(at_attempt(attempts), code)

    @pytest.mark.parametrize("code", codes_with(Remedy.WAIT))
    @pytest.mark.parametrize(
        ("frequency", "attempts", "longest"),
        [(15, 1, 15), (5, 1, 5), (5, 4, 8), (1, 5, 15), (60, 1, 60), (1440, 9, 60)],
    )
    def test_a_used_up_quota_waits_until_a_dead_subscription_is_removed(
        self, code: str, frequency: int, attempts: int, longest: float
    ) -> None:
        """StatusFrequency, an hour at most; never less than the ordinary back-off."""
        before = replace(at_attempt(attempts), status_frequency_minutes=frequency)
        assert wait_range(before, code) == (longest / 2, longest)

    @pytest.mark.parametrize(
        ("back_off_ms", "minutes"),
        [(None, (0.5, 1)), (0, (0.5, 1)), (45_000, (0.75, 1)), (600_000, (10, 10)), (10**20, (60, 60))],
    )
    def test_back_off_milliseconds_win_where_they_are_longer(
        self, back_off_ms: int | None, minutes: tuple[float, float]
    ) -> None:
        """Up to an hour: waiting for years would leave a mailbox without events."""
        assert wait_range(at_attempt(1), Refused("ErrorServerBusy", back_off_ms=back_off_ms)) == minutes

    def test_back_off_milliseconds_are_not_scaled(self) -> None:
        """A minute of two seconds shortens our waits, not the server's."""
        timing = Timing(timedelta(seconds=2))
        busy = Refused("ErrorServerBusy", back_off_ms=30_000)
        changes = rules.on_refusal(at_attempt(1), busy, timing, NOON, lambda: 0)
        assert changes["next_check_at"] == NOON + timedelta(seconds=30)
        changes = rules.on_refusal(at_attempt(1), Refused("ErrorServerBusy"), timing, NOON, lambda: 0)
        assert changes["next_check_at"] == NOON + timedelta(seconds=1)

    @pytest.mark.parametrize("jitter", [0, 0.25, ALMOST_ONE])
    def test_jitter_spreads_many_mailboxes(self, jitter: float) -> None:
        """Evenly over the second half of the wait."""
        changes = refused(at_attempt(4), "ErrorServerBusy", jitter)
        assert wait_minutes(changes) == pytest.approx(8 * (1 + jitter) / 2, abs=timedelta(milliseconds=1) / MINUTE)

    def test_every_code_of_the_table_is_retried_later(self) -> None:
        """None is final, none is retried at once, none is without its reason."""
        for code in ADVICE:
            for attempts in (1, FEW_TRIES, 50):
                changes = refused(at_attempt(attempts), code, 0)
                assert wait_minutes(changes) >= 0.5
                assert (changes["last_error"] or "").startswith(f"{code}: ")


class TestSuspension:
    """A person has to act."""

    @pytest.mark.parametrize(
        "code", [*codes_with(Remedy.RETRY_THEN_SUSPEND), *codes_with(Remedy.RETRY_A_FEW_TIMES), "ErrorOfTheFuture"]
    )
    def test_what_may_pass_is_tried_five_times_and_then_every_hour(self, code: str) -> None:
        """Five tries take longer than edited rights take to apply."""
        for attempts in range(1, FEW_TRIES):
            assert "state" not in refused(at_attempt(attempts), code)
            assert wait_range(at_attempt(attempts), code)[1] == 2 ** (attempts - 1)
        for attempts in (FEW_TRIES, FEW_TRIES + 20):
            assert refused(at_attempt(attempts), code)["state"] is State.SUSPENDED
            assert wait_range(at_attempt(attempts), code) == (30, 60)

    @pytest.mark.parametrize("code", codes_with(Remedy.SUSPEND))
    @pytest.mark.parametrize("attempts", [1, 30])
    @pytest.mark.parametrize("why", [{"last_seen_at": None}, {"min_generation": 2}], ids=["never-pushed", "edited"])
    def test_what_never_lived_is_suspended_at_once_and_tried_every_day(
        self, code: str, attempts: int, why: dict[str, Any]
    ) -> None:
        """A person may have acted without telling us. What was edited has not lived with the new settings."""
        before = replace(at_attempt(attempts), **why)
        assert refused(before, code)["state"] is State.SUSPENDED
        assert wait_range(before, code) == (12 * 60, 24 * 60)

    @pytest.mark.parametrize("code", codes_with(Remedy.SUSPEND))
    def test_what_lived_is_tried_five_times_then_hourly_for_a_day(self, code: str) -> None:
        """Refusals that sound final come and go on real servers. A disabled mailbox stays hourly: it may be enabled."""
        for attempts in range(1, FEW_TRIES):
            assert "state" not in refused(at_attempt(attempts), code)
            assert wait_range(at_attempt(attempts), code)[1] == 2 ** (attempts - 1)
        for attempts in (FEW_TRIES, FEW_TRIES + 23):
            assert refused(at_attempt(attempts), code)["state"] is State.SUSPENDED
            assert wait_range(at_attempt(attempts), code) == (30, 60)
        later = (30, 60) if code in OF_A_DISABLED_MAILBOX else (12 * 60, 24 * 60)
        assert wait_range(at_attempt(FEW_TRIES + 24), code) == later

    @pytest.mark.parametrize("code", codes_with(Remedy.RETRY))
    def test_a_busy_server_does_not_end_a_suspension(self, code: str) -> None:
        """It says nothing about the cause of the suspension."""
        assert "state" not in refused(at_attempt(7, NEW), code)


class TestWords:
    """What a person reads: the code, what to do, and the server's own words."""

    def test_the_server_is_quoted(self) -> None:
        """As far as they fit a line."""
        changes = refused(at_attempt(1), Refused(SOAP_FAULT, "E-17: no such folder" + "." * 999))
        words = changes["last_error"] or ""
        assert words.startswith(f"{SOAP_FAULT}: {ADVICE[SOAP_FAULT].reason} (the server says: E-17: no such folder..")
        assert len(words) < 300

    def test_without_a_connection_nothing_is_the_servers(self) -> None:
        """What failed is said as it is."""
        words = refused(at_attempt(1), Refused(NO_CONNECTION, "certificate has expired"))["last_error"] or ""
        assert words.endswith("firewalls (certificate has expired)")

    def test_a_callback_url_is_not(self) -> None:
        """Its path is a secret, and people report what they read here."""
        text = "The value 'https://hook.example/notify/key/2/bWFpbA.c2ln' is no URL: /notify/key/2/bWFpbA.c2ln"
        changes = refused(at_attempt(1), Refused("ErrorSchemaValidation", text))
        words = changes["last_error"] or ""
        assert words.endswith("(the server says: The value 'https://hook.example/notify/…' is no URL: /notify/…)")


class TestRefusedWatermark:
    """The server no longer knows the watermark. What that leaves in suspicion is in test_suspected_gaps.py."""

    @pytest.mark.parametrize("code", REFUSED_WATERMARK)
    def test_the_watermark_is_removed(self, code: str) -> None:
        """Together with the one before it."""
        changes = refused(replace(at_attempt(1), previous_watermark="w0"), code)
        assert (changes["watermark"], changes["previous_watermark"]) == (None, None)

    @pytest.mark.parametrize("code", REFUSED_WATERMARK)
    def test_without_a_watermark_it_is_a_refusal_like_any_other(self, code: str) -> None:
        """A server that still complains is asked again later."""
        before = replace(at_attempt(1), watermark=None)
        changes = refused(before, code)
        assert "watermark" not in changes
        assert "suspected_gap_reason" not in changes
        assert not rules.can_retry_without_watermark(before, Refused(code))

    @pytest.mark.parametrize("code", [*ADVICE, "ErrorOfTheFuture"])
    def test_only_a_refused_watermark_is_worth_a_retry_at_once(self, code: str) -> None:
        """A mailbox that moves needs time."""
        at_once = advice(code).remedy is Remedy.RESUBSCRIBE_WITHOUT_WATERMARK
        assert rules.can_retry_without_watermark(at_attempt(1), Refused(code)) is at_once
