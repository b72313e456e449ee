"""What breaks, drawn at random: each seed knows some kinds of trouble, and has it mostly around a few moments."""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Final

Fields = tuple[int, float, str]
"""count, minutes, name of a step"""

Drawn = tuple[float, str, int, int, float, str]
"""All fields of a step."""

CALLS: Final = (
    *("ledger.write", "ledger.read", "ledger.recent", "ledger.due", "ledger", "ledger.write.link"),
    *("ledger.write.begin", "ledger.write.begin", "ledger.write.settle", "ledger.write.judge", "ledger.write.judge"),
    *("states.advance", "states.advance", "states.work", "states", "queue.send", "keys"),
    *("server.subscribe", "server.subscribe", "server.subscribe", "server"),
)
PROCESSES: Final = ("responder", "keeper", "keeper", "forwarder", "any")


def _of(chance: Random, *phases: str) -> str:
    call = chance.choice(CALLS)
    process = "any" if call not in {"ledger", "ledger.read", "ledger.write", "keys"} else chance.choice(PROCESSES)
    return f"{process} {call} {chance.choice(phases)}"


def _short(chance: Random) -> float:
    return chance.choice((0.5, 2, 10, 40)) * chance.uniform(0.5, 1.5)


def _long(chance: Random) -> float:
    return chance.choice((10, 60, 300)) * chance.uniform(0.5, 1.5)


_CODES: Final = (
    *("ErrorServerBusy", "ErrorServerBusy", "ErrorInternalServerError", "ErrorExceededSubscriptionCount"),
    *("ErrorMailboxMoveInProgress", "ErrorInvalidWatermark", "ErrorAccessDenied", "ErrorNonExistentMailbox"),
    *("ErrorTimeoutExpired", "ErrorSchemaValidation", "ErrorSomethingNew"),
)
_LAST_WORDS: Final = ("ErrorReadEventsFailed", "ErrorExpiredSubscription", "ErrorInvalidWatermark", "ErrorServerBusy")

LATEST_MINUTES: Final = 0.65
"""Minutes that a POST is under way at most: a server gives up after its time limit, what it sent gets there soon."""

KINDS: Final[dict[str, Callable[[Random], Fields]]] = {
    "kill": lambda chance: (chance.choice((1, 1, 2, 5)), 0, _of(chance, "before", "after")),
    "refuse": lambda chance: (chance.randrange(1, 8), 0, _of(chance, "before")),
    "forget": lambda chance: (chance.choice((1, 1, 2, 5)), 0, _of(chance, "after")),
    "twice": lambda chance: (chance.choice((1, 1, 2, 5)), 0, f"{chance.choice(PROCESSES)} ledger.write before"),
    "pause": lambda chance: (chance.randrange(1, 4), chance.choice((0.1, 0.4, 1.5)), _of(chance, "before", "after")),
    "overlap-tick": lambda chance: (chance.choice((1, 1, 2, 5)), 0, _of(chance, "before", "after")),
    "overlap-posts": lambda chance: (chance.choice((1, 1, 2, 5)), 0, _of(chance, "before", "after")),
    "store-down": lambda chance: (1, _short(chance), chance.choice(("ledger", "states", "any"))),
    "queue-down": lambda chance: (1, _long(chance), ""),
    "queue-partial": lambda chance: (chance.randrange(1, 6), 0, ""),
    "stream-again": lambda chance: (chance.randrange(1, 12), 0, ""),
    "stream-late": lambda chance: (1, _long(chance), ""),
    "cut": lambda chance: (1, _short(chance), ""),
    "drop-acks": lambda chance: (chance.choice((1, 2, 5, 9)), 0, ""),
    "duplicate": lambda chance: (chance.choice((1, 3, 9)), 0, ""),
    "late-posts": lambda chance: (chance.choice((1, 2, 5)), chance.uniform(0.01, LATEST_MINUTES), ""),
    "restart": lambda _: (1, 0, ""),
    "forget-watermarks": lambda _: (1, 0, ""),
    "forget-sync-states": lambda _: (1, 0, ""),
    "last-words": lambda chance: (1, 0, chance.choice(_LAST_WORDS)),
    "lose-subscribe": lambda chance: (chance.choice((1, 1, 2, 3)), 0, ""),
    "no-answer": lambda chance: (chance.choice((1, 1, 2, 4)), 0, ""),
    "refuse-subscribe": lambda chance: (
        chance.choice((1, 2, 7)),
        chance.choice((0, 0, 0.5, 10)),
        chance.choice(_CODES),
    ),
    "refuse-sync": lambda chance: (chance.choice((1, 2, 7)), chance.choice((0, 0.5)), chance.choice(_CODES[:4])),
    "miss-ticks": lambda chance: (1, _short(chance), ""),
    "short-tick": lambda chance: (chance.randrange(1, 4), 0, ""),
    "disable": lambda chance: (1, _long(chance), ""),
    "revoke": lambda chance: (1, _long(chance), ""),
    "apply": lambda chance: (1, 0, chance.choice(("", "", "frequency"))),
}
"""By kind of step. `minutes` are how long it lasts; of a refused Subscribe the back-off."""


DEATHS: Final[dict[str, Callable[[Random, float], Fields]]] = {
    "restart": lambda _chance, _: (1, 0, ""),
    "cut": lambda chance, frequency: (1, frequency * chance.uniform(0.8, 2.8), ""),
    "drop-acks": lambda chance, _: (chance.randrange(4, 14), 0, ""),
    "late-posts": lambda chance, _: (chance.randrange(2, 9), chance.uniform(0.4, LATEST_MINUTES), ""),
    "last-words": lambda chance, _: (1, 0, chance.choice(_LAST_WORDS)),
    "disable": lambda chance, frequency: (1, frequency * chance.uniform(1, 6), ""),
    "store-down": lambda chance, frequency: (1, frequency * chance.uniform(0.8, 2.8), "any"),
    "apply": lambda _chance, _: (1, 0, "frequency"),
}
"""What subscriptions die of, or are asked anew for; much of what can go wrong goes wrong in what follows."""

_AT_RENEWALS: Final = (
    *("any ledger.write.begin", "any server.subscribe", "any ledger.write.settle"),
    *("any ledger.write.judge", "any ledger.write.judge", "responder ledger.recent", "keeper ledger.read"),
)
_CONSEQUENCES: Final = ("kill", "refuse", "forget", "overlap-tick", "overlap-posts", "pause")


_ON_THE_WAY: Final = ("no-answer", "lose-subscribe", "duplicate", "late-posts", "drop-acks")


def _consequence(chance: Random) -> tuple[str, int, float, str]:
    """Return kind, count, minutes and name of what goes wrong while a subscription is made anew, or soon after."""
    kind = chance.choice((*_CONSEQUENCES, *_CONSEQUENCES, *_ON_THE_WAY, "cut", "cut", "cut"))
    if kind == "cut":
        return kind, 1, chance.uniform(0.5, 8), ""
    if kind not in _CONSEQUENCES:
        return kind, *KINDS[kind](chance)
    phase = {"refuse": "before", "forget": "after"}.get(kind, chance.choice(("before", "after")))
    return (
        kind,
        chance.choice((1, 1, 1, 2, 3)),
        chance.choice((0.1, 0.4, 1.5)),
        f"{chance.choice(_AT_RENEWALS)} {phase}",
    )


def drawn(chance: Random, minutes: float, frequencies: Sequence[int], moments: Sequence[float]) -> Iterator[Drawn]:
    """Yield the fields of steps; none at all for one seed in twenty."""
    if chance.random() < 0.05:
        return
    for moment in moments:
        if chance.random() < 0.8:
            yield from _died(chance, moment, frequencies)
    known = chance.sample(sorted(KINDS), chance.choice((1, 2, 4, 8, len(KINDS))))
    for _ in range(chance.choice((0, 1, 2, 4, 8, 16))):
        kind, mailbox = chance.choice(known), chance.randrange(len(frequencies))
        at = chance.uniform(0, minutes)
        if chance.random() < 0.8:
            at = chance.choice(moments) + after(chance, frequencies[mailbox])
        yield min(max(at, 0.0), minutes), kind, mailbox, *KINDS[kind](chance)


def dead_lettered(chance: Random, minutes: float, frequencies: Sequence[int]) -> Iterator[Drawn]:
    """Yield that a subscription is retired, for one seed in ten, and how long that lasts."""
    if chance.random() < 0.1:
        mailbox = chance.randrange(len(frequencies))
        lasts = chance.choice((0.2, 1, 3)) * chance.uniform(0.5, 2) * frequencies[mailbox]
        yield chance.uniform(0, minutes), "retire", mailbox, 1, lasts, ""


def _died(chance: Random, moment: float, frequencies: Sequence[int]) -> Iterator[Drawn]:
    kind, mailbox = chance.choice(sorted(DEATHS)), chance.randrange(len(frequencies))
    yield moment, kind, mailbox, *DEATHS[kind](chance, frequencies[mailbox])
    if chance.random() < 0.25:
        yield moment + chance.uniform(0, 2) * frequencies[mailbox], "forget-watermarks", mailbox, 1, 0.0, ""
    for _ in range(chance.randrange(4)):
        kind, *rest = _consequence(chance)
        is_trap = kind in _CONSEQUENCES or kind in {"no-answer", "lose-subscribe"}
        at = moment + (0.0 if is_trap else after(chance, frequencies[mailbox]))
        yield at, kind, mailbox, *rest  # type: ignore[misc]  # count, minutes and name


def after(chance: Random, frequency: int) -> float:
    """Return how many minutes after a death things happen: at once, in the silence, when it is noticed, later."""
    noticed = chance.uniform(1.9, 2.3) if chance.random() < 0.7 else chance.uniform(2.9, 3.3)
    return frequency * chance.choice((0.0, chance.uniform(-1, 2), noticed, noticed, chance.uniform(0, 5)))
