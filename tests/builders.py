"""What tests of the rules build: a subscription, its callback, and POSTs that follow each other."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ewspush.domain.callback import Callback
from ewspush.domain.desired import DesiredSubscription, new_subscription
from ewspush.domain.received_push import ReceivedPush, read_push
from ewspush.domain.subscription import State, Subscription
from ewspush.domain.timing import Timing
from ewspush.protocol.notification import (
    STATUS_EVENT,
    MailboxEvent,
    Notification,
    ObjectKind,
    ResponseClass,
    ResponseMessage,
)

NOON: Final = datetime(2026, 3, 4, 12, 0, 0, tzinfo=UTC)
MAILBOX: Final = "alice@example.com"
ZERO: Final = "AAAAAAAAAAA="
TIMING: Final = Timing(timedelta(minutes=1))


def subscription(**changes: Any) -> Subscription:
    """Return an active subscription in generation 1 at watermark `w1`, whose last push came at noon."""
    row = replace(
        new_subscription(DesiredSubscription(MAILBOX), NOON),
        state=State.ACTIVE,
        generation=1,
        subscription_id="S1",
        watermark="w1",
        last_seen_at=NOON,
        suspected_gap_since=None,
        suspected_gap_reason=None,
    )
    return replace(row, **changes)


def callback(generation: int = 1) -> Callback:
    """Return the callback of `subscription()` for a generation."""
    return Callback(subscription().key, MAILBOX, generation)


def created(item: str, watermark: str | None) -> MailboxEvent:
    """Return the CreatedEvent of an item."""
    return MailboxEvent(
        "CreatedEvent",
        ObjectKind.ITEM,
        item,
        parent_folder_id="inbox",
        watermark=watermark,
        timestamp="2026-03-04T11:59:00Z",
    )


def status(watermark: str | None) -> MailboxEvent:
    """Return a heartbeat."""
    return MailboxEvent(STATUS_EVENT, watermark=watermark)


def message(previous: str | None, *events: MailboxEvent, subscription_id: str = "S1") -> ResponseMessage:
    """Return a Success message that follows watermark `previous`."""
    return ResponseMessage(
        ResponseClass.SUCCESS,
        response_code="NoError",
        subscription_id=subscription_id,
        previous_watermark=previous,
        events=events,
    )


def error(code: str = "ErrorReadEventsFailed", back_off_ms: int | None = None) -> ResponseMessage:
    """Return an error-class message."""
    return ResponseMessage(ResponseClass.ERROR, response_code=code, subscription_id="S1", back_off_ms=back_off_ms)


def posted(*messages: ResponseMessage, generation: int = 1, minute: float = 1) -> ReceivedPush:
    """Return a received POST, `minute` minutes after noon."""
    return read_push(callback(generation), Notification(messages), NOON + timedelta(minutes=minute))


def events(
    previous: str | None, *pairs: tuple[str, str | None], generation: int = 1, minute: float = 1
) -> ReceivedPush:
    """Return a received POST of created items, each an (item, watermark) pair."""
    return posted(message(previous, *(created(*pair) for pair in pairs)), generation=generation, minute=minute)
