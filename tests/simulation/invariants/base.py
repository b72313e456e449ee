"""The hooks of an invariant, and what they get."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ewspush.domain.events import LoggedNotification
from ewspush.domain.subscription import Subscription, SubscriptionKey
from ewspush.domain.updates import ConditionalUpdate
from ewspush.protocol.notification import Notification
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed, SubscribeRequest

if TYPE_CHECKING:
    from tests.simulation.system import System


class BrokenError(BaseException):  # the responder has to answer whatever an `Exception` is
    """Raised where an invariant does not hold: its name, what was seen, and since when (None: just now)."""

    def __init__(self, name: str, message: str, at: float | None = None) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.at = at


@dataclass(slots=True)
class PostRecord:
    """A POST at the responder: of which subscription and generation, what is in it, and how it was answered."""

    key: SubscriptionKey
    generation: int
    notification: Notification
    began_at: float
    triggered_before: int
    """Failpoints that had been triggered."""
    answer: str = ""
    """OK, Unsubscribe, or nothing."""

    @property
    def is_error(self) -> bool:
        """Whether the server ends the subscription with it."""
        return any(message.is_error for message in self.notification.messages)


@dataclass(slots=True)
class RunRecord:
    """A keeper run. It is disturbed where anything failed in it, or happened in the middle of it."""

    keeper: int
    began_at: float
    due: int
    """Subscriptions that were due."""
    calls_before: int
    triggered_before: int
    syncs_before: int
    is_disturbed: bool = False


class Invariant:
    """One invariant; it overrides the hooks that matter to it."""

    def __init__(self, system: "System") -> None:
        """Observe `system`, which is not complete yet."""
        self.system = system

    @property
    def name(self) -> str:
        """The name of the class."""
        return type(self).__name__

    def fail(self, message: str, at: float | None = None) -> None:
        """Raise `BrokenError`."""
        raise BrokenError(self.name, message, at)

    def on_write(self, before: Subscription, after: Subscription, update: ConditionalUpdate) -> None:
        """A row was written."""

    def on_log(self, notification: LoggedNotification) -> None:
        """A notification was added to the log."""

    def on_post(self, post: PostRecord) -> None:
        """A POST was answered."""

    def before_subscribe(self, row: Subscription, request: SubscribeRequest) -> None:
        """A Subscribe is about to be sent."""

    def after_subscribe(
        self, row: Subscription, request: SubscribeRequest, answer: Subscribed | Refused | None
    ) -> None:
        """A Subscribe was sent; `answer` is None where none came back."""

    def on_apply(self, row: Subscription) -> None:
        """An operator changed a row."""

    def on_keeper_run(self, run: RunRecord) -> None:
        """A keeper run is over."""

    def at_end(self) -> None:
        """Everything has come to rest."""


HOOKS: Final = (
    *("on_write", "on_log", "on_post", "before_subscribe", "after_subscribe"),
    *("on_apply", "on_keeper_run", "at_end"),
)
