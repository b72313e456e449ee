"""Faults of parts of a sync: one folder, the hierarchy."""

import pytest

from tests.unit.mailsim.sync_client import get_item, sync_hierarchy, sync_items
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
