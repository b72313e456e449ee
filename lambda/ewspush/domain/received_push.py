"""One POST as the rules see it: a link of the watermark chain of the subscription whose URL it came to.

The signed URL says whose it is. Each subscription has a URL of its own, so every response message of a POST belongs to
it, whatever SubscriptionId the (unsigned) body names.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ewspush.domain.callback import Callback
from ewspush.domain.events import ChangeEvent, push_events
from ewspush.domain.timestamps import from_xsd
from ewspush.protocol.notification import Notification, ResponseMessage
from ewspush.protocol.response_codes import MAX_CODE_CHARACTERS
from ewspush.protocol.watermark import is_real


@dataclass(frozen=True, slots=True)
class ReceivedPush:
    """A POST reduced to what the rules ask."""

    callback: Callback
    received_at: datetime
    subscription_id: str | None
    previous_watermark: str | None
    """Where its link of the chain begins; None where the server gave none or the zero watermark."""
    watermark: str | None
    """Where its link ends; None likewise."""
    watermarks: frozenset[str]
    """All real watermarks of its events."""
    events: tuple[ChangeEvent, ...]
    last_event_at: datetime | None
    """When its last event happened; None where the server does not say, or there is none."""
    has_more_events: bool
    """MoreEvents: further events wait on the server."""
    is_unbroken: bool
    """Whether its messages follow each other."""
    lost_code: str | None
    """ResponseCode of its first error-class message, with which the server ends the subscription."""
    back_off_ms: int | None
    """How long the server then wants no requests."""

    @property
    def is_heartbeat(self) -> bool:
        """Whether it holds nothing but StatusEvents."""
        return not self.events and self.lost_code is None


def read_push(callback: Callback, notification: Notification, received_at: datetime) -> ReceivedPush:
    """Return what `notification` is when it comes to the URL of `callback`."""
    messages = notification.messages
    subscription_id = next((message.subscription_id for message in messages if message.subscription_id), None)
    chain = [message for message in messages if message.subscription_id == subscription_id]
    error = next((message for message in messages if message.is_error), None)
    watermarks = [watermark for message in chain for watermark in _watermarks(message)]
    events = tuple(event for message in messages for event in message.events)
    return ReceivedPush(
        callback,
        received_at,
        subscription_id,
        previous_watermark=_real(next((m.previous_watermark for m in chain if m.previous_watermark), None)),
        watermark=watermarks[-1] if watermarks else None,
        watermarks=frozenset(watermark for message in messages for watermark in _watermarks(message)),
        events=push_events(callback, events, received_at),
        last_event_at=from_xsd(next((event.timestamp for event in reversed(events) if not event.is_heartbeat), None)),
        has_more_events=any(message.more_events for message in messages),
        is_unbroken=_is_unbroken(chain),
        lost_code=(error.response_code or "unknown")[:MAX_CODE_CHARACTERS] if error is not None else None,
        back_off_ms=error.back_off_ms if error is not None else None,
    )


def _real(watermark: str | None) -> str | None:
    return watermark if is_real(watermark) else None


def _watermarks(message: ResponseMessage) -> Iterator[str]:
    return (event.watermark for event in message.events if event.watermark is not None and is_real(event.watermark))


def _is_unbroken(chain: Sequence[ResponseMessage]) -> bool:
    end = None
    for message in chain:
        start = _real(message.previous_watermark)
        if start is not None and end is not None and start != end:
            return False
        end = next(reversed(list(_watermarks(message))), end)
    return True
