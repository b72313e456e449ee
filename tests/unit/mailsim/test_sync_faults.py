"""Faults of parts of a sync: one folder that refuses or has no last page, the hierarchy."""

import pytest

from tests.unit.mailsim.sync_client import SyncClient, get_item, sync_hierarchy, sync_items, synchronized
from tests.unit.mailsim.world import EMAIL, START, World, basic, texts

NO_ERROR = (200, "NoError")
DENIED = (200, "ErrorAccessDenied")


def test_one_folder_can_be_refused() -> None:
    """By its id; the other folders, the hierarchy and GetItem go on."""
    world = World()
    folder, item_id = world.create_folder("plans"), world.mail()
    world.call("faults", refuse_sync="ErrorAccessDenied", folder=folder, times=2)
    for _ in range(2):
        assert [world.code(body) for body in (sync_items(), sync_hierarchy(), get_item(item_id))] == [NO_ERROR] * 3
        assert world.code(sync_items(folder)) == DENIED
    assert world.code(sync_items(folder)) == NO_ERROR


def test_a_folder_can_be_refused_by_its_distinguished_name() -> None:
    """In every mailbox, and however the request names it; more folders can be refused at once."""
    world = World()
    world.call("users", email="other@example.com", password="password")
    inbox = world.core.directory.find(EMAIL).mailbox.folder_id("inbox") or ""
    world.call("faults", refuse_sync="ErrorAccessDenied", folder="inbox", times=3)
    world.call("faults", refuse_sync="ErrorItemNotFound", folder="drafts")
    assert [world.code(sync_items(each)) for each in ("inbox", inbox)] == [DENIED] * 2
    _, theirs = world.ask(sync_items(), basic(email="other@example.com"))
    assert texts(theirs, "ResponseCode") == ["ErrorAccessDenied"]
    assert world.code(sync_items("drafts")) == (200, "ErrorItemNotFound")
    assert [world.code(sync_items(each)) for each in ("inbox", "drafts")] == [NO_ERROR] * 2


def test_the_hierarchy_can_be_refused() -> None:
    """As a fault where it is wanted; the folders go on."""
    world = World()
    set_faults = world.call("faults", refuse_sync="ErrorServerBusy", folder="hierarchy", back_off_ms=1500)
    assert set_faults["folders"] == {"hierarchy": {"refuse_sync": "ErrorServerBusy", "times": 1}}
    assert world.code(sync_items()) == NO_ERROR
    status, answer = world.ask(sync_hierarchy())
    assert (status, texts(answer, "ResponseCode"), texts(answer, "Value")) == (500, ["ErrorServerBusy"], ["1500"])
    assert world.code(sync_hierarchy()) == NO_ERROR


def test_a_refusal_without_a_folder_stays_as_it_is() -> None:
    """Both can last at once, and clearing the faults clears both."""
    world = World()
    world.call("faults", refuse_sync="ErrorServerBusy", times=9)
    world.call("faults", refuse_sync="ErrorAccessDenied", folder="inbox")
    assert world.get("faults")["refuse_sync"] == "ErrorServerBusy"
    assert "folders" not in world.call("faults")
    assert world.code(sync_items()) == NO_ERROR


@pytest.mark.parametrize(
    ("given", "status"),
    [({"refuse_sync": "ErrorAccessDenied", "folder": "nowhere"}, 404), ({"folder": "inbox"}, 400)],
)
def test_a_refusal_names_a_folder_that_exists(given: dict[str, str], status: int) -> None:
    """And a code."""
    assert World().control.handle("POST", ["faults"], given, START)[0] == status


def test_a_folder_can_have_no_last_page() -> None:
    """Every page is empty and has another state; the other folders have an end."""
    world = World()
    item_id, client = world.mail(), SyncClient(world)
    world.call("faults", endless_pages="inbox")
    pages = [client.page() for _ in range(10)]
    assert {(len(page.changes), page.is_last) for page in pages} == {(0, False)}
    assert len({page.state for page in pages}) == 10
    assert SyncClient(world, "drafts").page().is_last
    assert "endless_pages" not in world.call("faults", endless_pages=None)
    assert client.changes() == [("Create", item_id)]


def test_changes_before_and_in_endless_pages_come_after_them() -> None:
    """A state from an endless page knows what the state before knew, and no more."""
    world = World()
    folder = world.create_folder("plans")
    known, client = world.mail(folder=folder), synchronized(world, folder)
    world.act("items", known, "modify")
    assert world.call("faults", endless_pages=[folder, "drafts"])["endless_pages"] == sorted([folder, "drafts"])
    assert client.page().changes == []
    made = world.mail(folder=folder)
    assert client.page().changes == []
    world.call("faults")
    assert sorted(client.changes()) == sorted([("Update", known), ("Create", made)])


@pytest.mark.parametrize("folder", ["nowhere", "hierarchy", ["inbox", "nowhere"]])
def test_endless_pages_are_those_of_a_folder(folder: object) -> None:
    """One that exists."""
    assert World().control.handle("POST", ["faults"], {"endless_pages": folder}, START)[0] == 404
