"""One POST, seen as a link of the watermark chain of the subscription whose URL it came to.

The signed URL says whose it is. Each subscription has a URL of its own, so every response message of a POST belongs to
it, whatever SubscriptionId the (unsigned) body names.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ewspush.domain.callback import Callback
from ewspush.domain.events import Document, push_documents
from ewspush.domain.timestamps import from_iso, rfc3339
from ewspush.protocol.notification import Notification, ResponseMessage
from ewspush.protocol.response_codes import MAX_CODE_CHARACTERS
from ewspush.protocol.watermark import is_real


@dataclass(frozen=True, slots=True)
class ReceivedPush:
    """A POST reduced to what the rules ask.

    `previous_watermark` and `watermark` are the ends of its link, None where the server gave none or the zero one.
    `marks` are all real watermarks of its events. `last_event_at` is when its last event happened, None where that is
    not said. `unbroken` is False where its own messages do not follow each other.
    `lost_code` is the ResponseCode of its first error-class message, and `back_off_ms` how long the server then wants
    to be left alone.
    """

    callback: Callback
    received_at: datetime
    subscription_id: str | None
    previous_watermark: str | None
    watermark: str | None
    marks: frozenset[str]
    documents: tuple[Document, ...]
    last_event_at: datetime | None
    unbroken: bool
    lost_code: str | None
    back_off_ms: int | None

    @property
    def is_heartbeat(self) -> bool:
        """Whether it brings nothing but a sign of life."""
        return not self.documents and self.lost_code is None


def read_push(callback: Callback, notification: Notification, received_at: datetime) -> ReceivedPush:
    """Return the delivery that `notification` is when it comes to the URL of `callback`."""
    messages = notification.messages
    subscription_id = next((message.subscription_id for message in messages if message.subscription_id), None)
    chain = [message for message in messages if message.subscription_id == subscription_id]
    error = next((message for message in messages if message.is_error), None)
    marks = [mark for message in chain for mark in _marks(message)]
    return ReceivedPush(
        callback,
        received_at,
        subscription_id,
        previous_watermark=_real(next((m.previous_watermark for m in chain if m.previous_watermark), None)),
        watermark=marks[-1] if marks else None,
        marks=frozenset(mark for message in messages for mark in _marks(message)),
        documents=tuple(push_documents(callback, (event for m in messages for event in m.events), received_at)),
        last_event_at=_last_event_at(messages),
        unbroken=_is_unbroken(chain),
        lost_code=(error.response_code or "unknown")[:MAX_CODE_CHARACTERS] if error is not None else None,
        back_off_ms=error.back_off_ms if error is not None else None,
    )


def _last_event_at(messages: Sequence[ResponseMessage]) -> datetime | None:
    timestamps = [event.timestamp for message in messages for event in message.events if not event.is_heartbeat]
    last = rfc3339(timestamps[-1]) if timestamps else None
    return from_iso(last) if last is not None else None


def _real(watermark: str | None) -> str | None:
    return watermark if is_real(watermark) else None


def _marks(message: ResponseMessage) -> Iterator[str]:
    return (event.watermark for event in message.events if event.watermark is not None and is_real(event.watermark))


def _is_unbroken(chain: Sequence[ResponseMessage]) -> bool:
    """Whether each message of the POST follows the one before it."""
    end = None
    for message in chain:
        start = _real(message.previous_watermark)
        if start is not None and end is not None and start != end:
            return False
        end = next(reversed(list(_marks(message))), end)
    return True
