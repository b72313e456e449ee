"""What is fuzzed, and what must hold for every input: no error but the reader's own, and nothing let through."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lxml import etree

from ewspush.errors import UnreadableNotificationError
from ewspush.handlers.http import body_of
from ewspush.protocol import hardened_xml
from ewspush.protocol.lookup import LookupRequest, parse_get_items
from ewspush.protocol.notification import Notification, ResponseMessage
from ewspush.protocol.reader import MAX_IDENTIFIER_CHARACTERS, MAX_RAW_XML_CHARACTERS, parse_notification
from ewspush.protocol.response_codes import MAX_CODE_CHARACTERS
from ewspush.protocol.soap import MAX_ANSWER_BYTES, Refused
from ewspush.protocol.subscribe import parse_subscribe_response
from ewspush.protocol.synchronization import (
    HierarchyPage,
    ItemsPage,
    SyncHierarchyRequest,
    SyncItemsRequest,
    parse_sync_hierarchy,
    parse_sync_items,
)

CORPUS: Final = Path(__file__).parent / "corpus"
_STATUSES: Final = (200, 500)
_STATES: Final = (None, "s0")
_ASKED_FOR: Final = (("a",), ("a", "b"))


class BrokenPromiseError(AssertionError):
    """Raised where the code returns what it must not return."""


@dataclass(frozen=True, slots=True)
class Target:
    """`check` raises for an input that shows a defect. New bodies are grown around `operations`."""

    name: str
    operations: tuple[str, ...]
    check: Callable[[bytes], None]

    def corpus(self) -> dict[str, bytes]:
        """Return its files by name: the shapes that servers send, and what was found."""
        return {file.name: file.read_bytes() for file in sorted((CORPUS / self.name).iterdir())}


def notification(body: bytes) -> None:
    """A POST is read, or refused in the one way there is, also where the gateway took it for text."""
    if _parsed(body, hardened_xml.MAX_BODY_BYTES) is not None:
        _read(body)
    for event in _as_handed_on(body):
        posted = body_of(event)
        if posted != body:
            _read(posted)


def subscribe(body: bytes) -> None:
    """An answer to Subscribe is read or refused, and raises nothing."""
    _parsed(body, MAX_ANSWER_BYTES)
    for status in _STATUSES:
        answer = parse_subscribe_response(status, body)
        if isinstance(answer, Refused):
            _check_refused(answer)
        else:
            _promise(bool(answer.subscription_id), "a subscription without an id")


def sync(body: bytes) -> None:
    """Answers to both sync operations are read or refused, and raise nothing."""
    _parsed(body, MAX_ANSWER_BYTES)
    for state in _STATES:
        _check_page(parse_sync_items(200, body, SyncItemsRequest("inbox", state)), state)
        _check_page(parse_sync_hierarchy(200, body, SyncHierarchyRequest(state)), state)


def lookup(body: bytes) -> None:
    """An answer to GetItem is read or refused, raises nothing, and tells of no item that was not asked for."""
    _parsed(body, MAX_ANSWER_BYTES)
    for ids in _ASKED_FOR:
        gone = parse_get_items(200, body, LookupRequest(ids))
        if isinstance(gone, Refused):
            _check_refused(gone)
        else:
            _promise(gone <= set(ids), "an item that was not asked for")


TARGETS: Final = {
    target.name: target
    for target in (
        Target("notification", ("m:SendNotification",), notification),
        Target("subscribe", ("m:SubscribeResponse",), subscribe),
        Target("sync", ("m:SyncFolderItemsResponse", "m:SyncFolderHierarchyResponse"), sync),
        Target("lookup", ("m:GetItemResponse",), lookup),
    )
}


def _promise(kept: bool, words: str) -> None:
    """Hold under -O too."""
    if not kept:
        raise BrokenPromiseError(words)


def _parsed(body: bytes, limit: int) -> etree._Element | None:
    """Return the root where the body is let through to a reader, having looked for what must never be."""
    try:
        root = hardened_xml.parse(body, max_bytes=limit)
    except UnreadableNotificationError as refused:
        _promise(refused.error_status_hint in {400, 413}, "a refusal with an answer that is none")
        return None
    _promise(not root.getroottree().docinfo.doctype, "a DOCTYPE came through")
    for element in root.iter():
        _promise(isinstance(element.tag, str), "a comment, an instruction or an entity came through")
    if body.count(b"=") > hardened_xml.MAX_ATTRIBUTES:  # else there is nothing to count, which takes its time
        _promise(max(map(_crowd, root.iter())) <= hardened_xml.MAX_ATTRIBUTES, "too many attributes came through")
    return root


def _crowd(element: etree._Element) -> int:
    parent = element.getparent()
    inherited = parent.nsmap if parent is not None else {}
    return len(element.attrib) + sum(inherited.get(prefix) != uri for prefix, uri in element.nsmap.items())


def _as_handed_on(body: bytes) -> Iterator[dict[str, Any]]:
    yield {"body": body.decode("utf-8", "replace"), "isBase64Encoded": False}
    yield {"body": body.decode("utf-8", "surrogateescape")}
    yield {"body": body.decode("latin-1"), "isBase64Encoded": True}


def _read(body: bytes) -> None:
    try:
        told = parse_notification(body)
    except UnreadableNotificationError:
        return
    _check_notification(told)


def _check_notification(told: Notification) -> None:
    _promise(bool(told.messages), "a notification without a message")
    for message in told.messages:
        _check_message(message)
    written = sum(len(event.raw_xml or "") for message in told.messages for event in message.events)
    _promise(written <= MAX_RAW_XML_CHARACTERS, "unknown events without a bound")


def _check_message(message: ResponseMessage) -> None:
    _promise(message.is_error or bool(message.subscription_id), "a subscription without an id")
    stored = [message.response_code, message.subscription_id, message.previous_watermark]
    for event in message.events:
        stored.append(event.watermark)
        if event.raw_xml is not None:
            _promise(etree.QName(etree.fromstring(event.raw_xml)).localname == event.type, "raw XML of another event")
    _promise(max(len(text or "") for text in stored) <= MAX_IDENTIFIER_CHARACTERS, "an identifier without a bound")


def _check_refused(refused: Refused) -> None:
    _promise(0 < len(refused.response_code) <= MAX_CODE_CHARACTERS, "a code without a bound")
    _promise(refused.back_off_ms is None or refused.back_off_ms >= 0, "a back-off into the past")


def _check_page(page: ItemsPage | HierarchyPage | Refused, sent: str | None) -> None:
    if isinstance(page, Refused):
        _check_refused(page)
        return
    _promise(bool(page.sync_state), "a page without a state")
    _promise(page.is_last or page.sync_state != sent, "a sync that never ends")
    _promise(page.passed_over >= 0 and all(change.id for change in page.changes), "a change without an id")
