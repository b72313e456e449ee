"""Plays the plan of a system, then ends all faults and lets everything come to rest."""

from typing import Final

from mailsim.faults import Faults
from tests.simulation.clock import START
from tests.simulation.mailbox_actions import MailboxAction
from tests.simulation.system import PASSWORD, System

_APPLY_SHARE: Final = 0.8
"""So often an operator applies the file once all faults are over; else a suspended subscription waits for its turn."""
_MAX_REST_SECONDS: Final = 30 * 3600
"""To come to rest: longer than the longest wait, that of a suspended subscription."""
_REST_STEP_SECONDS: Final = 600


def play_plan(system: System) -> None:
    """Play the plan, heal, and come to rest. Raises `BrokenError`."""
    _run_until(system, START + 3600 * system.plan.hours)
    _heal(system)
    _come_to_rest(system)
    for number in range(len(system.desired)):
        system.begin(MailboxAction(number, "mail", "inbox"))
    _come_to_rest(system)
    system.keeper.run_all()  # which have nothing to do
    system.checker.at_end()


def _run_until(system: System, end: float) -> None:
    time, posts, keeper, forwarding = system.time, system.posts, system.keeper, system.forwarding
    while True:
        moment = min(time.next_at(), posts.next_at(), keeper.next_at(), forwarding.next_at())
        if moment > end:
            break
        time.now = max(moment, time.now)
        time.run_due()
        posts.deliver_due()
        keeper.run_if_due()
        forwarding.run_if_due()
        system.checker.check_log()
    time.now = max(end, time.now)


def _heal(system: System) -> None:
    """End all faults; waits that have begun go on."""
    system.time.note("# no faults from here on")
    system.failpoints.clear()
    system.core.faults = Faults()
    system.server.timeouts = 0
    system.queue.rejections = 0
    system.posts.delays_minutes.clear()
    system.posts.max_events = None
    system.keeper.heal()
    system.forwarding.delayed_until = min(system.forwarding.delayed_until, system.time.now)
    for number, desired in enumerate(system.desired):
        system.core.directory.find(desired.mailbox).password = PASSWORD
        system.core.enable(desired.mailbox, system.time.now)
        if system.random.random() < _APPLY_SHARE:
            system.operator.apply(number)


def _come_to_rest(system: System) -> None:
    end = system.time.now + _MAX_REST_SECONDS
    _run_until(system, system.time.now + _REST_STEP_SECONDS)
    while system.time.now < end and not system.is_at_rest():
        _run_until(system, system.time.now + _REST_STEP_SECONDS)
