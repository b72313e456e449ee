"""The published schema and the documents that are handed on agree."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ewspush.domain.events import DATA_SCHEMA, GapReason, gap_document, push_documents
from ewspush.protocol.notification import KNOWN_EVENTS, STATUS_EVENT, MailboxEvent, ObjectKind
from tests.stories import NOON, callback, created

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


def documents() -> list[dict[str, Any]]:
    """Return a document of every kind."""
    gaps = [gap_document(callback(), reason, NOON, NOON, "ErrorReadEventsFailed") for reason in GapReason]
    return push_documents(callback(), EVENTS, NOON) + gaps


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
