"""Events and the documents that log and queue hold: there, back, and never too long."""

import json
from dataclasses import replace
from typing import Any, Final

import pytest

from ewspush.adapters.cloud_events import (
    MAX_DOCUMENT_BYTES,
    Document,
    documents_of,
    encoded,
    events_of,
    message_of,
)
from ewspush.domain.events import ChangeEvent, Event, EventKind, GapEvent, LoggedNotification, Origin, arrival
from ewspush.domain.subscription import GapReason, SubscriptionKey
from ewspush.domain.timestamps import from_iso
from ewspush.protocol.notification import ObjectKind
from tests.builders import NOON
from tests.unit.adapters.each_event import closed, each_event, not_recovered

KEY: Final = SubscriptionKey("sub-7f3a")
MAILBOX: Final = "ida@harbour.example"
CREATED: Final = ChangeEvent(
    "c" * 32,
    EventKind.CREATED,
    from_iso("2026-05-11T05:40:12Z"),
    NOON,
    Origin.PUSH,
    object=ObjectKind.ITEM,
    object_id="it-1",
    change_key="ck",
    parent_folder_id="f-1",
    watermark="KgEAAAAAAAA=",
)
LOST: Final = GapEvent(
    "d" * 32, NOON, NOON, GapReason.SUBSCRIPTION_LOST, NOON, Origin.PUSH, response_code="ErrorReadEventsFailed"
)

UNREADABLE: Final = (LookupError, TypeError, ValueError)


def document_of(event: Event, mailbox: str = MAILBOX) -> Document:
    """Return the document of one event."""
    (document,) = documents_of(LoggedNotification(KEY, mailbox, arrival(NOON), NOON, 4, (event,)))
    return document


class TestDocument:
    """CloudEvents 1.0, as schemas/mailbox-event.v1.json has them."""

    def test_a_change_has_the_attributes_of_cloudevents(self) -> None:
        """Required attributes, the time of the event in UTC, and all that the server says in data."""
        assert document_of(CREATED) == {
            "specversion": "1.0",
            "id": CREATED.id,
            "source": "/mailboxes/ida@harbour.example",
            "type": "ews.mailbox.created",
            "subject": "it-1",
            "time": "2026-05-11T05:40:12Z",
            "datacontenttype": "application/json",
            "dataschema": "tag:ews-push,2026:/schemas/mailbox-event.v1.json",
            "data": {
                "mailbox": "ida@harbour.example",
                "subscription": "sub-7f3a",
                "object": "item",
                "id": "it-1",
                "change_key": "ck",
                "parent_folder_id": "f-1",
                "old_id": None,
                "old_parent_folder_id": None,
                "unread_count": None,
                "watermark": "KgEAAAAAAAA=",
                "received_at": "2026-03-04T12:00:00.000Z",
                "origin": "push",
            },
        }

    def test_a_gap_says_from_when_to_when_and_why(self) -> None:
        """With the server's code, where it lost the subscription."""
        document = document_of(LOST)
        assert (document["type"], document["time"]) == ("ews.mailbox.gap", "2026-03-04T12:00:00.000Z")
        assert document["data"] == {
            "mailbox": "ida@harbour.example",
            "subscription": "sub-7f3a",
            "from": "2026-03-04T12:00:00.000Z",
            "to": "2026-03-04T12:00:00.000Z",
            "reason": "subscription-lost",
            "response_code": "ErrorReadEventsFailed",
            "received_at": "2026-03-04T12:00:00.000Z",
            "origin": "push",
        }

    def test_what_closes_gaps_names_them(self) -> None:
        """And counts what was recovered."""
        document = document_of(closed())
        assert document["type"] == "ews.mailbox.gap_closed"
        assert document["data"] == {
            "mailbox": "ida@harbour.example",
            "subscription": "sub-7f3a",
            "from": "2026-03-04T12:00:00.000Z",
            "to": "2026-03-04T12:00:00.000Z",
            "gaps": ["0" * 32],
            "recovered": 7,
            "deleted_folders": ["folder"],
            "received_at": "2026-03-04T12:00:00.000Z",
            "origin": "sync",
        }

    def test_gaps_that_stay_open_are_named_by_a_gap(self) -> None:
        """With what was recovered all the same."""
        document = document_of(not_recovered())
        data = document["data"]
        assert (document["type"], data["reason"], data["response_code"]) == ("ews.mailbox.gap", "not-recovered", None)
        assert (data["gaps"], data["recovered"], data["origin"]) == (["0" * 32, "1" * 32], 0, "sync")

    def test_an_unknown_event_has_its_xml_and_no_subject(self) -> None:
        """Nothing else is known of it."""
        unknown = ChangeEvent(
            "e" * 32, EventKind.UNKNOWN, NOON, NOON, Origin.PUSH, name="ArchivedEvent", raw_xml="<t:ArchivedEvent/>"
        )
        document = document_of(unknown)
        assert document["type"] == "ews.mailbox.unknown"
        assert (document["data"]["name"], document["data"]["raw_xml"]) == ("ArchivedEvent", "<t:ArchivedEvent/>")
        assert "subject" not in document

    @pytest.mark.parametrize(
        ("mailbox", "source"),
        [
            ("o'neil+cc@harbour.example", "/mailboxes/o'neil+cc@harbour.example"),
            ("a#b?c%d/e@harbour.example", "/mailboxes/a%23b%3Fc%25d%2Fe@harbour.example"),
            ("ü b@harbour.example", "/mailboxes/%C3%BC%20b@harbour.example"),
        ],
    )
    def test_source_is_a_uri_reference(self, mailbox: str, source: str) -> None:
        """Characters that mean something in a URI are escaped."""
        assert document_of(CREATED, mailbox)["source"] == source


class TestRoundTrip:
    """What the log holds reads back as the events that were logged."""

    @pytest.mark.parametrize("event", each_event(), ids=lambda event: event.kind)
    def test_every_event_reads_back_as_it_was(self, event: Event) -> None:
        """Through JSON, whatever its kind."""
        (read,) = events_of([json.loads(encoded(document_of(event)))])
        assert read == event

    def test_every_kind_is_among_them(self) -> None:
        """None is left out."""
        assert {event.kind for event in each_event()} == set(EventKind)

    def test_events_keep_their_order(self) -> None:
        """Those of a POST are in the order in which the server sent them."""
        events = tuple(replace(CREATED, id=str(number)) for number in (2, 3, 1))
        notification = LoggedNotification(KEY, MAILBOX, arrival(NOON), NOON, 4, events)
        assert events_of(documents_of(notification)) == events

    @pytest.mark.parametrize("event", [CREATED, LOST, closed()], ids=lambda event: event.kind)
    @pytest.mark.parametrize("name", ["id", "type", "data"])
    def test_a_document_without_what_all_have_is_refused(self, event: Event, name: str) -> None:
        """As an error that the reader of a log item expects."""
        document = document_of(event)
        del document[name]
        with pytest.raises(UNREADABLE):
            events_of([document])

    @pytest.mark.parametrize(
        ("event", "names"),
        [
            (CREATED, ["object", "id", "old_id", "watermark", "received_at", "origin"]),
            (LOST, ["from", "to", "reason", "response_code", "received_at", "origin"]),
            (closed(), ["from", "to", "gaps", "recovered", "received_at"]),
        ],
        ids=["created", "gap", "gap_closed"],
    )
    def test_data_without_what_its_kind_has_is_refused(self, event: Event, names: list[str]) -> None:
        """Likewise."""
        for name in names:
            document = document_of(event)
            del document["data"][name]
            with pytest.raises(UNREADABLE):
                events_of([document])

    @pytest.mark.parametrize(
        ("event", "broken"),
        [
            (CREATED, {"time": "some day"}),
            (CREATED, {"time": None}),
            (CREATED, {"data": None}),
            (CREATED, {"data": document_of(CREATED)["data"] | {"origin": "guess"}}),
            (CREATED, {"data": document_of(CREATED)["data"] | {"object": "attachment"}}),
            (LOST, {"data": document_of(LOST)["data"] | {"reason": "mood"}}),
            (LOST, {"data": document_of(LOST)["data"] | {"from": None}}),
            (closed(), {"data": document_of(closed())["data"] | {"gaps": None}}),
        ],
        ids=repr,
    )
    def test_a_value_that_none_of_ours_has_is_refused(self, event: Event, broken: Document) -> None:
        """Likewise."""
        with pytest.raises(UNREADABLE):
            events_of([document_of(event) | broken])

    @pytest.mark.parametrize("kind", ["ews.mailbox.archived", "ews.subscription.active"])
    def test_a_kind_of_a_later_version_is_read_as_unknown(self, kind: str) -> None:
        """After a rollback the log holds such events: their ids still count, and a POST must not fail on them."""
        (event,) = events_of([document_of(CREATED) | {"type": kind, "data": {"new": "shape"}}])
        assert (event.id, event.kind) == (CREATED.id, EventKind.UNKNOWN)


class TestLength:
    """A document always fits a message."""

    @pytest.mark.parametrize("character", ["x", "é", '"', "😀"])
    def test_over_long_strings_are_cut_and_named(self, character: str) -> None:
        """It keeps its id, and says what was cut."""
        endless = character * 200_000
        fields = ("object_id", "change_key", "parent_folder_id", "old_id", "old_parent_folder_id", "watermark")
        changes: dict[str, Any] = dict.fromkeys(fields, endless)
        document = document_of(replace(CREATED, **changes))
        names = ["id", *fields[1:]]
        assert len(encoded(document).encode()) <= MAX_DOCUMENT_BYTES
        assert document["data"]["truncated"] == names
        assert all(endless.startswith(document["data"][name]) for name in names)
        assert (document["id"], "subject" in document) == (CREATED.id, False)

    def test_the_xml_of_an_unknown_event_is_cut_too(self) -> None:
        """Whatever its length in bytes."""
        event = replace(CREATED, kind=EventKind.UNKNOWN, name="ArchivedEvent", raw_xml="<é/>" * 100_000)
        document = document_of(event)
        assert len(encoded(document).encode()) <= MAX_DOCUMENT_BYTES
        assert document["data"]["truncated"] == ["raw_xml"]

    def test_a_cut_document_reads_back(self) -> None:
        """With what is left; the log is read to find copies, by id."""
        (read,) = events_of([document_of(replace(CREATED, change_key="x" * 300_000))])
        assert (read.id, read.kind) == (CREATED.id, EventKind.CREATED)

    def test_an_ordinary_document_is_not_cut(self) -> None:
        """Long ids that fit are published whole."""
        document = document_of(replace(CREATED, object_id="x" * 60_000))
        assert ("truncated" in document["data"], len(document["data"]["id"])) == (False, 60_000)


class TestMessage:
    """What is sent to the queue."""

    def test_the_group_is_the_subscription_and_the_id_deduplicates_in_it(self) -> None:
        """The body is the document. Subscriptions of one mailbox share ids, and each gets its events."""
        document = document_of(CREATED)
        message = message_of(KEY, document)
        assert (message.group, message.deduplication_id) == (KEY, f"{KEY}-{CREATED.id}")
        assert json.loads(message.body) == document

    def test_what_a_later_version_has_added_is_passed_on(self) -> None:
        """A document of the log need not be one that this version writes."""
        document = document_of(CREATED) | {"type": "ews.mailbox.archived", "added": [1, {"by": "a later version"}]}
        assert json.loads(message_of(KEY, document).body) == document

    def test_the_body_is_compact_json(self) -> None:
        """It parses back to the document."""
        document = document_of(replace(CREATED, object_id="ümläut"))
        assert json.loads(encoded(document)) == document
        assert "ümläut" in encoded(document)
        assert ": " not in encoded(document)
