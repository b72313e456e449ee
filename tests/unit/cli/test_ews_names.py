"""The words of the file."""

import pytest

from cli import ews_names
from ewspush.domain.desired import EVENT_TYPES
from ewspush.domain.events import push_documents
from ewspush.protocol.notification import MailboxEvent
from ewspush.protocol.soap import DISTINGUISHED_FOLDERS
from tests.stories import NOON, callback

FOLDER_ID = "AAMkADY3ZWVhYTk3LWUwZGItNDdjZi1iMWRkLWZjZjQyZTc4NTk0NgAuAAAAAAB/a+b=="


@pytest.mark.parametrize("ours", ews_names.EVENT_TYPE_NAMES)
def test_event_types_are_called_as_the_consumer_reads_them(ours: str) -> None:
    """What is subscribed to as `created` comes as `ews.mailbox.created`."""
    theirs = ews_names.event_type(ours)
    assert theirs is not None
    (document,) = push_documents(callback(), [MailboxEvent(theirs, id="x", watermark="w")], NOON)
    assert document["type"] == f"ews.mailbox.{ours}"


def test_every_event_type_has_a_name() -> None:
    """None can only be written as EWS writes it."""
    assert set(ews_names.EVENT_TYPE_NAMES.values()) == set(EVENT_TYPES)


@pytest.mark.parametrize("word", EVENT_TYPES)
def test_event_types_may_be_written_as_ews_does(word: str) -> None:
    """As Microsoft's pages have them."""
    assert ews_names.event_type(word) == word


@pytest.mark.parametrize("word", ["StatusEvent", "gap", "unknown", "New_mail", ""])
def test_what_can_not_be_subscribed_to_is_no_event_type(word: str) -> None:
    """Heartbeats come unasked, gaps are ours."""
    assert ews_names.event_type(word) is None


def test_the_order_of_event_types_means_nothing() -> None:
    """Else a line moved in the file would make a new subscription."""
    assert ews_names.ordered(["NewMailEvent", "CreatedEvent", "NewMailEvent"]) == ("CreatedEvent", "NewMailEvent")


@pytest.mark.parametrize(("word", "folder"), [("inbox", "inbox"), ("SentItems", "sentitems"), (FOLDER_ID, FOLDER_ID)])
def test_folders_are_names_or_ids(word: str, folder: str) -> None:
    """Names in letters of any size, for none differs by that alone; ids as they are."""
    assert ews_names.folder(word) == folder


@pytest.mark.parametrize(
    "word", ["", "inboxx", "Inbox ", "Inbox/Projects", "AAMkADY3", "my folder of projects", "recoverableitemdeletions"]
)
def test_what_is_neither_name_nor_id_is_refused(word: str) -> None:
    """A misspelt name is no id, however long it is."""
    assert ews_names.folder(word) is None


@pytest.mark.parametrize("name", sorted(DISTINGUISHED_FOLDERS))
def test_a_slip_in_a_name_is_no_id(name: str) -> None:
    """One letter too much in the middle, and the name is suggested."""
    slip = f"{name[:2]}x{name[2:]}"
    assert ews_names.folder(slip) is None
    if len(name) > 4:
        assert ews_names.meant(slip, DISTINGUISHED_FOLDERS) is not None


def test_nothing_is_suggested_for_what_comes_close_to_nothing() -> None:
    """A wrong guess helps nobody."""
    assert ews_names.meant("projects-2026", DISTINGUISHED_FOLDERS) is None
