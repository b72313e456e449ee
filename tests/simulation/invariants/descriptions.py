"""Lines of a trace: what was written, pushed and sent, in short."""

from ewspush.domain.events import ChangeEvent, Event
from ewspush.domain.subscription import Subscription
from ewspush.protocol.notification import Notification
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed, SubscribeRequest
from mailsim.mailbox_events import LoggedEvent
from tests.simulation.clock import START


def of_changes(before: Subscription, after: Subscription) -> str:
    """Return the fields of a row that a write has changed."""
    names = [name for name in Subscription.__slots__ if getattr(before, name) != getattr(after, name)]
    return ", ".join(f"{name}={_short(getattr(after, name))}" for name in names)


def _short(value: object) -> str:
    return f"{value:%d.%H:%M:%S}" if hasattr(value, "hour") else str(value)


def of_notification(notification: Notification) -> str:
    """Return the events of a POST."""
    parts = []
    for message in notification.messages:
        events = [f"{event.type}@{event.watermark}/{(event.id or '')[:8]}" for event in message.events]
        parts.append(f"{message.response_code} after {message.previous_watermark}: {' '.join(events)}")
    return "; ".join(parts)


def of_subscribe(request: SubscribeRequest, answer: Subscribed | Refused | None) -> str:
    """Return a Subscribe and its answer."""
    result = answer.response_code if isinstance(answer, Refused) else "succeeded" if answer else "no answer"
    return f"Subscribe of generation {generation_of(request)} from {request.watermark}: {result}"


def generation_of(request: SubscribeRequest) -> int:
    """Return the generation that a Subscribe names."""
    return int(request.url.split("/")[-2])


def of_event(event: Event) -> str:
    """Return an event of the log."""
    own_id = event.object_id or "" if isinstance(event, ChangeEvent) else event.id
    names = ("reason", "start", "end", "origin", "watermark", "gaps", "recovered")
    values = {name: getattr(event, name, None) for name in names}
    shown = " ".join(f"{name}={_short(value)}" for name, value in values.items() if value is not None)
    return f"{event.kind} {own_id[:8]} {shown}"


def of_mailbox_change(change: LoggedEvent) -> str:
    """Return what happened in a mailbox."""
    return f"{change.event.type} {change.event.id[:8]} at {(change.at - START) / 60:.2f} min"
