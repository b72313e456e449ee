"""Notifications as mail servers post them, with ids as long as real ones."""

import base64
from typing import Final

from ewspush.protocol.namespaces import MESSAGES, SOAP, TYPES

_ITEM_ID_BYTES: Final = 114
"""An Exchange item id has 152 characters."""

_FOLDER_ID_BYTES: Final = 84
_CHANGE_KEY_BYTES: Final = 24
_WATERMARK_BYTES: Final = 29


def watermark(number: int) -> str:
    """Return the watermark of change `number`."""
    return _opaque(number, _WATERMARK_BYTES)


def notification(first: int, count: int) -> bytes:
    """Return the notification of `count` created items, the changes from `first` on."""
    return _enveloped(first - 1, "".join(map(_created, range(first, first + count))))


def heartbeat(number: int) -> bytes:
    """Return the StatusEvent after change `number`."""
    return _enveloped(number, f"<t:StatusEvent><t:Watermark>{watermark(number)}</t:Watermark></t:StatusEvent>")


def _created(number: int) -> str:
    item, change_key = _opaque(number, _ITEM_ID_BYTES), _opaque(number, _CHANGE_KEY_BYTES)
    parent = f'Id="{_opaque(1, _FOLDER_ID_BYTES)}" ChangeKey="{_opaque(2, _CHANGE_KEY_BYTES)}"'
    return (
        f"<t:CreatedEvent><t:Watermark>{watermark(number)}</t:Watermark><t:TimeStamp>2026-03-04T09:15:35Z</t:TimeStamp>"
        f'<t:ItemId Id="{item}" ChangeKey="{change_key}"/><t:ParentFolderId {parent}/></t:CreatedEvent>'
    )


def _enveloped(previous: int, events: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap11:Envelope xmlns:soap11="{SOAP}"><soap11:Header>'
        f'<t:RequestServerVersion Version="Exchange2016" xmlns:t="{TYPES}"/></soap11:Header><soap11:Body>'
        f'<m:SendNotification xmlns:t="{TYPES}" xmlns:m="{MESSAGES}"><m:ResponseMessages>'
        '<m:SendNotificationResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
        f"<m:Notification><t:SubscriptionId>{_opaque(0, 72)}</t:SubscriptionId>"
        f"<t:PreviousWatermark>{watermark(previous)}</t:PreviousWatermark><t:MoreEvents>false</t:MoreEvents>{events}"
        "</m:Notification></m:SendNotificationResponseMessage></m:ResponseMessages></m:SendNotification>"
        "</soap11:Body></soap11:Envelope>"
    ).encode()


def _opaque(number: int, size_bytes: int) -> str:
    return base64.b64encode(number.to_bytes(8, "big").rjust(size_bytes, b"\x11")).decode()
