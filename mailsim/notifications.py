"""Notifications as they go out, in each profile's shape."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from mailsim.mailbox_events import Change, EventType
from mailsim.profiles import Profile
from mailsim.responses import error_texts
from mailsim.soap import MESSAGES, SOAP, TYPES, texted
from mailsim.watermarks import encoded

_DECLARATION: Final = '<?xml version="1.0" encoding="utf-8"?>'
_GUIDES_DECLARATION: Final = '<?xml version="1.0 (http://www.w3.org/TR/REC-xml/)" encoding="utf-8"?>'
_NAMESPACES: Final = f'xmlns:t="{TYPES}" xmlns:m="{MESSAGES}"'
_CHANGE_KEYS: Final = {"item": "CQAAAA==", "folder": "AQAAAA=="}
"""The constant stubs in Exchange's notifications; WorkMail's have none."""


def events(profile: Profile, mailbox: str, head: tuple[str, str, bool], changes: Sequence[Change]) -> bytes:
    """Return a notification of changes. `head`: SubscriptionId, PreviousWatermark, MoreEvents."""
    inside = "".join(_event(profile, change, encoded(profile, mailbox, change.counter)) for change in changes)
    return _notification(profile, _success(*head, inside), _declaration(profile))


def heartbeat(profile: Profile, head: tuple[str, str, bool], watermark: str) -> bytes:
    """Return a notification with one StatusEvent. `head`: SubscriptionId, PreviousWatermark, MoreEvents."""
    inside = f"<t:StatusEvent>{texted('t:Watermark', watermark)}</t:StatusEvent>"
    declaration = _GUIDES_DECLARATION if profile.malformed_declaration else _DECLARATION
    return _notification(profile, _success(*head, inside), declaration)


def lost(profile: Profile, subscription_id: str, code: str) -> bytes:
    """Return the last notification of a subscription: class Error and no Notification element, as in public traces."""
    text = "Unable to retrieve events for this subscription.  The subscription must be recreated."
    values = f'<m:MessageXml><t:Value Name="SubscriptionId">{escape(subscription_id)}</t:Value></m:MessageXml>'
    return _notification(profile, _message("Error", error_texts(text, code, values)), _declaration(profile))


def _notification(profile: Profile, message: str, declaration: str) -> bytes:
    s = "soap" if profile.name == "workmail" else "soap11"
    return (
        f'{declaration}<{s}:Envelope xmlns:{s}="{SOAP}"><{s}:Header>'
        f'<t:RequestServerVersion {_NAMESPACES} Version="{profile.server_version}"/></{s}:Header><{s}:Body>'
        f"<m:SendNotification {_NAMESPACES}><m:ResponseMessages>{message}</m:ResponseMessages></m:SendNotification>"
        f"</{s}:Body></{s}:Envelope>"
    ).encode()


def _declaration(profile: Profile) -> str:
    """WorkMail's event sample has no XML declaration, Exchange's traces have one."""
    return "" if profile.name == "workmail" else _DECLARATION


def _success(subscription_id: str, previous: str, more: bool, inside: str) -> str:  # noqa: FBT001  # as in the schema
    head = texted("t:SubscriptionId", subscription_id) + texted("t:PreviousWatermark", previous)
    content = f"{head}{texted('t:MoreEvents', str(more).lower())}{inside}"
    return _message("Success", f"{texted('m:ResponseCode', 'NoError')}<m:Notification>{content}</m:Notification>")


def _message(response_class: str, content: str) -> str:
    name = "m:SendNotificationResponseMessage"
    return f'<{name} ResponseClass="{response_class}">{content}</{name}>'


def _event(profile: Profile, change: Change, watermark: str) -> str:
    told = change.told
    kind = "Item" if told.object == "item" else "Folder"
    exchange = profile.name == "exchange"
    ids = (
        (f"{kind}Id", told.id, told.object),
        ("ParentFolderId", told.parent_id, "folder"),
        (f"Old{kind}Id", told.old_id, told.object),
        ("OldParentFolderId", told.old_parent_id, "folder"),
    )
    counts = exchange and told.type == EventType.MODIFIED and told.unread is not None
    parts = (
        texted("t:Watermark", watermark),
        texted("t:TimeStamp", datetime.fromtimestamp(change.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
        *_ids(ids, with_keys=exchange),
        texted("t:UnreadCount", str(told.unread)) if counts else "",
    )
    return f"<t:{told.type}>{''.join(parts)}</t:{told.type}>"


def _ids(ids: Iterable[tuple[str, str | None, str]], *, with_keys: bool) -> list[str]:
    """Spell ids as start and end tags, the way both servers' samples do or may do."""
    keys = {kind: f' ChangeKey="{key}"' if with_keys else "" for kind, key in _CHANGE_KEYS.items()}
    return [f"<t:{name} Id={quoteattr(value)}{keys[kind]}></t:{name}>" for name, value, kind in ids if value]
