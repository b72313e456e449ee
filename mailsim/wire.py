"""EWS as it goes out: answers to requests, and notifications in each profile's shape."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from mailsim.changes import Change, EventType
from mailsim.errors import EwsError
from mailsim.profiles import Profile
from mailsim.watermarks import encoded
from mailsim.xml import ERRORS, MESSAGES, SOAP, TYPES

_DECLARATION: Final = '<?xml version="1.0" encoding="utf-8"?>'
_GUIDES_DECLARATION: Final = '<?xml version="1.0 (http://www.w3.org/TR/REC-xml/)" encoding="utf-8"?>'
_NAMESPACES: Final = f'xmlns:t="{TYPES}" xmlns:m="{MESSAGES}"'
_CHANGE_KEYS: Final = {"item": "CQAAAA==", "folder": "AQAAAA=="}
"""The constant stubs in Exchange's notifications; WorkMail's have none."""


def subscribed(profile: Profile, subscription_id: str, watermark: str) -> bytes:
    """Return the answer to a Subscribe that succeeded."""
    texts = _text("m:ResponseCode", "NoError") + _text("m:SubscriptionId", subscription_id)
    return _subscribe_response(profile, "Success", texts + _text("m:Watermark", watermark))


def refused(profile: Profile, error: EwsError) -> tuple[int, bytes]:
    """Return the HTTP status and the body that tell of an error."""
    if error.fault:
        return 500, fault(error)
    return 200, _subscribe_response(profile, "Error", _error_texts(str(error), error.code, _back_off("m", error)))


def fault(error: EwsError) -> bytes:
    """Return the SOAP fault; its MessageXml is in the types namespace."""
    texts = f"{_text('e:ResponseCode', error.code)}{_text('e:Message', str(error))}{_back_off('t', error)}"
    return (
        f'{_DECLARATION}<soap:Envelope xmlns:soap="{SOAP}"><soap:Body><soap:Fault>'
        f'<faultcode xmlns:a="{TYPES}">a:{escape(error.code)}</faultcode>'
        f'<faultstring xml:lang="en-US">{escape(str(error))}</faultstring>'
        f'<detail xmlns:e="{ERRORS}" xmlns:t="{TYPES}">{texts}</detail>'
        "</soap:Fault></soap:Body></soap:Envelope>"
    ).encode()


def events(profile: Profile, mailbox: str, head: tuple[str, str, bool], changes: Sequence[Change]) -> bytes:
    """Return a notification of changes. `head`: SubscriptionId, PreviousWatermark, MoreEvents."""
    inside = "".join(_event(profile, change, encoded(profile, mailbox, change.counter)) for change in changes)
    return _notification(profile, _success(*head, inside), _declaration(profile))


def heartbeat(profile: Profile, head: tuple[str, str, bool], watermark: str) -> bytes:
    """Return a notification with one StatusEvent. `head`: SubscriptionId, PreviousWatermark, MoreEvents."""
    inside = f"<t:StatusEvent>{_text('t:Watermark', watermark)}</t:StatusEvent>"
    declaration = _GUIDES_DECLARATION if profile.malformed_declaration else _DECLARATION
    return _notification(profile, _success(*head, inside), declaration)


def lost(profile: Profile, subscription_id: str, code: str) -> bytes:
    """Return the last notification of a subscription: class Error and no Notification element, as in public traces."""
    text = "Unable to retrieve events for this subscription.  The subscription must be recreated."
    values = f'<m:MessageXml><t:Value Name="SubscriptionId">{escape(subscription_id)}</t:Value></m:MessageXml>'
    return _notification(profile, _message("Error", _error_texts(text, code, values)), _declaration(profile))


def _subscribe_response(profile: Profile, response_class: str, texts: str) -> bytes:
    numbers = ("MajorVersion", "MinorVersion", "MajorBuildNumber", "MinorBuildNumber")
    build = " ".join(f'{name}="{number}"' for name, number in zip(numbers, profile.server_build, strict=True))
    return (
        f'{_DECLARATION}<soap:Envelope xmlns:soap="{SOAP}" {_NAMESPACES}><soap:Header>'
        f'<t:ServerVersionInfo {build} Version="{profile.server_version}"/></soap:Header><soap:Body>'
        f"<m:SubscribeResponse><m:ResponseMessages>"
        f'<m:SubscribeResponseMessage ResponseClass="{response_class}">{texts}</m:SubscribeResponseMessage>'
        f"</m:ResponseMessages></m:SubscribeResponse></soap:Body></soap:Envelope>"
    ).encode()


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
    head = _text("t:SubscriptionId", subscription_id) + _text("t:PreviousWatermark", previous)
    content = f"{head}{_text('t:MoreEvents', str(more).lower())}{inside}"
    return _message("Success", f"{_text('m:ResponseCode', 'NoError')}<m:Notification>{content}</m:Notification>")


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
        _text("t:Watermark", watermark),
        _text("t:TimeStamp", datetime.fromtimestamp(change.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
        *_ids(ids, with_keys=exchange),
        _text("t:UnreadCount", str(told.unread)) if counts else "",
    )
    return f"<t:{told.type}>{''.join(parts)}</t:{told.type}>"


def _ids(ids: Iterable[tuple[str, str | None, str]], *, with_keys: bool) -> list[str]:
    """Spell ids as start and end tags, the way both servers' samples do or may do."""
    keys = {kind: f' ChangeKey="{key}"' if with_keys else "" for kind, key in _CHANGE_KEYS.items()}
    return [f"<t:{name} Id={quoteattr(value)}{keys[kind]}></t:{name}>" for name, value, kind in ids if value]


def _error_texts(text: str, code: str, message_xml: str) -> str:
    texts = _text("m:MessageText", text) + _text("m:ResponseCode", code)
    return f"{texts}{_text('m:DescriptiveLinkKey', '0')}{message_xml}"


def _back_off(prefix: str, error: EwsError) -> str:
    if error.back_off_ms is None:
        return ""
    value = f'<t:Value Name="BackOffMilliseconds">{error.back_off_ms}</t:Value>'
    return f"<{prefix}:MessageXml>{value}</{prefix}:MessageXml>"


def _text(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"
