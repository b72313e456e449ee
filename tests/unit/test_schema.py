"""The published schema and the documents that are handed on agree."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ewspush.domain.events import DATA_SCHEMA, GapReason, gap_document, push_documents
from ewspush.domain.sync_events import closing_document, sync_document
from ewspush.protocol.notification import KNOWN_EVENTS, STATUS_EVENT, MailboxEvent, ObjectKind
from ewspush.protocol.synchronization import ChangeKind, FolderChange, ItemChange
from tests.stories import NOON, callback, created, subscription

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "mailbox-event.v1.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())

EVENTS = [
    *(
        MailboxEvent(name, kind, "id", watermark="w")
        for name in KNOWN_EVENTS
        if name != STATUS_EVENT
        for kind in ObjectKind
    ),
    MailboxEvent("CreatedEvent"),
    MailboxEvent("ModifiedEvent", ObjectKind.FOLDER, "id", unread_count=3, timestamp="2026-03-04T24:00:00"),
    MailboxEvent(
        "MovedEvent", ObjectKind.ITEM, "new", "ck", "parent", "pck", "old", "ock", "old-parent", "w", "no date"
    ),
    MailboxEvent("PinnedEvent", watermark="w", raw_xml="<PinnedEvent/>"),
    MailboxEvent("CreatedEvent", ObjectKind.ITEM, "x" * 300_000),
]


ITEM_CHANGES = [
    *(ItemChange(kind, "id", "ck", "2026-03-04T12:00:00Z") for kind in ChangeKind),
    ItemChange(ChangeKind.DELETED, "id"),
    ItemChange(ChangeKind.READ_FLAG_CHANGED, "id", "ck", is_read=True),
    ItemChange(ChangeKind.CREATED, "id", None, "no date"),
    ItemChange(ChangeKind.CREATED, "x" * 300_000),
]
FOLDER_CHANGES = [
    *(FolderChange(kind, "id", "ck", "parent") for kind in ChangeKind),
    FolderChange(ChangeKind.DELETED, "id"),
]


def sync_documents() -> list[dict[str, Any]]:
    """Return a document of everything that a sync tells."""
    changes: list[tuple[str, ItemChange | FolderChange]] = [("inbox", change) for change in ITEM_CHANGES]
    changes += [("", change) for change in FOLDER_CHANGES]
    told = [sync_document(subscription(), change, place, "state", NOON) for place, change in changes]
    return [document for document in told if document is not None]


def documents() -> list[dict[str, Any]]:
    """Return a document of every kind."""
    gaps = [gap_document(callback(), reason, NOON, NOON, "ErrorReadEventsFailed") for reason in GapReason]
    return push_documents(callback(), EVENTS, NOON) + sync_documents() + gaps + [closed(), closed(is_whole=False)]


def closed(*, is_whole: bool = True) -> dict[str, Any]:
    """Return what is said of a gap that was recovered, or not wholly."""
    return closing_document(callback(), ["0" * 32], (NOON, NOON), 0, NOON, is_whole=is_whole)


@pytest.mark.parametrize("document", documents(), ids=lambda document: document["type"])
def test_every_document_is_valid(document: dict[str, Any]) -> None:
    """And stays so on its way through JSON."""
    VALIDATOR.validate(json.loads(json.dumps(document)))


def test_the_schema_is_one_and_documents_name_it() -> None:
    """By its id."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == DATA_SCHEMA


@pytest.mark.parametrize(
    "broken", [{"id": "1"}, {"type": "created"}, {"time": "noon"}, {"data": {}}, {"specversion": "0.3"}]
)
def test_the_schema_can_fail(broken: dict[str, Any]) -> None:
    """A document that is none is refused."""
    (document,) = push_documents(callback(), [created("a", "w")], NOON)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(document | broken)


@pytest.mark.parametrize("broken", [{"gaps": []}, {"gaps": None}, {"recovered": -1}, {"from": "noon"}, {"origin": "x"}])
@pytest.mark.parametrize("is_whole", [True, False])
def test_what_is_said_of_a_gap_can_fail(broken: dict[str, Any], is_whole: bool) -> None:
    """It names at least one gap, and counts."""
    document = closed(is_whole=is_whole)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(document | {"data": document["data"] | broken})


@pytest.mark.parametrize("name", ["gaps", "recovered", "from", "to", "received_at"])
def test_a_closed_gap_lacks_nothing(name: str) -> None:
    """Each of its properties is needed."""
    document = closed()
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(document | {"data": {key: value for key, value in document["data"].items() if key != name}})


def test_everything_that_a_sync_tells_has_a_document() -> None:
    """None is left out of what is validated."""
    assert len(sync_documents()) == len(ITEM_CHANGES) + len(FOLDER_CHANGES)
