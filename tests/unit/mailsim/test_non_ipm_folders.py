"""The setting `non_ipm_folders`: the hierarchy of a whole mailbox, as Exchange returns it."""

import pytest

from tests.unit.mailsim.sync_client import (
    SyncClient,
    find_folder,
    get_folder,
    parse_sync_response,
    sync_hierarchy,
    sync_items,
)
from tests.unit.mailsim.world import World, texts

OUTSIDE = {
    *("Top of Information Store", "Deletions", "Versions", "Purges", "Common Views", "Shortcuts", "Views"),
    *("Deferred Action", "Freebusy Data", "Spooler Queue"),
}
DENIED = (200, "ErrorAccessDenied")


def hierarchy(world: World, root: str | None = None) -> dict[str, str]:
    """Return the folders of a hierarchy: names and ids."""
    ids = [own_id for _, own_id in parse_sync_response(world.ask(sync_hierarchy(root))[1]).changes]
    return dict(zip(texts(world.ask(get_folder(*ids))[1], "DisplayName"), ids, strict=True))


@pytest.mark.parametrize("profile", ["workmail", "exchange"])
def test_the_whole_mailbox_has_more_folders(profile: str) -> None:
    """Those outside of msgfolderroot are in the hierarchy without a SyncFolderId only."""
    world, plain = World(profile, {"non_ipm_folders": True}), World(profile)
    world.create_folder("plans", "inbox")
    plain.create_folder("plans", "inbox")
    below = hierarchy(plain).keys()
    assert hierarchy(world, "msgfolderroot").keys() == below
    assert hierarchy(world).keys() == below | OUTSIDE
    assert len(texts(world.ask(find_folder("root", "Deep"))[1], "FolderId")) == 13


def test_some_of_them_refuse_a_sync_of_their_items() -> None:
    """All others allow it."""
    world = World("exchange", {"non_ipm_folders": True})
    folders = hierarchy(world)
    codes = {name: world.code(sync_items(own_id)) for name, own_id in folders.items()}
    denied = {name for name, code in codes.items() if code == DENIED}
    assert denied == {"Deferred Action", "Freebusy Data", "Spooler Queue"}
    assert {code for name, code in codes.items() if name not in denied} == {(200, "NoError")}


def test_a_soft_deletion_is_a_new_item_in_recoverable_items() -> None:
    """On Exchange, for a client that synchronizes that folder."""
    world = World("exchange", {"non_ipm_folders": True})
    item_id, deletions = world.mail(), hierarchy(world)["Deletions"]
    client = SyncClient(world, deletions)
    assert client.changes() == []
    world.act("items", item_id, "delete")
    ((kind, moved),) = client.changes()
    assert (kind, moved != item_id) == ("Create", True)


def test_changes_of_folders_are_shown_as_below_the_top() -> None:
    """Updates, moves and deletions; a state from without the setting is not valid with it."""
    world = World(settings={"non_ipm_folders": True})
    folder = world.create_folder("plans")
    state = parse_sync_response(world.ask(sync_hierarchy())[1]).state
    world.act("folders", folder, "delete")
    assert parse_sync_response(world.ask(sync_hierarchy(None, state))[1]).changes == [("Delete", folder)]
    world.call("settings", non_ipm_folders=False)
    assert world.code(sync_hierarchy(None, state)) == (200, "ErrorInvalidSyncStateData")
    assert len(hierarchy(world)) == 11
