"""A subscription that somebody wants: its row before anything was sent to the server."""

import base64
import hashlib
from datetime import datetime
from typing import Final

from ewspush.domain.subscription import State, Subscription

DEFAULT_STATUS_FREQUENCY_MINUTES: Final = 15
"""Heartbeat, retry window and detection in one dial: detected within half an hour, alive through a short outage."""

DEFAULT_EVENT_TYPES: Final = (
    "CopiedEvent",
    "CreatedEvent",
    "DeletedEvent",
    "ModifiedEvent",
    "MovedEvent",
    "NewMailEvent",
)
"""Those of the guide of Amazon WorkMail; FreeBusyChangedEvent is not known to be taken there."""

_SHARD: Final = "0"


def subscription_key(mailbox: str, name: str) -> str:
    """Return the key of the subscription `name` of `mailbox`: always the same, and it does not tell the address."""
    digest = hashlib.sha256(f"{mailbox.lower()}\0{name}".encode()).digest()
    return base64.b32encode(digest[:10]).decode().lower()


def wanted(mailbox: str, now: datetime, name: str = "default") -> Subscription:
    """Return the row of a new subscription to all folders of `mailbox`, due at once."""
    return Subscription(
        subscription_key(mailbox, name),
        mailbox,
        DEFAULT_STATUS_FREQUENCY_MINUTES,
        event_types=DEFAULT_EVENT_TYPES,
        state=State.WANTED,
        check_at=now,
        due_shard=_SHARD,
    )
