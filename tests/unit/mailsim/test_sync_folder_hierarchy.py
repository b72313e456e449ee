"""SyncFolderHierarchy."""

from tests.unit.mailsim.sync_client import get_folder, get_item, parse_sync_response, sync_hierarchy
from tests.unit.mailsim.world import World


def test_the_first_sync_returns_all_folders() -> None:
    """Each after its parent; hidden folders are left out."""
    world = World()
    outer = world.create_folder("outer")
    inner = world.create_folder("inner", outer)
    response = parse_sync_response(world.ask(sync_hierarchy())[1])
    assert {kind for kind, _ in response.changes} == {"Create"}
    assert len(response.changes) == 13
    assert response.is_last
    own_ids = [own_id for _, own_id in response.changes]
    assert own_ids.index(outer) < own_ids.index(inner)


def test_a_sync_returns_the_net_changes_of_folders() -> None:
    """Created, updated, moved, deleted with their content; a folder created and deleted in between is left out."""
    world = World()
    changed, deleted, moved = (world.create_folder(name) for name in "abc")
    inside = world.create_folder("inside", deleted)
    state = parse_sync_response(world.ask(sync_hierarchy())[1]).state
    world.act("folders", changed, "modify")
    world.act("folders", moved, "move", folder="inbox")
    world.act("folders", deleted, "delete")
    world.act("folders", world.create_folder("passing"), "delete")
    made = world.create_folder("made")
    world.mail()
    response = parse_sync_response(world.ask(sync_hierarchy(None, state))[1])
    expected = [("Create", made), ("Update", changed), ("Update", moved), ("Delete", deleted), ("Delete", inside)]
    assert sorted(response.changes) == sorted(expected)
    assert parse_sync_response(world.ask(sync_hierarchy(None, response.state))[1]).changes == []


def test_a_subtree_can_be_synchronized() -> None:
    """A move out of it is a Delete, a move into it a Create."""
    world = World()
    outer = world.create_folder("outer")
    there, here = world.create_folder("there"), world.create_folder("here", outer)
    state = parse_sync_response(world.ask(sync_hierarchy(outer))[1]).state
    world.act("folders", here, "move", folder="msgfolderroot")
    world.act("folders", there, "move", folder=outer)
    response = parse_sync_response(world.ask(sync_hierarchy(outer, state))[1])
    assert response.changes == [("Create", there), ("Delete", here)]


def test_a_state_is_valid_for_one_root() -> None:
    """On Exchange the default and the same folder by name differ; so do folders and items."""
    world = World()
    state = parse_sync_response(world.ask(sync_hierarchy())[1]).state
    assert world.code(sync_hierarchy("msgfolderroot", state)) == (200, "ErrorInvalidSyncStateData")
    assert world.code(sync_hierarchy("inbox", state)) == (200, "ErrorInvalidSyncStateData")
    assert world.code(sync_hierarchy(None, "junk")) == (200, "ErrorInvalidSyncStateData")
    world.call("faults", forget_sync_states=True)
    assert world.code(sync_hierarchy(None, state)) == (200, "ErrorInvalidSyncStateData")


def test_refuse_sync_covers_sync_and_get_item() -> None:
    """GetFolder is not refused."""
    world = World()
    world.call("faults", refuse_sync="ErrorMailboxStoreUnavailable", times=2)
    assert world.code(get_folder("inbox")) == (200, "NoError")
    assert world.code(sync_hierarchy()) == (200, "ErrorMailboxStoreUnavailable")
    assert world.code(get_item(world.mail())) == (200, "ErrorMailboxStoreUnavailable")
    assert world.code(sync_hierarchy()) == (200, "NoError")
