"""Any sequence of checks, pushes, outages and changes: generations rise, and the subscription recovers."""

import contextlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from ewspush.domain.subscription import State
from ewspush.errors import UnavailableError
from ewspush.protocol.acknowledgement import SubscriptionStatus
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed
from tests.builders import ZERO, created, error, message
from tests.component.keeper.scenario import MINUTE, NEW, UNKNOWN_WATERMARK, Scenario
from tests.twins.faults import FaultPlan, InjectedError
from tests.twins.mail_server import Answer, MemoryMailServer, ReceivedSubscribe

REFUSALS: Final = {"busy": "ErrorServerBusy", "denied": "ErrorAccessDenied", "disabled": "ErrorAccountDisabled"}
ANSWERS: Final = ("success", "zero watermark", *REFUSALS, "unknown watermark", "HTTP 504", "overtaken by a push")
FAULTS: Final = ("no answer", "killed before the request", "killed after the request")
UNCLEAR: Final = {"HTTP 504", *FAULTS}
"""After these, the row does not say whether the server made the subscription."""

STEPS: Final = st.one_of(
    st.tuples(st.just("check"), st.sampled_from(ANSWERS)),
    st.tuples(st.just("check"), st.sampled_from(FAULTS)),
    st.tuples(st.just("wait"), st.sampled_from([0.2, 1, 5, 16, 31, 70])),
    st.tuples(st.sampled_from(["push", "push", "end"]), st.integers(0, 3)),
    st.tuples(st.sampled_from(["restart", "retire", "desire"]), st.booleans()),
)
"""What may happen next. `push` and `end` are POSTs of the newest generation that the server made, or of one before."""


class AnySequence(Scenario):
    """A scenario in which anything may happen; the server makes a subscription even where its answer is lost."""

    def __init__(self) -> None:
        super().__init__(NEW)
        self.made: list[int] = []
        """Generations that live on the server."""
        self.sent_generations: list[int] = []
        self.unclear: tuple[int, datetime] | None = None
        """The last Subscribe of which it is not known whether it succeeded: its generation and its time."""
        self.watermarks = 0

    def act(self, step: str, how: Any) -> None:
        """Let one thing happen."""
        if step == "wait":
            self.wait(how)
        elif step == "check":
            self.check_with(how)
        elif step == "restart":
            self.made.clear()
        elif step == "desire":
            self.unclear = None
            self.desire(*(("inbox",) if how else ()))
        elif step == "retire":
            if self.row.state is not State.RETIRED:
                self.retire()
        elif how < len(self.made):
            self.push(self.made[-1 - how], ends=step == "end")

    def push(self, generation: int, *, ends: bool = False) -> None:
        """Let the server push a change, or an error, to one of its subscriptions; Unsubscribe ends that too."""
        self.watermarks += 1
        change = message(self.row.watermark, created(f"i{self.watermarks}", f"m{self.watermarks}"))
        decision = self.post(error() if ends else change, generation=generation)
        if self.unclear is not None and (ends or generation >= self.unclear[0]):
            self.unclear = None
        if ends or decision.status is SubscriptionStatus.UNSUBSCRIBE:
            self.made.remove(generation)

    def check_with(self, how: str) -> None:
        """Let the keeper check the subscription, with a server that answers so, or with a fault."""
        self.server = MemoryMailServer(*[lambda received: self.answer(received, how)] * 2)
        refuse: Iterable[int] = [1] if how == "killed before the request" else []
        forget: Iterable[int] = [1] if how in {"no answer", "killed after the request"} else []
        fault = UnavailableError if how == "no answer" else InjectedError
        self.server.calls = FaultPlan(refuse, forget, fault)
        with contextlib.suppress(InjectedError):
            self.check()

    def answer(self, received: ReceivedSubscribe, how: str) -> Answer:
        """Make the subscription, unless the answer is a clear refusal."""
        assert self.unclear is None or self.now - self.unclear[1] >= 16 * MINUTE
        self.sent_generations.append(received.generation)
        self.unclear = (received.generation, self.now) if how in UNCLEAR else None
        if how == "unknown watermark" and received.request.watermark is not None:
            return UNKNOWN_WATERMARK
        if how in REFUSALS:
            return Refused(REFUSALS[how])
        self.made.append(received.generation)
        if how == "overtaken by a push":
            self.push(received.generation)
        if how == "HTTP 504":
            return Refused("HTTP 504")
        return Subscribed("S", ZERO if how == "zero watermark" else f"m{self.watermarks}")

    def heal(self) -> None:
        """Let what lives push, and the keeper check whenever it is due, with a server that works."""
        for _ in range(4):
            if self.row.next_check_at is not None:
                self.now = max(self.now, self.row.next_check_at)
                if self.made:
                    self.push(self.made[-1])
                self.check_with("success")


@settings(deadline=None, max_examples=300, print_blob=True)
@given(steps=st.lists(STEPS, max_size=40))
def test_whatever_happens_generations_rise_and_the_subscription_recovers(steps: list[tuple[str, Any]]) -> None:
    """No generation is sent twice, an unclear Subscribe has its grace, and the row stays consistent.

    Once the server works again, it has a subscription with the desired settings.
    """
    scenario = AnySequence()
    for step in steps:
        scenario.act(*step)
        row = scenario.row
        assert row.pending_generation is None or row.pending_generation > row.generation
        assert (row.next_check_at is None) is (row.state is State.RETIRED)
        assert row.suspected_gap_reason is None or row.suspected_gap_since is not None
        assert row.state is not State.ACTIVE or (row.generation > 0 and row.lost_code is None)
        assert all(generation <= row.newest_generation for generation in scenario.made)
    scenario.heal()
    assert scenario.sent_generations == sorted(set(scenario.sent_generations))
    assert len(scenario.ledger.events()) == len(set(scenario.ledger.events()))
    if scenario.row.state is not State.RETIRED:
        assert scenario.row.state is State.ACTIVE
        assert scenario.row.generation in scenario.made
        assert scenario.row.generation >= scenario.row.min_generation
