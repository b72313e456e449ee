"""Makes things go wrong: one function for each kind of trouble in `breakage.KINDS`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mailsim.errors import EwsError
from mailsim.faults import Refusal
from tests.simulation.gates import Trap, kill, refuse
from tests.simulation.plan import Step

if TYPE_CHECKING:
    from tests.simulation.system import System

_FAULTS: Final = frozenset({"ErrorServerBusy", "ErrorNonExistentMailbox", "ErrorSchemaValidation"})
"""Codes that come as a SOAP fault."""


def begin(system: "System", step: Step) -> None:
    """Let the trouble of a step begin, and see to it that it ends."""
    _BEGINNINGS[step.kind](system, step)


def _trapped(system: "System", step: Step, deed: Callable[[str], int], *, once: bool = True) -> None:
    """Let a deed happen at the `count`-th fitting call, or at so many of them."""
    skip, count = (step.count - 1, 1) if once else (0, step.count)
    system.gates.traps.append(Trap(step.name, deed, count, skip))


def _pause(system: "System", step: Step) -> None:
    def wait(_: str) -> int:
        system.time.now += 60 * step.minutes
        return 1

    _trapped(system, step, wait)


def _store_down(system: "System", step: Step) -> None:
    for port in ("ledger", "states") if step.name == "any" else (step.name,):
        system.gates.down_until[port] = system.time.now + 60 * step.minutes


def _queue_down(system: "System", step: Step) -> None:
    system.gates.down_until["queue"] = system.time.now + 60 * step.minutes


def _queue_partial(system: "System", step: Step) -> None:
    system.queue.refusals += step.count


def _stream_again(system: "System", step: Step) -> None:
    system.stream.position = max(system.stream.position - step.count, 0)


def _stream_late(system: "System", step: Step) -> None:
    system.stream_waits_until = system.time.now + 60 * step.minutes


def _cut(system: "System", step: Step) -> None:
    system.core.faults.callbacks_unreachable = True
    system.time.after(step.minutes, lambda: setattr(system.core.faults, "callbacks_unreachable", False))


def _drop_acks(system: "System", step: Step) -> None:
    system.core.faults.drop_acks += step.count


def _duplicate(system: "System", step: Step) -> None:
    system.core.faults.duplicate += step.count


def _late_posts(system: "System", step: Step) -> None:
    system.late_posts += [step.minutes] * step.count


def _restart(system: "System", _: Step) -> None:
    system.core.restart()


def _forget_watermarks(system: "System", _: Step) -> None:
    system.core.forget_watermarks()


def _forget_sync_states(system: "System", _: Step) -> None:
    system.core.forget_sync_states()


def _last_words(system: "System", step: Step) -> None:
    system.core.notify_error(step.name, system.wishes[step.mailbox].mailbox)


def _lose_subscribe(system: "System", step: Step) -> None:
    system.core.faults.lose_subscribe_answers += step.count


def _no_answer(system: "System", step: Step) -> None:
    system.server.unanswered += step.count


def _refusal(step: Step) -> Refusal:
    back_off_ms = int(60_000 * step.minutes) or None
    return Refusal(EwsError(step.name, "not now", fault=step.name in _FAULTS, back_off_ms=back_off_ms), step.count)


def _refuse_subscribe(system: "System", step: Step) -> None:
    system.core.faults.refuse_subscribe = _refusal(step)


def _refuse_sync(system: "System", step: Step) -> None:
    system.core.faults.refuse_sync = _refusal(step)


def _miss_ticks(system: "System", step: Step) -> None:
    system.no_ticks_until = max(system.no_ticks_until, system.time.now + 60 * step.minutes)


def _short_tick(system: "System", step: Step) -> None:
    system.short_ticks += step.count


def _disable(system: "System", step: Step) -> None:
    email = system.wishes[step.mailbox].mailbox
    system.core.disable(email, system.time.now)

    def enable() -> None:
        system.core.enable(email, system.time.now)

    system.time.after(step.minutes, enable)


def _revoke(system: "System", step: Step) -> None:
    user = system.core.directory.find(system.wishes[step.mailbox].mailbox)
    user.password, was = "another", "password"
    system.time.after(step.minutes, lambda: setattr(user, "password", was))


def _apply(system: "System", step: Step) -> None:
    system.operator.apply(step.mailbox, step.name)


def _retire(system: "System", step: Step) -> None:
    system.operator.retire(step.mailbox)
    system.time.after(step.minutes, lambda: system.operator.apply(step.mailbox))


_BEGINNINGS: Final[dict[str, Callable[["System", Step], None]]] = {
    "kill": lambda system, step: _trapped(system, step, kill),
    "refuse": lambda system, step: _trapped(system, step, refuse, once=False),
    "forget": lambda system, step: _trapped(system, step, refuse),
    "twice": lambda system, step: _trapped(system, step, lambda _: 2),
    "pause": _pause,
    "overlap-tick": lambda system, step: _trapped(system, step, lambda _: system.nested(system.overlap_tick)),
    "overlap-posts": lambda system, step: _trapped(system, step, lambda _: system.nested(system.deliver)),
    "store-down": _store_down,
    "queue-down": _queue_down,
    "queue-partial": _queue_partial,
    "stream-again": _stream_again,
    "stream-late": _stream_late,
    "cut": _cut,
    "drop-acks": _drop_acks,
    "duplicate": _duplicate,
    "late-posts": _late_posts,
    "restart": _restart,
    "forget-watermarks": _forget_watermarks,
    "forget-sync-states": _forget_sync_states,
    "last-words": _last_words,
    "lose-subscribe": _lose_subscribe,
    "no-answer": _no_answer,
    "refuse-subscribe": _refuse_subscribe,
    "refuse-sync": _refuse_sync,
    "miss-ticks": _miss_ticks,
    "short-tick": _short_tick,
    "disable": _disable,
    "revoke": _revoke,
    "apply": _apply,
    "retire": _retire,
}
