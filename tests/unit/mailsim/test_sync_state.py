"""Which sync states are valid, and for how long."""

import pytest

from tests.unit.mailsim.sync_client import parse_sync_response, sync_items, synchronized
from tests.unit.mailsim.world import EMAIL, World, basic, texts

OTHER = "other@example.com"
DAY = 24 * 60 * 60


@pytest.mark.parametrize("what", ["junk", "AAAA", "damaged", "another folder's", "another's"])
def test_a_state_not_issued_for_this_folder_is_invalid(what: str) -> None:
    """Damaged, of another folder, or of another mailbox."""
    world = World()
    world.call("users", email=OTHER, password="password")
    state = synchronized(world).state or ""
    _, theirs = world.ask(sync_items(), basic(email=OTHER))
    wrong = {
        "damaged": state[:-6] + "AAAAA=",
        "another folder's": state,
        "another's": parse_sync_response(theirs).state,
    }
    folder = "drafts" if what == "another folder's" else "inbox"
    assert world.code(sync_items(folder, wrong.get(what, what))) == (200, "ErrorInvalidSyncStateData")


def test_states_can_be_forgotten() -> None:
    """By a fault; and a mailbox that was not kept is a new one."""
    world = World()
    state = synchronized(world).state
    world.call("faults", forget_sync_states=True)
    assert world.code(sync_items(state=state)) == (200, "ErrorInvalidSyncStateData")
    state = synchronized(world).state
    world.call(f"mailboxes/{EMAIL}/disable")
    world.now += 31 * DAY
    world.call(f"mailboxes/{EMAIL}/enable")
    assert world.code(sync_items(state=state)) == (200, "ErrorInvalidSyncStateData")


def test_a_client_without_a_state_starts_from_the_beginning() -> None:
    """As after its state was forgotten."""
    world = World()
    item_id = world.mail()
    client = synchronized(world)
    world.call("faults", forget_sync_states=True)
    client.state = None
    assert client.changes() == [("Create", item_id)]
    assert client.changes() == []


def test_an_error_has_an_empty_state_and_includes_the_last_item() -> None:
    """As in Exchange's samples; a client that stores the empty state starts from the beginning."""
    _, answer = World().ask(sync_items(state="junk"))
    assert (texts(answer, "SyncState"), texts(answer, "IncludesLastItemInRange")) == ([""], ["true"])


def test_states_survive_forgotten_watermarks_a_restart_and_a_disabled_user() -> None:
    """A mailbox that moves to another database remains the same mailbox."""
    world = World()
    client = synchronized(world)
    world.call("faults", forget_watermarks=True, restart=True)
    made = world.mail()
    world.call(f"mailboxes/{EMAIL}/disable")
    world.now += DAY
    world.call(f"mailboxes/{EMAIL}/enable")
    assert client.changes() == [("Create", made)]
