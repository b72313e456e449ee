"""What breaks and when, drawn at random: each seed has some kinds of faults, most of them around a few moments."""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Final

from tests.simulation import failpoint_kinds, fault_kinds
from tests.simulation.failpoint_kinds import Draw
from tests.simulation.fault_injection.aws import Outage
from tests.simulation.fault_injection.mail_server import ErrorNotification, ForgetWatermarks, Restart
from tests.simulation.fault_injection.network import (
    CallbacksUnreachable,
    LatePosts,
    LostAcks,
    LostSubscribeAnswers,
    SubscribeTimeouts,
)
from tests.simulation.fault_injection.operations import ApplySubscription, DisableMailbox, RetireSubscription
from tests.simulation.fault_injection.processes import ChangeDuringSync, Failpoint
from tests.simulation.steps import Fault, Step

_LAPSES: Final[tuple[Callable[[Random, int, int], Fault], ...]] = (
    lambda _random, mailbox, _: ApplySubscription(mailbox, changes_frequency=True),
    lambda random, _, frequency: CallbacksUnreachable(frequency * random.uniform(0.8, 2.8)),
    lambda random, mailbox, frequency: DisableMailbox(mailbox, frequency * random.uniform(1, 6)),
    lambda random, _mailbox, _: LostAcks(random.randrange(4, 14)),
    lambda random, mailbox, _: ErrorNotification(mailbox, random.choice(fault_kinds.ERROR_NOTIFICATION_CODES)),
    lambda random, _mailbox, _: LatePosts(
        random.randrange(2, 9), random.uniform(0.4, fault_kinds.MAX_POST_DELAY_MINUTES)
    ),
    lambda _random, _mailbox, _: Restart(),
    lambda random, _, frequency: Outage(("ledger", "states"), frequency * random.uniform(0.8, 2.8)),
)
"""What makes a subscription lapse, by mailbox and StatusFrequency; most defects show in what follows."""


def _briefly_unreachable(random: Random, _: int) -> Fault:
    return CallbacksUnreachable(random.uniform(0.5, 8))


_CONSEQUENCES: Final[tuple[Draw, ...]] = (
    *failpoint_kinds.AT_RENEWAL,
    *failpoint_kinds.AT_RENEWAL,
    *fault_kinds.IN_TRANSIT,
    *(fault_kinds.change_during_sync, fault_kinds.change_during_sync),
    *(_briefly_unreachable, _briefly_unreachable, _briefly_unreachable),
)
"""What goes wrong while a subscription is renewed, or soon after."""

_WAITS_FOR_A_CALL: Final = (ChangeDuringSync, Failpoint, SubscribeTimeouts, LostSubscribeAnswers)


def draw(random: Random, minutes: float, frequencies: Sequence[int], moments: Sequence[float]) -> Iterator[Step]:
    """Yield steps for mailboxes with these StatusFrequencies; none at all for one seed in twenty."""
    if random.random() < 0.05:
        return
    for moment in moments:
        if random.random() < 0.8:
            yield from _lapse(random, moment, frequencies)
    count = random.choice((1, 2, 4, 8, len(fault_kinds.KINDS)))
    kinds = random.sample(fault_kinds.KINDS, count)
    for _ in range(random.choice((0, 1, 2, 4, 8, 16))):
        kind, mailbox = random.choice(kinds), random.randrange(len(frequencies))
        at = random.uniform(0, minutes)
        if random.random() < 0.8:
            at = random.choice(moments) + minutes_after_lapse(random, frequencies[mailbox])
        yield Step(min(max(at, 0.0), minutes), kind(random, mailbox))


def draw_retirement(random: Random, minutes: float, frequencies: Sequence[int]) -> Iterator[Step]:
    """Yield that a subscription is retired for a while, for one seed in ten."""
    if random.random() < 0.1:
        mailbox = random.randrange(len(frequencies))
        lasts_minutes = random.choice((0.2, 1, 3)) * random.uniform(0.5, 2) * frequencies[mailbox]
        yield Step(random.uniform(0, minutes), RetireSubscription(mailbox, lasts_minutes))


def _lapse(random: Random, moment: float, frequencies: Sequence[int]) -> Iterator[Step]:
    cause, mailbox = random.choice(_LAPSES), random.randrange(len(frequencies))
    frequency = frequencies[mailbox]
    yield Step(moment, cause(random, mailbox, frequency))
    if random.random() < 0.25:
        yield Step(moment + random.uniform(0, 2) * frequency, ForgetWatermarks())
    for _ in range(random.randrange(4)):
        fault = random.choice(_CONSEQUENCES)(random, mailbox)
        delay = 0.0 if isinstance(fault, _WAITS_FOR_A_CALL) else minutes_after_lapse(random, frequency)
        yield Step(moment + delay, fault)


def minutes_after_lapse(random: Random, frequency: int) -> float:
    """Return how long after a lapse something happens: at once, during the silence, when it is noticed, or later."""
    noticed = random.uniform(1.9, 2.3) if random.random() < 0.7 else random.uniform(2.9, 3.3)
    return frequency * random.choice((0.0, random.uniform(-1, 2), noticed, noticed, random.uniform(0, 5)))
