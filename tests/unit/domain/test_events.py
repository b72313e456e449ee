"""What the consumer is told, and under which id."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from ewspush.domain.callback import Callback
from ewspush.domain.events import (
    MAX_DOCUMENT_BYTES,
    Document,
    GapReason,
    encoded,
    gap_document,
    push_documents,
)
from ewspush.protocol.notification import KNOWN_EVENTS, STATUS_EVENT, MailboxEvent, ObjectKind
from tests.stories import NOON

CALLBACK: Final = Callback("sub-7f3a", "ida@harbour.example", 4)
CREATED: Final = MailboxEvent(
    "CreatedEvent",
    object=ObjectKind.ITEM,
    id="it-1",
    change_key="ck",
    parent_folder_id="f-1",
    watermark="KgEAAAAAAAA=",
    timestamp="2026-05-11T07:40:12+02:00",
)
UNKNOWN: Final = MailboxEvent("ArchivedEvent", watermark="w-8", raw_xml="<t:ArchivedEvent/>")


def sole(event: MailboxEvent, callback: Callback = CALLBACK) -> Document:
    """Return the only document of `event`."""
    (document,) = push_documents(callback, [event], NOON)
    return document


def test_document_has_the_attributes_of_cloudevents() -> None:
    """Required attributes, the time of the event in UTC, and everything the server told in data."""
    document = sole(CREATED)
    assert {**document, "id": ""} == {
        "specversion": "1.0",
        "id": "",
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


@pytest.mark.parametrize("kind", [kind for kind in KNOWN_EVENTS if kind != STATUS_EVENT])
def test_every_known_event_has_a_type_of_its_own(kind: str) -> None:
    """None of the known events is told as unknown."""
    expected = {"NewMailEvent": "new_mail", "FreeBusyChangedEvent": "free_busy_changed"}
    assert sole(CREATED._replace(type=kind))["type"] == (
        f"ews.mailbox.{expected.get(kind, kind.removesuffix('Event').lower())}"
    )


def test_heartbeats_are_no_documents() -> None:
    """A sign of life is kept, not told."""
    events = [MailboxEvent(STATUS_EVENT, watermark="w"), CREATED]
    assert [document["data"]["id"] for document in push_documents(CALLBACK, events, NOON)] == ["it-1"]


def test_unknown_event_is_told_with_its_xml() -> None:
    """What we do not know is handed on as it came, under its own name."""
    document = sole(UNKNOWN)
    assert document["type"] == "ews.mailbox.unknown"
    assert (document["data"]["name"], document["data"]["raw_xml"]) == ("ArchivedEvent", "<t:ArchivedEvent/>")
    assert "subject" not in document


@pytest.mark.parametrize("timestamp", [None, "soon"])
def test_time_is_that_of_arrival_where_the_event_has_none(timestamp: str | None) -> None:
    """A CloudEvent has a time that parses, in any case."""
    assert sole(CREATED._replace(timestamp=timestamp))["time"] == "2026-03-04T12:00:00.000Z"


@pytest.mark.parametrize(
    ("mailbox", "source"),
    [
        ("o'neil+cc@harbour.example", "/mailboxes/o'neil+cc@harbour.example"),
        ("a#b?c%d/e@harbour.example", "/mailboxes/a%23b%3Fc%25d%2Fe@harbour.example"),
        ("ü b@harbour.example", "/mailboxes/%C3%BC%20b@harbour.example"),
    ],
)
def test_source_is_a_uri_reference(mailbox: str, source: str) -> None:
    """Characters that mean something in a URI do not come from an address."""
    assert sole(CREATED, Callback("s", mailbox, 1))["source"] == source


@pytest.mark.parametrize(
    "callback", [Callback("another-row", CALLBACK.mailbox, 4), Callback("sub-7f3a", CALLBACK.mailbox, 9)]
)
def test_id_is_the_same_from_any_subscription(callback: Callback) -> None:
    """Two subscriptions of a mailbox, or an old and a new one, tell of the same change under one id."""
    assert sole(CREATED, callback)["id"] == sole(CREATED)["id"]


def test_id_is_the_same_when_sent_again() -> None:
    """A re-send arrives later; its events keep their ids."""
    (later,) = push_documents(CALLBACK, [CREATED], NOON + timedelta(hours=1))
    assert later["id"] == sole(CREATED)["id"]


@pytest.mark.parametrize("change", [{"change_key": "other"}, {"timestamp": "2026-05-11T05:40:12Z"}])
def test_id_does_not_depend_on_what_may_be_told_differently(change: dict[str, Any]) -> None:
    """With a watermark, neither change key nor the spelling of the time makes another event."""
    assert sole(CREATED._replace(**change))["id"] == sole(CREATED)["id"]


@pytest.mark.parametrize(
    "change",
    [
        {"type": "NewMailEvent"},
        {"object": ObjectKind.FOLDER},
        {"object": None},
        {"id": "it-2"},
        {"parent_folder_id": "f-2"},
        {"parent_folder_id": None},
        {"old_id": "it-0"},
        {"old_parent_folder_id": "f-0"},
        {"watermark": "w-2"},
    ],
    ids=repr,
)
def test_events_of_one_watermark_have_ids_of_their_own(change: dict[str, Any]) -> None:
    """Several events can share a watermark: type, object and folders tell them apart."""
    assert len(push_documents(CALLBACK, [CREATED, CREATED._replace(**change)], NOON)) == 2


def test_ids_of_two_mailboxes_differ() -> None:
    """Watermarks are those of a mailbox; the same one elsewhere is another change."""
    assert sole(CREATED)["id"] != sole(CREATED, replace(CALLBACK, mailbox="bo@harbour.example"))["id"]


def test_unknown_events_of_one_watermark_differ_by_their_xml() -> None:
    """All that is known of them is their XML."""
    assert len(push_documents(CALLBACK, [UNKNOWN, UNKNOWN._replace(raw_xml="<t:ArchivedEvent a='1'/>")], NOON)) == 2


@pytest.mark.parametrize("watermark", [None, "AAAAAAAAAAA="])
def test_timestamp_tells_events_apart_where_no_watermark_does(watermark: str | None) -> None:
    """The zero watermark is none."""
    first = CREATED._replace(watermark=watermark)
    assert len(push_documents(CALLBACK, [first, first._replace(timestamp="2026-05-11T07:40:13Z")], NOON)) == 2


def test_event_told_twice_in_a_post_is_one_document() -> None:
    """Each id once, in the order of the first telling."""
    second = CREATED._replace(id="it-2")
    documents = push_documents(CALLBACK, [CREATED, second, CREATED], NOON)
    assert [document["data"]["id"] for document in documents] == ["it-1", "it-2"]


@pytest.mark.parametrize("character", ["x", "é", '"', "😀"])
def test_over_long_strings_are_cut_and_named(character: str) -> None:
    """A document always fits a message, keeps its id, and says what was cut."""
    endless = character * 200_000
    names = ("id", "change_key", "parent_folder_id", "old_id", "old_parent_folder_id", "watermark")
    changes: dict[str, Any] = dict.fromkeys(names, endless)
    document = sole(CREATED._replace(**changes))
    assert len(encoded(document).encode()) <= MAX_DOCUMENT_BYTES
    assert document["data"]["truncated"] == list(names)
    assert all(endless.startswith(document["data"][name]) for name in names)
    assert "subject" not in document


def test_cut_documents_keep_ids_of_their_own() -> None:
    """Ids are made of what was told, not of what is left of it."""
    first, second = (CREATED._replace(id="x" * 300_000 + tail) for tail in "ab")
    assert len(push_documents(CALLBACK, [first, second], NOON)) == 2


def test_ordinary_document_is_not_cut() -> None:
    """Long ids that fit are handed on whole."""
    document = sole(CREATED._replace(id="x" * 60_000))
    assert ("truncated" in document["data"], len(document["data"]["id"])) == (False, 60_000)


def test_gap_says_from_when_to_when_and_why() -> None:
    """The consumer learns which time range to read again, and what the server said."""
    later = NOON + timedelta(minutes=10)
    document = gap_document(CALLBACK, GapReason.SUBSCRIPTION_LOST, NOON, later, "ErrorReadEventsFailed")
    assert document["type"] == "ews.mailbox.gap"
    assert {name: document["data"][name] for name in ("from", "to", "reason", "response_code")} == {
        "from": "2026-03-04T12:00:00.000Z",
        "to": "2026-03-04T12:10:00.000Z",
        "reason": "subscription-lost",
        "response_code": "ErrorReadEventsFailed",
    }


def test_gap_found_again_has_the_same_id() -> None:
    """A re-send that finds the same gap a little later tells of it once; another reason or start is another gap."""
    first, again, other, elsewhere = (
        gap_document(CALLBACK, reason, start, NOON + timedelta(minutes=minutes), None)["id"]
        for reason, start, minutes in (
            (GapReason.CHAIN_MISMATCH, NOON, 1),
            (GapReason.CHAIN_MISMATCH, NOON, 2),
            (GapReason.RESUME_UNPROVEN, NOON, 1),
            (GapReason.CHAIN_MISMATCH, NOON - timedelta(minutes=1), 1),
        )
    )
    assert first == again
    assert len({first, other, elsewhere}) == 3


def test_encoded_document_is_compact_json() -> None:
    """What goes into the message parses back to the document."""
    document = sole(CREATED._replace(id="ümläut"))
    assert json.loads(encoded(document)) == document
    assert "ümläut" in encoded(document)
    assert ": " not in encoded(document)
