"""What must hold for the result of a reader, whatever the input."""

from collections.abc import Callable

from lxml import etree

from ewspush.errors import UnreadableNotificationError
from ewspush.protocol import hardened_xml
from ewspush.protocol.notification import Notification, ResponseMessage
from ewspush.protocol.reader import MAX_IDENTIFIER_CHARACTERS, MAX_RAW_XML_CHARACTERS
from ewspush.protocol.response_codes import MAX_CODE_CHARACTERS
from ewspush.protocol.soap import MAX_TEXT_CHARACTERS, Refused
from ewspush.protocol.synchronization import HierarchyPage, ItemsPage, UnusablePage


class BrokenPromiseError(AssertionError):
    """Raised where the code returns what it must not return."""


def promise(kept: bool, broken: str) -> None:
    """Raise `BrokenPromiseError` if a promise is broken; `assert` would not, under -O."""
    if not kept:
        raise BrokenPromiseError(broken)


def accepted_root(body: bytes, parse: Callable[[bytes], etree._Element]) -> etree._Element | None:
    """Return the root where a hardened parser accepts a body, and check that it has nothing forbidden."""
    try:
        root = parse(body)
    except UnreadableNotificationError as refused:
        promise(refused.error_status_hint in {400, 413}, "a refusal with another status")
        return None
    promise(not root.getroottree().docinfo.doctype, "a DOCTYPE was accepted")
    for element in root.iter():
        promise(isinstance(element.tag, str), "a comment, an instruction or an entity was accepted")
    if body.count(b"=") > hardened_xml.MAX_ATTRIBUTES:  # else they are few, and counting takes time
        promise(
            max(map(_attribute_count, root.iter())) <= hardened_xml.MAX_ATTRIBUTES, "too many attributes were accepted"
        )
    return root


def _attribute_count(element: etree._Element) -> int:
    parent = element.getparent()
    inherited = parent.nsmap if parent is not None else {}
    return len(element.attrib) + sum(inherited.get(prefix) != uri for prefix, uri in element.nsmap.items())


def check_notification(parsed: Notification) -> None:
    """Check that it has messages, each bounded."""
    promise(bool(parsed.messages), "a notification without a message")
    for message in parsed.messages:
        _check_message(message)
    written = sum(len(event.raw_xml or "") for message in parsed.messages for event in message.events)
    promise(written <= MAX_RAW_XML_CHARACTERS, "unbounded raw XML of unknown events")


def _check_message(message: ResponseMessage) -> None:
    promise(message.is_error or bool(message.subscription_id), "a subscription without an id")
    stored = [message.response_code, message.subscription_id, message.previous_watermark]
    for event in message.events:
        stored.append(event.watermark)
        if event.raw_xml is not None:
            promise(etree.QName(etree.fromstring(event.raw_xml)).localname == event.type, "raw XML of another event")
    promise(max(len(text or "") for text in stored) <= MAX_IDENTIFIER_CHARACTERS, "an unbounded identifier")


def check_refused(refused: Refused) -> None:
    """Check that its code, text and back-off are bounded."""
    promise(0 < len(refused.response_code) <= MAX_CODE_CHARACTERS, "an unbounded code")
    promise(len(refused.text or "") <= MAX_TEXT_CHARACTERS, "an unbounded text")
    promise(refused.back_off_ms is None or refused.back_off_ms >= 0, "a negative back-off")


def check_page(page: ItemsPage | HierarchyPage | Refused | UnusablePage, sent: str | None) -> None:
    """Check that a page advances the sync state that was sent; it may be a refusal, or unusable."""
    if isinstance(page, UnusablePage):
        return
    if isinstance(page, Refused):
        check_refused(page)
        return
    promise(bool(page.sync_state), "a page without a sync state")
    promise(page.is_last or page.sync_state != sent, "a sync that never ends")
    promise(page.passed_over >= 0 and all(change.id for change in page.changes), "a change without an id")
