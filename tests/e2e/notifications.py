"""What a mail server posts: notifications of created items that follow each other."""

import base64
from collections.abc import Iterable
from typing import Final

from ewspush.protocol.namespaces import MESSAGES, SOAP, TYPES

ITEM_PREFIX: Final = "Item-of-a-test-"
"""Begins every item id, so that a log can be searched for them."""


def watermark(number: int) -> str:
    """Return the watermark of change `number`, in the form of the guide of Amazon WorkMail."""
    return base64.b64encode(number.to_bytes(8, "little")).decode()


def item(number: int) -> str:
    """Return the id of the item that change `number` made."""
    return f"{ITEM_PREFIX}{number:06d}"


def notification(numbers: Iterable[int]) -> bytes:
    """Return the POST that tells of changes `numbers`, which follow each other."""
    changes = list(numbers)
    events = "".join(map(_created, changes))
    return _enveloped(changes[0] - 1, events).encode()


def heartbeat(number: int) -> bytes:
    """Return the POST of a StatusEvent that comes after change `number` and moves nothing."""
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
