"""Faults of our processes: killed, failing, paused or overlapping at a call, and keeper runs that do not happen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tests.simulation.failpoints import CallSite, fail, kill
from tests.simulation.mailbox_actions import MailboxAction
from tests.simulation.steps import Fault

if TYPE_CHECKING:
    from tests.simulation.system import System

Effect = Literal["kill", "fail", "call twice", "pause", "overlap keeper run", "overlap deliveries"]


@dataclass(frozen=True, slots=True)
class Failpoint(Fault):
    """An effect at `count` calls at a site, after the first `skip` of them. To fail after a call loses its answer."""

    site: CallSite
    effect: Effect
    count: int = 1
    skip: int = 0
    pause_minutes: float = 0.0

    def begin(self, system: "System") -> None:
        system.failpoints.arm(self.site, self._effect(system), self.count, self.skip)

    def _effect(self, system: "System") -> Callable[[str], int]:
        def pause(_: str) -> int:
            system.time.now += 60 * self.pause_minutes
            return 1

        effects: dict[Effect, Callable[[str], int]] = {
            "kill": kill,
            "fail": fail,
            "call twice": lambda _: 2,
            "pause": pause,
            "overlap keeper run": lambda _: system.nested(system.keeper.overlap),
            "overlap deliveries": lambda _: system.nested(system.posts.deliver_due),
        }
        return effects[self.effect]


@dataclass(frozen=True, slots=True)
class ChangeDuringSync(Fault):
    """Items of a mailbox change while a step of a sync is under way, and the server pushes it at once.

    So they change after a page was asked for, after the log was read, or just before the step is stored.
    """

    site: CallSite
    action: MailboxAction
    count: int
    """Steps during which it happens."""

    def begin(self, system: "System") -> None:
        def change() -> None:
            self.action.begin(system)
            system.posts.deliver_due()

        system.failpoints.arm(self.site, lambda _: system.nested(change), self.count)


@dataclass(frozen=True, slots=True)
class MissedKeeperRuns(Fault):
    """The schedule starts no keeper for a while."""

    minutes: float

    def begin(self, system: "System") -> None:
        system.keeper.missing_until = max(system.keeper.missing_until, system.time.now + 60 * self.minutes)


@dataclass(frozen=True, slots=True)
class ShortKeeperRuns(Fault):
    """The next `count` keeper runs have time for two checks at most."""

    count: int

    def begin(self, system: "System") -> None:
        system.keeper.short_runs += self.count
