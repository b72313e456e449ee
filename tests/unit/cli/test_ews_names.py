"""Names of event types and folders in the file."""

import pytest

from cli import ews_names
from ewspush.domain.desired import EVENT_TYPES
from ewspush.domain.events import push_events
from ewspush.protocol.notification import MailboxEvent
from ewspush.protocol.soap import DISTINGUISHED_FOLDERS
from infra.did_you_mean import closest
from tests.builders import NOON, callback

FOLDER_ID = "AAMkADY3ZWVhYTk3LWUwZGItNDdjZi1iMWRkLWZjZjQyZTc4NTk0NgAuAAAAAAB/a+b=="


@pytest.mark.parametrize("ours", ews_names.EVENT_TYPE_NAMES)
def test_event_types_have_the_names_that_consumers_read(ours: str) -> None:
    """Subscribed to as `created`, an event comes as `ews.mailbox.created`."""
    theirs = ews_names.parse_event_type(ours)
    assert theirs is not None
    (event,) = push_events(callback(), [MailboxEvent(theirs, id="x", watermark="w")], NOON)
    assert event.kind == ours


def test_every_event_type_has_a_name() -> None:
    """No event type has EWS's name only."""
    assert set(ews_names.EVENT_TYPE_NAMES.values()) == set(EVENT_TYPES)


@pytest.mark.parametrize("word", EVENT_TYPES)
def test_event_types_may_have_the_names_of_ews(word: str) -> None:
    """Microsoft's documentation uses them."""
    assert ews_names.parse_event_type(word) == word


@pytest.mark.parametrize("word", ["StatusEvent", "gap", "unknown", "New_mail", ""])
def test_other_names_are_no_event_types(word: str) -> None:
    """Heartbeats need no subscription, and gaps are events of EWS Push."""
    assert ews_names.parse_event_type(word) is None


def test_the_order_of_event_types_has_no_meaning() -> None:
    """Otherwise another order in the file would make a new subscription."""
    assert ews_names.sort_event_types(["NewMailEvent", "CreatedEvent", "NewMailEvent"]) == (
        "CreatedEvent",
        "NewMailEvent",
    )


@pytest.mark.parametrize(("word", "folder"), [("inbox", "inbox"), ("SentItems", "sentitems"), (FOLDER_ID, FOLDER_ID)])
def test_folders_are_names_or_ids(word: str, folder: str) -> None:
    """Names may have letters of any case; ids stay as they are."""
    assert ews_names.parse_folder(word) == folder


@pytest.mark.parametrize(
    "word", ["", "inboxx", "Inbox ", "Inbox/Projects", "AAMkADY3", "my folder of projects", "recoverableitemdeletions"]
)
def test_other_words_are_no_folders(word: str) -> None:
    """A misspelt name is no id, even if it is as long as one."""
    assert ews_names.parse_folder(word) is None


@pytest.mark.parametrize("name", sorted(DISTINGUISHED_FOLDERS))
def test_a_misspelt_folder_name_is_no_id(name: str) -> None:
    """With one letter too many, the name is suggested."""
    misspelt = f"{name[:2]}x{name[2:]}"
    assert ews_names.parse_folder(misspelt) is None
    if len(name) > 4:
        assert closest(misspelt, DISTINGUISHED_FOLDERS) is not None
