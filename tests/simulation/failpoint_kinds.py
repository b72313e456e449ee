"""The kinds of failpoints, and how the fields of each are drawn: process, call and effect."""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Final

from tests.simulation.failpoints import CallSite, Phase
from tests.simulation.fault_injection.processes import Effect, Failpoint
from tests.simulation.steps import Fault

Draw = Callable[[Random, int], Fault]
"""Returns a fault for a mailbox (by number)."""

CALLS: Final = (
    *("ledger.commit", "ledger.read", "ledger.recent", "ledger.due", "ledger", "ledger.commit.append"),
    *("ledger.commit.attempt", "ledger.commit.attempt", "ledger.commit.conclude"),
    *("ledger.commit.decide", "ledger.commit.decide"),
    *("ledger.commit.step", "ledger.commit.step", "states.load_run", "states", "queue.send", "keys"),
    *("server.subscribe", "server.subscribe", "server.subscribe", "server"),
)
"""Whole ports and single calls, the delicate ones several times."""

RENEWAL_SITES: Final = (
    *(("any", "ledger.commit.attempt"), ("any", "server.subscribe"), ("any", "ledger.commit.conclude")),
    *(("any", "ledger.commit.decide"), ("any", "ledger.commit.decide")),
    *(("responder", "ledger.recent"), ("keeper", "ledger.read")),
)
"""Processes and their calls while a subscription is renewed, or at the first push afterwards."""

_PROCESSES: Final = ("responder", "keeper", "keeper", "forwarder", "any")
_MADE_BY_SEVERAL: Final = frozenset({"ledger", "ledger.read", "ledger.commit", "keys"})


def _site(random: Random, *phases: Phase) -> CallSite:
    call = random.choice(CALLS)
    process = random.choice(_PROCESSES) if call in _MADE_BY_SEVERAL else "any"
    return CallSite(process, call, random.choice(phases))


def _skip(random: Random) -> int:
    return random.choice((0, 0, 1, 4))


def _before_or_after(effect: Effect, random: Random, _: int) -> Failpoint:
    return Failpoint(skip=_skip(random), site=_site(random, "before", "after"), effect=effect)


def _failing_calls(random: Random, _: int) -> Failpoint:
    return Failpoint(count=random.randrange(1, 8), site=_site(random, "before"), effect="fail")


def _lost_answer(random: Random, _: int) -> Failpoint:
    return Failpoint(skip=_skip(random), site=_site(random, "after"), effect="fail")


def _repeated_write(random: Random, _: int) -> Failpoint:
    skip, process = _skip(random), random.choice(_PROCESSES)
    return Failpoint(CallSite(process, "ledger.commit", "before"), "call twice", skip=skip)


def _pause(random: Random, _: int) -> Failpoint:
    return Failpoint(
        skip=random.randrange(3),
        pause_minutes=random.choice((0.1, 0.4, 1.5)),
        site=_site(random, "before", "after"),
        effect="pause",
    )


KINDS: Final[dict[str, Draw]] = {
    "kill": partial(_before_or_after, "kill"),
    "failing calls": _failing_calls,
    "lost answer": _lost_answer,
    "repeated write": _repeated_write,
    "pause": _pause,
    "overlapping keeper run": partial(_before_or_after, "overlap keeper run"),
    "overlapping deliveries": partial(_before_or_after, "overlap deliveries"),
}


def _at_renewal(effect: Effect, only_phase: Phase | None, random: Random, _: int) -> Failpoint:
    drawn_phase: Phase = random.choice(("before", "after"))
    times, pause_minutes = random.choice((1, 1, 1, 2, 3)), random.choice((0.1, 0.4, 1.5))
    site = CallSite(*random.choice(RENEWAL_SITES), only_phase or drawn_phase)
    fails_repeatedly = effect == "fail" and only_phase == "before"
    count, skip = (times, 0) if fails_repeatedly else (1, times - 1)
    return Failpoint(site, effect, count, skip, pause_minutes if effect == "pause" else 0.0)


def _repeated_decision(random: Random, _: int) -> Failpoint:
    """A write is sent again although it was stored: as AWS's client does after a time-out."""
    site = CallSite("any", random.choice(("ledger.commit.decide", "ledger.commit.step")), "before")
    return Failpoint(site, "call twice", count=random.choice((1, 3)))


AT_RENEWAL: Final[tuple[Draw, ...]] = (
    partial(_at_renewal, "kill", None),
    partial(_at_renewal, "fail", "before"),
    partial(_at_renewal, "fail", "after"),
    partial(_at_renewal, "overlap keeper run", None),
    partial(_at_renewal, "overlap deliveries", None),
    partial(_at_renewal, "pause", None),
    _repeated_decision,
)
