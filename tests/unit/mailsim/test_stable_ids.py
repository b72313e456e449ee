"""Ids that survive a move: those of folders, and with `stable_item_ids` those of items."""

import pytest

from tests.unit.mailsim.sync_client import (
    SyncClient,
    get_item,
    parse_sync_response,
    sync_hierarchy,
    sync_items,
    synchronized,
)
from tests.unit.mailsim.world import EMAIL, World, event_types, texts


def stable(profile: str = "workmail", **settings: object) -> World:
    """Return a server where items keep their ids on a move."""
    return World(profile, {"stable_item_ids": True, "first_post": "after_status_frequency", **settings})


@pytest.mark.parametrize("profile", ["workmail", "exchange"])
def test_an_item_keeps_its_id(profile: str) -> None:
    """The MovedEvent has it twice, and GetItem finds the item."""
    world = stable(profile)
    item_id = world.mail()
    world.subscribed()
    assert world.act("items", item_id, "move", folder="drafts") == {"item_id": item_id}
    post = world.acknowledged_post()
    assert event_types(post) == ["MovedEvent", "ModifiedEvent", "ModifiedEvent"]
    assert post.body.count(f'ItemId Id="{item_id}"'.encode()) == 2
    assert world.code(get_item(item_id)) == (200, "NoError")


def test_a_sync_shows_the_id_in_both_folders() -> None:
    """Deleted here and created there."""
    world = stable()
    item_id = world.mail()
    inbox, drafts = synchronized(world), synchronized(world, "drafts")
    world.act("items", item_id, "move", folder="drafts")
    assert inbox.changes() == [("Delete", item_id)]
    assert drafts.changes() == [("Create", item_id)]


def test_an_item_that_comes_back_has_changed() -> None:
    """It is neither created nor deleted for a client that knew it; one that came, left and came is created."""
    world = stable()
    item_id = world.mail()
    inbox, drafts = synchronized(world), synchronized(world, "drafts")
    for folder in ("drafts", "inbox"):
        world.act("items", item_id, "move", folder=folder)
    assert inbox.changes() == [("Update", item_id)]
    assert drafts.changes() == []
    for folder in ("drafts", "inbox", "drafts"):
        world.act("items", item_id, "move", folder=folder)
    assert inbox.changes() == [("Delete", item_id)]
    assert drafts.changes() == [("Create", item_id)]


def test_a_page_contains_the_id_alone_of_an_item_that_has_left() -> None:
    """A page shows the state of the first one."""
    world = stable()
    first, second = world.mail("first"), world.mail("second")
    state = parse_sync_response(world.ask(sync_items("inbox", None, 1, "", "item:Subject"))[1]).state
    world.act("items", first, "move", folder="drafts")
    _, answer = world.ask(sync_items("inbox", state, 1, "", "item:Subject"))
    assert parse_sync_response(answer).changes == [("Create", first)]
    assert texts(answer, "Subject") == []
    assert world.code(get_item(second)) == (200, "NoError")


@pytest.mark.parametrize("delete_seen_as", ["deleted", "moved"])
def test_a_deleted_item_is_not_found(delete_seen_as: str) -> None:
    """A soft deletion gives it a new id in Recoverable Items."""
    world = stable(delete_seen_as=delete_seen_as)
    item_id = world.mail()
    world.act("items", item_id, "delete")
    assert world.code(get_item(item_id)) == (200, "ErrorItemNotFound")


def test_exchange_shows_a_move_to_deleted_items_as_two_events_with_one_id() -> None:
    """To subscriptions of all folders."""
    world = stable("exchange")
    item_id = world.mail()
    world.subscribed()
    world.act("items", item_id, "move", folder="deleteditems")
    post = world.acknowledged_post()
    assert event_types(post)[:2] == ["DeletedEvent", "CreatedEvent"]
    assert post.body.count(f'<t:ItemId Id="{item_id}"'.encode()) == 2


@pytest.mark.parametrize("profile", ["workmail", "exchange"])
def test_a_folder_keeps_its_id_and_its_content(profile: str) -> None:
    """A move is three folder events; the hierarchy shows an Update, and the items are where they were."""
    world = World(profile, {"first_post": "after_status_frequency"})
    folder = world.create_folder("plans")
    item_id = world.mail(folder=folder)
    state, items = parse_sync_response(world.ask(sync_hierarchy())[1]).state, synchronized(world, folder)
    world.subscribed()
    assert world.act("folders", folder, "move", folder="inbox") == {"folder_id": folder}
    post = world.acknowledged_post()
    assert event_types(post) == ["MovedEvent", "ModifiedEvent", "ModifiedEvent"]
    assert post.body.count(f'FolderId Id="{folder}"'.encode()) == 2
    assert parse_sync_response(world.ask(sync_hierarchy(None, state))[1]).changes == [("Update", folder)]
    assert items.changes() == []
    assert SyncClient(world, folder).changes() == [("Create", item_id)]


@pytest.mark.parametrize("profile", ["workmail", "exchange"])
def test_a_deleted_folder_is_gone_with_its_content(profile: str) -> None:
    """Two folder events, and none for what was in it."""
    world = World(profile, {"first_post": "after_status_frequency"})
    folder = world.create_folder("plans")
    item_id = world.mail(folder=folder)
    state = parse_sync_response(world.ask(sync_hierarchy())[1]).state
    world.subscribed()
    world.act("folders", world.act("folders", folder, "move", folder="inbox")["folder_id"], "delete")
    assert event_types(world.acknowledged_post())[3:] == ["DeletedEvent", "ModifiedEvent"]
    assert [each["type"] for each in world.get("changes", mailbox=EMAIL) if each["id"] == item_id][2:] == []
    assert parse_sync_response(world.ask(sync_hierarchy(None, state))[1]).changes == [("Delete", folder)]
    assert world.code(sync_items(folder)) == (200, "ErrorSyncFolderNotFound")
    assert world.code(get_item(item_id)) == (200, "ErrorItemNotFound")
