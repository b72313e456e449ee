"""What administrators do: mailboxes disabled, passwords changed, subscriptions changed, retired and restored."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.simulation.steps import Fault

if TYPE_CHECKING:
    from tests.simulation.system import System


@dataclass(frozen=True, slots=True)
class DisableMailbox(Fault):
    """A mailbox is disabled for a while."""

    mailbox: int
    minutes: float

    def begin(self, system: "System") -> None:
        email = system.desired[self.mailbox].mailbox
        system.core.disable(email, system.time.now)

        def enable() -> None:
            system.core.enable(email, system.time.now)

        system.time.after(self.minutes, enable)


@dataclass(frozen=True, slots=True)
class ChangePassword(Fault):
    """Our credentials for a mailbox are wrong for a while."""

    mailbox: int
    minutes: float

    def begin(self, system: "System") -> None:
        user = system.core.directory.find(system.desired[self.mailbox].mailbox)
        user.password, was = "another", "password"
        system.time.after(self.minutes, lambda: setattr(user, "password", was))


@dataclass(frozen=True, slots=True)
class ApplySubscription(Fault):
    """The subscriptions file is applied, maybe with another StatusFrequency."""

    mailbox: int
    changes_frequency: bool

    def begin(self, system: "System") -> None:
        system.operator.apply(self.mailbox, changes_frequency=self.changes_frequency)


@dataclass(frozen=True, slots=True)
class RetireSubscription(Fault):
    """A subscription is retired, and desired again after a while."""

    mailbox: int
    minutes: float

    def begin(self, system: "System") -> None:
        system.operator.retire(self.mailbox)
        system.time.after(self.minutes, lambda: system.operator.apply(self.mailbox))
