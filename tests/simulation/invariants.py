"""What must hold, whatever happens: one class for each promise, told of all that can be seen from outside."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ewspush.domain.ports import UnavailableError
from ewspush.domain.subscription import LoggedNotification, Subscription
from ewspush.domain.updates import ConditionalUpdate
from ewspush.handlers import responder
from ewspush.protocol.notification import Notification
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed, SubscribeRequest
from mailsim.deliveries import Post
from tests.twins.faults import InjectedError

if TYPE_CHECKING:
    from tests.simulation.system import System


class BrokenError(BaseException):  # the responder has to answer whatever an `Exception` is
    """Raised where an invariant does not hold."""

    def __init__(self, name: str, message: str, at: float | None = None) -> None:
        """Say which one, what was seen, and when that began (None: just now)."""
        super().__init__(f"{name}: {message}")
        self.name = name
        self.at = at


@dataclass(slots=True)
class Posted:
    """A POST at the responder: whose it is, what it says, and what the row was when it came."""

    subscription: str
    generation: int
    notification: Notification
    began_at: float
    sprung_before: int
    answer: str = ""
    """OK, Unsubscribe, or nothing."""

    @property
    def is_error(self) -> bool:
        """Whether the server ends the subscription with it."""
        return any(message.is_error for message in self.notification.messages)


@dataclass(slots=True)
class Tick:
    """A tick of a keeper. It is disturbed where anything broke in it, or happened in the middle of it."""

    keeper: int
    began_at: float
    due: int
    calls_before: int
    sprung_before: int
    syncs_before: int
    is_disturbed: bool = False


class Invariant:
    """One promise; each hook does nothing unless it matters to it."""

    def __init__(self, system: "System") -> None:
        """Watch `system`, which is not complete yet."""
        self.system = system

    @property
    def name(self) -> str:
        """How it is called."""
        return type(self).__name__

    def fail(self, message: str, at: float | None = None) -> None:
        """Raise `BrokenError`."""
        raise BrokenError(self.name, message, at)

    def wrote(self, before: Subscription, after: Subscription, entry: ConditionalUpdate) -> None:
        """A row was written."""

    def logged(self, notification: LoggedNotification) -> None:
        """Something was added to the log."""

    def posted(self, posted: Posted) -> None:
        """A POST was answered."""

    def subscribing(self, row: Subscription, request: SubscribeRequest) -> None:
        """A Subscribe is about to be sent."""

    def subscribed(self, row: Subscription, request: SubscribeRequest, answer: Subscribed | Refused | None) -> None:
        """It was sent; `answer` is None where none came back."""

    def applied(self, row: Subscription) -> None:
        """An operator changed a row."""

    def ticked(self, tick: Tick) -> None:
        """A tick is over."""

    def ended(self) -> None:
        """Everything has come to rest."""


HOOKS: Final = ("wrote", "logged", "posted", "subscribing", "subscribed", "applied", "ticked", "ended")


class Witness:
    """Sees everything, and tells the invariants."""

    def __init__(self, system: "System", only: str | None = None) -> None:
        """Watch `system`; tell `only` one of the invariants, or all."""
        from tests.simulation.promises import ALL  # noqa: PLC0415  # they build on this module

        self._system = system
        self._seen = 0
        self._syncs = 0
        self._ticks = 0
        self.invariants = [each(system) for each in ALL if only in {None, each.__name__}]
        self._hooks: dict[str, list[Callable[..., None]]] = {
            hook: [getattr(each, hook) for each in self.invariants if hook in type(each).__dict__] for hook in HOOKS
        }

    def _tell(self, hook: str, *seen: Any) -> None:
        for each in self._hooks[hook]:
            each(*seen)

    def wrote(self, before: Subscription, after: Subscription, entry: ConditionalUpdate) -> None:
        """See `Invariant.wrote`."""
        if self._system.time.is_told:
            self._system.time.note(f"  row {_difference(before, after)}")
        self._tell("wrote", before, after, entry)
        self.looked()

    def looked(self) -> None:
        """Look what was added to the log."""
        log = self._system.ledger.log
        while self._seen < len(log):
            notification = log[self._seen]
            self._seen += 1
            for document in notification.events if self._system.time.is_told else ():
                self._system.time.note(f"  log {_in_words(document)}")
            self._tell("logged", notification)

    def posting(self, subscription: str, generation: int, post: Post) -> Posted:
        """A POST comes in."""
        notification: Notification = getattr(responder, "parse_notification")(post.body)  # noqa: B009  # as the responder reads, once
        posted = Posted(subscription, generation, notification, self._system.time.now, self._system.gates.sprung)
        if self._system.time.is_told:
            self._system.time.note(f"POST of generation {generation}: {_contents(posted.notification)}")
        return posted

    def posted(self, posted: Posted, answer: Mapping[str, Any]) -> None:
        """See `Invariant.posted`."""
        if answer["statusCode"] == 200:
            posted.answer = "OK" if ">OK<" in answer["body"] else "Unsubscribe"
        self._system.time.note(f"  answered {posted.answer or answer['statusCode']}")
        if not posted.answer and posted.sprung_before == self._system.gates.sprung:
            raise BrokenError("Responder", f"answered {answer}")
        self.looked()
        self._tell("posted", posted)

    def subscribing(self, mailbox: str, request: SubscribeRequest) -> None:
        """See `Invariant.subscribing`."""
        self._tell("subscribing", self._row(mailbox), request)

    def subscribed(self, mailbox: str, request: SubscribeRequest, answer: Subscribed | Refused | None) -> None:
        """See `Invariant.subscribed`."""
        if self._system.time.is_told:
            said = answer.response_code if isinstance(answer, Refused) else "made" if answer else "no answer"
            generation = request.url.split("/")[-2]
            self._system.time.note(f"Subscribe of generation {generation} from {request.watermark}: {said}")
        self._tell("subscribed", self._row(mailbox), request, answer)

    def synchronizing(self, _mailbox: str) -> None:
        """Count a request of a sync."""
        self._syncs += 1

    def applied(self, subscription: str) -> None:
        """See `Invariant.applied`."""
        self._tell("applied", self._system.ledger.rows[subscription])

    def healed(self) -> None:
        """Take note that nothing breaks from now on."""

    def failed(self, error: Exception) -> None:
        """See to it that nothing fails but what was made to: that is no promise, it is a defect of some part."""
        self._system.time.note(f"  failed: {error!r}")
        if not isinstance(error, InjectedError | UnavailableError):
            raise error

    def tick_begins(self, keeper: int) -> Tick:
        """Return what is known of a tick before it begins."""
        system, now = self._system, self._system.time.ours()
        due = sum(
            1 for row in system.ledger.rows.values() if row.next_check_at is not None and row.next_check_at <= now
        )
        self._ticks += 1
        return Tick(keeper, system.time.now, due, system.gates.calls, system.gates.sprung, self._syncs)

    def tick_ended(self, tick: Tick) -> None:
        """See `Invariant.ticked`."""
        self.looked()
        tick.is_disturbed |= self._system.gates.sprung != tick.sprung_before
        self._tell("ticked", tick)

    def syncs_since(self, tick: Tick) -> int:
        """Return how many sync requests a tick made."""
        return self._syncs - tick.syncs_before

    def ended(self) -> None:
        """See `Invariant.ended`."""
        self.looked()
        self._tell("ended")

    def _row(self, mailbox: str) -> Subscription:
        return next(row for row in self._system.ledger.rows.values() if row.mailbox == mailbox)


def _difference(before: Subscription, after: Subscription) -> str:
    names = [name for name in Subscription.__slots__ if getattr(before, name) != getattr(after, name)]
    return ", ".join(f"{name}={_short(getattr(after, name))}" for name in names)


def _short(value: object) -> str:
    return f"{value:%d.%H:%M:%S}" if hasattr(value, "hour") else str(value)


def _contents(notification: Notification) -> str:
    parts = []
    for message in notification.messages:
        told = [f"{event.type}@{event.watermark}/{(event.id or '')[:8]}" for event in message.events]
        parts.append(f"{message.response_code} after {message.previous_watermark}: {' '.join(told)}")
    return "; ".join(parts)


def _in_words(document: Mapping[str, Any]) -> str:
    data = document["data"]
    named = ("reason", "from", "to", "origin", "watermark", "gaps", "recovered")
    said = " ".join(f"{name}={data[name]}" for name in named if data.get(name) is not None)
    return f"{document['type'].removeprefix('ews.mailbox.')} {(data.get('id') or '')[:8]} {said}"
