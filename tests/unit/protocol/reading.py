"""What the tests of the reader share: a body with one message or one event, and why a body is refused."""

import pytest

from ewspush.errors import Refusal, UnreadableNotificationError
from ewspush.protocol.notification import MailboxEvent, ResponseMessage
from ewspush.protocol.reader import parse_notification
from tests import payloads
from tests.payloads import envelope, notification, serialize


def sole(body: bytes) -> ResponseMessage:
    """Return the only response message of `body`."""
    (only,) = parse_notification(body).messages
    return only


def sole_event(part: payloads.Element) -> MailboxEvent:
    """Return what is read of one event."""
    (only,) = sole(serialize(envelope(notification(part)))).events
    return only


def reason_of(body: bytes) -> Refusal:
    """Return why `body` is refused."""
    with pytest.raises(UnreadableNotificationError) as refused:
        parse_notification(body)
    return refused.value.reason
