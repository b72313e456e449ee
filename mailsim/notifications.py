"""SendNotification requests, in each profile's shape."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from mailsim.mailbox_events import EventType, LoggedEvent
from mailsim.profiles import Profile
from mailsim.responses import error_elements
from mailsim.soap import MESSAGES, SOAP, TYPES, text_element
from mailsim.watermarks import encode_watermark

_DECLARATION: Final = '<?xml version="1.0" encoding="utf-8"?>'
_GUIDES_DECLARATION: Final = '<?xml version="1.0 (http://www.w3.org/TR/REC-xml/)" encoding="utf-8"?>'
_NAMESPACES: Final = f'xmlns:t="{TYPES}" xmlns:m="{MESSAGES}"'
_CHANGE_KEYS: Final = {"item": "CQAAAA==", "folder": "AQAAAA=="}
"""The constant stubs in Exchange's notifications; WorkMail's have none."""

Head = tuple[str, str, bool]
"""SubscriptionId, PreviousWatermark, MoreEvents."""


def build_event_notification(profile: Profile, mailbox: str, head: Head, events: Sequence[LoggedEvent]) -> bytes:
    """Return a notification with events, each with its watermark or with the one before the first of them."""
    _, previous, _ = head
    own = profile.event_watermark == "own"
    marks = [encode_watermark(profile, mailbox, each.counter) if own else previous for each in events]
    content = "".join(_event(profile, each, mark) for each, mark in zip(events, marks, strict=True))
    return _notification(profile, _success(*head, content), _declaration(profile))


def build_heartbeat(profile: Profile, head: Head, watermark: str) -> bytes:
    """Return a notification with one StatusEvent."""
    content = f"<t:StatusEvent>{text_element('t:Watermark', watermark)}</t:StatusEvent>"
    declaration = _GUIDES_DECLARATION if profile.malformed_declaration else _DECLARATION
    return _notification(profile, _success(*head, content), declaration)


def build_error_notification(profile: Profile, subscription_id: str, code: str) -> bytes:
    """Return the last notification of a subscription: class Error and no Notification element, as in public traces."""
    text = "Unable to retrieve events for this subscription.  The subscription must be recreated."
    values = f'<m:MessageXml><t:Value Name="SubscriptionId">{escape(subscription_id)}</t:Value></m:MessageXml>'
    return _notification(profile, _message("Error", error_elements(text, code, values)), _declaration(profile))


def _notification(profile: Profile, message: str, declaration: str) -> bytes:
    s = "soap" if profile.name == "workmail" else "soap11"
    return (
        f'{declaration}<{s}:Envelope xmlns:{s}="{SOAP}"><{s}:Header>'
        f'<t:RequestServerVersion {_NAMESPACES} Version="{profile.server_version}"/></{s}:Header><{s}:Body>'
        f"<m:SendNotification {_NAMESPACES}><m:ResponseMessages>{message}</m:ResponseMessages></m:SendNotification>"
        f"</{s}:Body></{s}:Envelope>"
    ).encode()


def _declaration(profile: Profile) -> str:
    """WorkMail's event sample has no XML declaration; Exchange's traces have one."""
    return "" if profile.name == "workmail" else _DECLARATION


def _success(subscription_id: str, previous: str, more: bool, events: str) -> str:  # noqa: FBT001  # as in the schema
    head = text_element("t:SubscriptionId", subscription_id) + text_element("t:PreviousWatermark", previous)
    content = f"{head}{text_element('t:MoreEvents', str(more).lower())}{events}"
    code = text_element("m:ResponseCode", "NoError")
    return _message("Success", f"{code}<m:Notification>{content}</m:Notification>")


def _message(response_class: str, content: str) -> str:
    name = "m:SendNotificationResponseMessage"
    return f'<{name} ResponseClass="{response_class}">{content}</{name}>'


def _event(profile: Profile, logged: LoggedEvent, watermark: str) -> str:
    event = logged.event
    kind = "Item" if event.object == "item" else "Folder"
    is_exchange = profile.name == "exchange"
    ids = (
        (f"{kind}Id", event.id, event.object),
        ("ParentFolderId", event.parent_id, "folder"),
        (f"Old{kind}Id", event.old_id, event.object),
        ("OldParentFolderId", event.old_parent_id, "folder"),
    )
    has_count = is_exchange and event.type == EventType.MODIFIED and event.unread_count is not None
    parts = (
        text_element("t:Watermark", watermark),
        text_element("t:TimeStamp", datetime.fromtimestamp(logged.time_stamp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
        *_ids(ids, with_keys=is_exchange),
        text_element("t:UnreadCount", str(event.unread_count)) if has_count else "",
    )
    return f"<t:{event.type}>{''.join(parts)}</t:{event.type}>"


def _ids(ids: Iterable[tuple[str, str | None, str]], *, with_keys: bool) -> list[str]:
    """Return ids with start and end tags, as in WorkMail's event sample; Exchange may write them so, too."""
    keys = {kind: f' ChangeKey="{key}"' if with_keys else "" for kind, key in _CHANGE_KEYS.items()}
    return [f"<t:{name} Id={quoteattr(value)}{keys[kind]}></t:{name}>" for name, value, kind in ids if value]
