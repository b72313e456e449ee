"""Lookups that leave items open: who is asked for again, in which order, and how often."""

from dataclasses import replace

import pytest

from ewspush.domain.recovering import lookups, rules
from ewspush.domain.recovering.lookups import MAX_TRIES
from ewspush.domain.sync_run import SyncRun
from ewspush.protocol.lookup import MAX_ITEMS, LookupRequest
from ewspush.protocol.response_codes import NO_CONNECTION
from ewspush.protocol.soap import Refused
from tests.unit.domain.logs import log_of, pushed
from tests.unit.domain.recovering.runs import BUSY, DONE, context, found

LOG = log_of(*(pushed("Created", each) for each in "abc"))


def asked(run: SyncRun) -> tuple[str, ...]:
    """Return the items that the next lookup asks for."""
    request = lookups.next_lookup(run, LOG)
    return request.ids if request is not None else ()


class TestLeftOpen:
    """An answer that settles some of the items."""

    def test_what_it_settles_counts_and_the_rest_is_asked_for_later(self) -> None:
        """After as long as the server says."""
        step = rules.on_lookup(DONE, LookupRequest(tuple("abc")), found("a", "b", "c", 4500), context())
        assert [event.object_id for event in step.events] == ["b"]
        assert (step.run.confirmed, step.run.published, step.run.unpublished) == (("a", "b"), 1, 0)
        assert (step.is_refused, step.back_off_ms) == (True, 4500)
        assert asked(step.run) == ("c",)

    def test_the_wait_grows_only_while_nothing_is_settled(self) -> None:
        """Like that after a refusal."""
        run = replace(DONE, attempts=3)
        assert rules.on_lookup(run, LookupRequest(("a", "b")), found(unanswered="ab"), context()).run.attempts == 4
        assert rules.on_lookup(run, LookupRequest(("a", "b")), found("a", unanswered="b"), context()).run.attempts == 1

    def test_what_push_logged_meanwhile_is_no_try(self) -> None:
        """It is asked for again at once."""
        after = context(pushed_meanwhile=("a",))
        step = rules.on_lookup(DONE, LookupRequest(("a",)), found(unanswered="a"), after)
        assert (step.is_refused, step.run) == (False, DONE)


class TestOrder:
    """One item at which the server stops keeps no other from being asked for."""

    def test_the_first_that_was_left_open_comes_last(self) -> None:
        """The batch may have stopped at it."""
        first = lookups.without_answer(DONE, ("a", "b", "c"))
        assert asked(first) == ("b", "c", "a")
        assert asked(lookups.without_answer(first, ("b", "c", "a"))) == ("c", "a", "b")

    def test_those_tried_least_often_come_first(self) -> None:
        """Also where there are more than one request takes."""
        run = lookups.without_answer(DONE, ("a",))
        assert asked(run) == ("b", "c", "a")
        log = log_of(*(pushed("Created", f"{number:04}") for number in range(MAX_ITEMS + 1)))
        request = lookups.next_lookup(lookups.without_answer(DONE, ("0000",)), log)
        assert request is not None
        assert request.ids == tuple(f"{number:04}" for number in range(1, MAX_ITEMS + 1))

    def test_what_was_settled_since_is_forgotten(self) -> None:
        """The run stays small."""
        run = lookups.without_answer(DONE, ("a", "b"))
        after = lookups.without_answer(replace(run, confirmed=("b",)), ("a",))
        assert after.unanswered == ("a", "a")


class TestTries:
    """Each item is asked for a few times."""

    def test_after_them_it_counts_as_unpublished(self) -> None:
        """Which leaves the gap open; it is not asked for again."""
        run = DONE
        for _ in range(MAX_TRIES):
            assert (sorted(asked(run)), run.unpublished) == (["a", "b", "c"], 0)
            run = lookups.without_answer(run, ("a",))
        assert (asked(run), run.unpublished, run.confirmed, run.unanswered) == (("b", "c"), 1, ("a",), ())

    @pytest.mark.parametrize("code", ["ErrorAccessDenied", "ErrorInvalidOperation", "ErrorOfTheFuture", "HTTP 500"])
    def test_a_refusal_of_the_whole_lookup_is_a_try_of_each(self, code: str) -> None:
        """It need not pass, and must not keep the gap without a conclusion."""
        run = DONE
        for _ in range(MAX_TRIES):
            step = rules.on_refused(run, LookupRequest(("a", "b")), Refused(code, back_off_ms=9), context())
            assert (step.is_refused, step.back_off_ms, step.run.attempts) == (True, 9, run.attempts + 1)
            run = step.run
        assert (asked(run), run.unpublished) == (("c",), 2)

    @pytest.mark.parametrize("answer", [BUSY, Refused(NO_CONNECTION), Refused("HTTP 503"), None])
    def test_a_server_that_is_away_is_waited_for(self, answer: Refused | None) -> None:
        """As with any other request."""
        step = rules.on_refused(DONE, LookupRequest(("a",)), answer, context())
        assert (step.is_refused, step.run) == (True, replace(DONE, attempts=1))
