"""The published schema and the documents that are published agree."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ewspush.adapters.cloud_events import DATA_SCHEMA, Document, documents_of
from ewspush.domain.events import Event, EventKind, LoggedNotification, Origin, arrival
from ewspush.domain.subscription import GapReason
from tests.builders import MAILBOX, NOON, created, subscription
from tests.unit.adapters.each_event import (
    FOLDER_CHANGES,
    ITEM_CHANGES,
    TOO_LONG,
    closed,
    each_event,
    gap_events,
    not_recovered,
    pushed_events,
    synced_events,
)

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "mailbox-event.v1.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


def documents(*events: Event) -> list[Document]:
    """Return the documents of `events`."""
    return documents_of(LoggedNotification(subscription().key, MAILBOX, arrival(NOON), NOON, 1, events))


@pytest.mark.parametrize(
    "document", documents(*each_event(), *pushed_events(TOO_LONG)), ids=lambda document: document["type"]
)
def test_every_document_is_valid(document: Document) -> None:
    """Also after a way through JSON."""
    VALIDATOR.validate(json.loads(json.dumps(document)))


def test_every_kind_reason_and_origin_is_among_them() -> None:
    """None is left out of what is validated."""
    events = each_event()
    assert {event.kind for event in events} == set(EventKind)
    assert {event.origin for event in events} == set(Origin)
    assert {gap.reason for gap in gap_events()} == set(GapReason)


def test_everything_that_a_sync_finds_is_among_them() -> None:
    """No change of a page is passed over here."""
    assert len(synced_events()) == len(ITEM_CHANGES) + len(FOLDER_CHANGES)


def test_the_schema_is_one_and_documents_name_it() -> None:
    """By its id."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == DATA_SCHEMA


@pytest.mark.parametrize(
    "broken", [{"id": "1"}, {"type": "created"}, {"time": "noon"}, {"data": {}}, {"specversion": "0.3"}]
)
def test_the_schema_can_fail(broken: dict[str, Any]) -> None:
    """It refuses what is no document."""
    (document,) = documents(*pushed_events(created("a", "w")))
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(document | broken)


@pytest.mark.parametrize("broken", [{"gaps": []}, {"gaps": None}, {"recovered": -1}, {"from": "noon"}, {"origin": "x"}])
@pytest.mark.parametrize("event", [closed(), not_recovered()])
def test_what_is_published_of_a_gap_can_fail(broken: dict[str, Any], event: Event) -> None:
    """It names at least one gap, and counts."""
    (document,) = documents(event)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(document | {"data": document["data"] | broken})


@pytest.mark.parametrize("name", ["gaps", "recovered", "from", "to", "received_at"])
def test_a_closed_gap_lacks_nothing(name: str) -> None:
    """Each of its properties is required."""
    (document,) = documents(closed())
    del document["data"][name]
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(document)
