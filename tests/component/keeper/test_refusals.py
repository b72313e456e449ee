"""The server refuses a Subscribe: retries, suspension, and an old generation whose pushes arrive after all."""

from datetime import timedelta

from ewspush.domain.check_result import CheckOutcome, CheckResult
from ewspush.domain.subscription import State
from ewspush.protocol.response_codes import HTML_PAGE, SOAP_FAULT
from ewspush.protocol.soap import Refused
from tests.builders import created, message, status
from tests.component.keeper.scenario import BUSY, MINUTE, NEW, Scenario, silent


class TestRetries:
    """When a refused Subscribe is sent again."""

    def test_the_next_attempt_comes_when_the_back_off_is_over(self) -> None:
        """Twice as long each time, half of it jitter: 0.75 of 1, 2, 4, 8, 15, 15 minutes here."""
        scenario = silent(*[BUSY] * 6)
        waits = []
        for _ in range(6):
            assert scenario.check() is CheckOutcome.REFUSED
            next_check_at = scenario.row.next_check_at
            assert next_check_at is not None
            waits.append((next_check_at - scenario.now) / MINUTE)
            scenario.now = next_check_at
        assert waits == [0.75, 1.5, 3, 6, 11.25, 11.25]
        assert scenario.check() is CheckOutcome.RENEWED
        assert (scenario.row.attempts, scenario.row.last_error) == (0, None)

    def test_the_result_holds_the_response_code(self) -> None:
        """For the log."""
        assert silent(BUSY).check_result() == CheckResult(CheckOutcome.REFUSED, timedelta(), "ErrorServerBusy")


class TestSuspension:
    """A person has to act."""

    def test_missing_rights_are_tried_five_times_then_hourly(self) -> None:
        """A suspension is reported once. When the rights are in force, nothing of it remains."""
        scenario = silent(*[Refused("ErrorAccessDenied")] * 6)
        outcomes = [scenario.check(after) for after in (0, 12, 12, 12, 12)]
        assert outcomes == [CheckOutcome.REFUSED] * 4 + [CheckOutcome.SUSPENDED]
        outcomes = [scenario.check(after) for after in (44, 1, 45)]
        assert outcomes == [CheckOutcome.SKIPPED, CheckOutcome.REFUSED, CheckOutcome.RENEWED]
        assert (scenario.row.state, scenario.row.last_error, scenario.row.attempts) == (State.ACTIVE, None, 0)
        assert scenario.sent() == [(generation, "w1") for generation in range(2, 9)]

    def test_what_never_lived_is_suspended_at_once_and_tried_daily(self) -> None:
        """With words for the person who has to act."""
        scenario = Scenario(NEW, Refused("ErrorAccountDisabled"))
        assert scenario.check() is CheckOutcome.SUSPENDED
        assert scenario.row.last_error is not None
        assert "disabled" in scenario.row.last_error
        assert [scenario.check(17 * 60), scenario.check(60)] == [CheckOutcome.SKIPPED, CheckOutcome.RENEWED]

    def test_a_delegate_is_suspended_at_once_with_words(self) -> None:
        """They say who may subscribe, and how."""
        scenario = Scenario(NEW, Refused("ErrorSubscriptionDelegateAccessNotSupported", "Not the owner."))
        assert scenario.check() is CheckOutcome.SUSPENDED
        for words in ("a delegate may sync and read", "ApplicationImpersonation", "(the server says: Not the owner.)"):
            assert words in (scenario.row.last_error or "")

    def test_one_refusal_of_what_lived_passes_within_minutes(self) -> None:
        """It costs a mailbox that is healthy again a minute, not a day."""
        scenario = silent(Refused("ErrorAccountDisabled"))
        assert scenario.check() is CheckOutcome.REFUSED
        assert scenario.check(1) is CheckOutcome.RENEWED

    def test_what_lived_and_is_refused_for_long_is_suspended_and_tried_hourly(self) -> None:
        """Five tries in a quarter of an hour, then one an hour; the mailbox that is enabled again is back within it."""
        scenario = silent(*[Refused("ErrorAccountDisabled")] * 7)
        assert [scenario.check(after) for after in (0, 1, 2, 4, 8)] == [CheckOutcome.REFUSED] * 4 + [
            CheckOutcome.SUSPENDED
        ]
        outcomes = [scenario.check(after) for after in (44, 1, 45, 45)]
        assert outcomes == [CheckOutcome.SKIPPED, CheckOutcome.REFUSED, CheckOutcome.REFUSED, CheckOutcome.RENEWED]

    def test_what_the_server_says_is_shown_from_the_first_refusal_on(self) -> None:
        """A page of HTML says whose it is, a fault what it lacks: neither is a missing answer."""
        scenario = silent(Refused(HTML_PAGE, "Sign in to Harbour"), Refused(SOAP_FAULT, "E-17: no such folder"))
        for text in ("sign-in page stands before it (the server says: Sign in to Harbour)", "E-17: no such folder"):
            assert scenario.check(12) is CheckOutcome.REFUSED
            assert text in (scenario.row.last_error or "")

    def test_a_push_makes_a_suspended_one_active(self) -> None:
        """It proves more than the refusal."""
        scenario = silent(*[Refused("ErrorAccountDisabled")] * 5)
        assert [scenario.check(after) for after in (0, 1, 2, 4, 8)][-1] is CheckOutcome.SUSPENDED
        scenario.post(message("w1", created("a", "w2")), generation=2)
        assert (scenario.row.state, scenario.row.last_error) == (State.ACTIVE, None)
        assert scenario.check() is CheckOutcome.ALIVE


class TestOldGenerationGoesOn:
    """Attempts were refused, and the old server subscription lives after all."""

    def test_its_next_silence_is_noticed_in_time_whatever_wait_was_left(self) -> None:
        """The wait was for a Subscribe that is no longer needed."""
        scenario = silent(Refused("ErrorServerBusy", back_off_ms=3_600_000))
        scenario.check()
        scenario.wait(1)
        scenario.post(message("w1", status("w1")))
        assert scenario.check(1) is CheckOutcome.ALIVE
        assert scenario.check(29) is CheckOutcome.RENEWED

    def test_its_attempts_and_its_error_are_gone(self) -> None:
        """The next silence begins with the first back-off."""
        scenario = silent(*[BUSY] * 5)
        assert [scenario.check(after) for after in (0, 12, 12, 12)] == [CheckOutcome.REFUSED] * 4
        scenario.post(message("w1", created("a", "w2")))
        assert (scenario.row.state, scenario.row.attempts, scenario.row.last_error) == (State.ACTIVE, 0, None)
        scenario.check(11)
        assert scenario.check(19) is CheckOutcome.REFUSED
        assert (scenario.row.attempts, scenario.row.next_check_at) == (1, scenario.now + 0.75 * MINUTE)
