"""The notifications that a mail server posts: created items, with consecutive watermarks."""

import base64
from collections.abc import Iterable
from typing import Final

from ewspush.protocol.namespaces import MESSAGES, SOAP, TYPES

ITEM_PREFIX: Final = "Item-of-a-test-"
"""The beginning of every item id, so that logs can be searched for ids."""


def watermark(number: int) -> str:
    """Return the watermark of change `number`, in the form of Amazon WorkMail's guide."""
    return base64.b64encode(number.to_bytes(8, "little")).decode()


def item(number: int) -> str:
    """Return the id of the item that change `number` created."""
    return f"{ITEM_PREFIX}{number:06d}"


def notification(numbers: Iterable[int]) -> bytes:
    """Return the notification of the consecutive changes `numbers`."""
    changes = list(numbers)
    events = "".join(map(_created, changes))
    return _enveloped(changes[0] - 1, events).encode()


def heartbeat(number: int) -> bytes:
    """Return the StatusEvent after change `number`; it has the watermark of that change."""
    event = f"<t:StatusEvent><t:Watermark>{watermark(number)}</t:Watermark></t:StatusEvent>"
    return _enveloped(number, event).encode()


def _created(number: int) -> str:
    return (
        f"<t:CreatedEvent><t:Watermark>{watermark(number)}</t:Watermark><t:TimeStamp>2026-03-04T09:15:35Z</t:TimeStamp>"
        f'<t:ItemId Id="{item(number)}"/><t:ParentFolderId Id="{ITEM_PREFIX}inbox"/></t:CreatedEvent>'
    )


def _enveloped(previous: int, events: str) -> str:
    return (
        f'<s:Envelope xmlns:s="{SOAP}"><s:Body><m:SendNotification xmlns:m="{MESSAGES}" xmlns:t="{TYPES}">'
        '<m:ResponseMessages><m:SendNotificationResponseMessage ResponseClass="Success">'
        "<m:ResponseCode>NoError</m:ResponseCode><m:Notification><t:SubscriptionId>a-subscription</t:SubscriptionId>"
        f"<t:PreviousWatermark>{watermark(previous)}</t:PreviousWatermark><t:MoreEvents>false</t:MoreEvents>{events}"
        "</m:Notification></m:SendNotificationResponseMessage></m:ResponseMessages></m:SendNotification></s:Body>"
        "</s:Envelope>"
    )
