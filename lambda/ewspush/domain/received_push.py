"""One POST as the rules see it: a link of the watermark chain of the subscription whose URL it came to.

The signed URL says whose it is. Each subscription has a URL of its own, so every response message of a POST belongs to
it, whatever SubscriptionId the (unsigned) body names.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ewspush.domain.callback import Callback
from ewspush.domain.events import ChangeEvent, push_events
from ewspush.domain.timestamps import from_iso, from_xsd, iso
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


def cut_before(push: ReceivedPush, event_id: str) -> tuple[ReceivedPush, ReceivedPush]:
    """Return `push` as two that follow each other: the first ends between two watermarks, and before that event.

    So the stored watermark never says more than is logged: a Subscribe that resumes from it brings the rest. Where too
    many events share one watermark, only the last part of them moves it.
    """
    position = next(number for number, event in enumerate(push.events) if event.id == event_id)
    between = next((each for each in range(position, 0, -1) if _is_between_watermarks(push.events, each)), None)
    head, tail = push.events[: between or position], push.events[between or position :]
    mark = head[-1].watermark if between is not None else None
    start = mark or push.previous_watermark
    shared = {start} if mark is None and start is not None else set()
    first = replace(
        push,
        watermark=mark,
        watermarks=_real_watermarks(head),
        events=head,
        last_event_at=_happened_at(head[-1]),
        has_more_events=True,
        lost_code=None,
        back_off_ms=None,
    )
    later = push.received_at + timedelta(microseconds=len(head))  # the log keeps the order of its times
    second = replace(
        push,
        received_at=later,
        previous_watermark=start,
        watermarks=_real_watermarks(tail) | shared,  # the chain does not distinguish a part of them from its copy
        events=tail,
        is_unbroken=True,
    )
    return first, second


def _is_between_watermarks(events: Sequence[ChangeEvent], position: int) -> bool:
    before, after = events[position - 1].watermark, events[position].watermark
    return is_real(before) and before != after


def _real_watermarks(events: Sequence[ChangeEvent]) -> frozenset[str]:
    return frozenset(event.watermark for event in events if event.watermark is not None and is_real(event.watermark))


def _happened_at(event: ChangeEvent) -> datetime | None:
    """Return the time by the server's clock; None where the server did not say, so that the event has ours."""
    return event.time if event.time != from_iso(iso(event.received_at)) else None


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
