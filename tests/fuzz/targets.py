"""The readers that are fuzzed, and what must hold for every input: no error but the reader's own, no broken promise."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from ewspush.errors import UnreadableNotificationError
from ewspush.handlers.http import body_of
from ewspush.protocol import hardened_xml
from ewspush.protocol.lookup import LookupRequest, parse_get_items
from ewspush.protocol.reader import parse_notification
from ewspush.protocol.soap import MAX_ANSWER_BYTES, Refused
from ewspush.protocol.subscribe import parse_subscribe_response
from ewspush.protocol.synchronization import (
    SyncHierarchyRequest,
    SyncItemsRequest,
    parse_sync_hierarchy,
    parse_sync_items,
)
from tests.fuzz.checks import accepted_root, check_notification, check_page, check_refused, promise

CORPUS: Final = Path(__file__).parent / "corpus"
_STATUSES: Final = (200, 500)
_parse_answer: Final = partial(hardened_xml.parse_answer, max_bytes=MAX_ANSWER_BYTES)
_STATES: Final = (None, "s0")
_REQUESTED: Final = (("a",), ("a", "b"))


@dataclass(frozen=True, slots=True)
class Target:
    """`check` raises for an input that shows a defect. New bodies are generated with `operations`."""

    name: str
    operations: tuple[str, ...]
    check: Callable[[bytes], None]

    def corpus(self) -> dict[str, bytes]:
        """Return its files by name: the shapes that servers send, and inputs that showed a defect."""
        return {file.name: file.read_bytes() for file in sorted((CORPUS / self.name).iterdir())}


def notification(body: bytes) -> None:
    """A POST is read or raises `UnreadableNotificationError`, also where the gateway took it for text."""
    if accepted_root(body, hardened_xml.parse) is not None:
        _read(body)
    for event in _as_gateway_events(body):
        posted = body_of(event)
        if posted != body:
            _read(posted)


def subscribe(body: bytes) -> None:
    """An answer to Subscribe is read or refused, and raises nothing."""
    accepted_root(body, _parse_answer)
    for status in _STATUSES:
        answer = parse_subscribe_response(status, body)
        if isinstance(answer, Refused):
            check_refused(answer)
        else:
            promise(bool(answer.subscription_id), "a subscription without an id")


def sync(body: bytes) -> None:
    """Answers to both sync operations are read or refused, and raise nothing."""
    accepted_root(body, _parse_answer)
    for state in _STATES:
        check_page(parse_sync_items(200, body, SyncItemsRequest("inbox", state)), state)
        check_page(parse_sync_hierarchy(200, body, SyncHierarchyRequest(state)), state)


def lookup(body: bytes) -> None:
    """An answer to GetItem is read or refused, raises nothing, and says one thing of each item."""
    accepted_root(body, _parse_answer)
    for ids in _REQUESTED:
        answer = parse_get_items(200, body, LookupRequest(ids))
        if isinstance(answer, Refused):
            check_refused(answer)
        else:
            found = [*answer.present, *answer.missing, *answer.unanswered]
            promise(sorted(found) == sorted(ids), "an item twice, or not at all")


TARGETS: Final = {
    target.name: target
    for target in (
        Target("notification", ("m:SendNotification",), notification),
        Target("subscribe", ("m:SubscribeResponse",), subscribe),
        Target("sync", ("m:SyncFolderItemsResponse", "m:SyncFolderHierarchyResponse"), sync),
        Target("lookup", ("m:GetItemResponse",), lookup),
    )
}


def _as_gateway_events(body: bytes) -> Iterator[dict[str, Any]]:
    yield {"body": body.decode("utf-8", "replace"), "isBase64Encoded": False}
    yield {"body": body.decode("utf-8", "surrogateescape")}
    yield {"body": body.decode("latin-1"), "isBase64Encoded": True}


def _read(body: bytes) -> None:
    try:
        parsed = parse_notification(body)
    except UnreadableNotificationError:
        return
    check_notification(parsed)
