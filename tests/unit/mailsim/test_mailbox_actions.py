"""What each action fires."""

import pytest

from tests.unit.mailsim.world import EMAIL, World, event_types


def fired(world: World) -> list[tuple[str, str]]:
    """Return all events so far, as a subscriber of all folders hears them."""
    return [(each["type"].removesuffix("Event"), each["object"]) for each in world.get("changes", mailbox=EMAIL)]


def after(world: World, kind: str, entry_id: str, action: str, **given: str) -> list[tuple[str, str]]:
    """Do something, and return what it alone fires."""
    before = len(fired(world))
    world.act(kind, entry_id, action, **given)
    return fired(world)[before:]


TOUCHED = ("Modified", "folder")


def test_new_mail_is_created_and_its_folder_is_modified() -> None:
    """In drafts it is no mail."""
    world = World()
    world.mail()
    assert fired(world) == [("Created", "item"), ("NewMail", "item"), TOUCHED]
    world.mail(folder="drafts")
    assert fired(world)[3:] == [("Created", "item"), TOUCHED]


def test_items_are_modified_copied_moved_and_deleted() -> None:
    """Each with the folders it touches; an old id goes on working for who holds it."""
    world = World()
    item_id = world.mail()
    assert after(world, "items", item_id, "modify") == [("Modified", "item"), TOUCHED]
    assert after(world, "items", item_id, "copy", folder="drafts") == [("Copied", "item"), TOUCHED]
    assert after(world, "items", item_id, "move", folder="drafts") == [("Moved", "item"), TOUCHED, TOUCHED]
    assert after(world, "items", item_id, "delete") == [("Deleted", "item"), TOUCHED]


def test_folders_are_created_modified_copied_moved_and_deleted() -> None:
    """A folder move is three folder events."""
    world = World()
    folder_id = world.call(f"mailboxes/{EMAIL}/folders", name="plans")["folder_id"]
    assert fired(world) == [("Created", "folder"), TOUCHED]
    assert after(world, "folders", folder_id, "modify") == [TOUCHED]
    assert after(world, "folders", folder_id, "copy", folder="inbox") == [("Copied", "folder"), TOUCHED]
    assert after(world, "folders", folder_id, "move", folder="inbox") == [("Moved", "folder"), TOUCHED, TOUCHED]
    assert after(world, "folders", folder_id, "delete") == [("Deleted", "folder"), TOUCHED]


def test_exchange_tells_of_a_deletion_in_two_ways() -> None:
    """Named folders: moved to Recoverable Items. All folders: deleted, twice."""
    world = World("exchange", {"first_post": "after_status_frequency"})
    item_id = world.mail()
    world.subscribed()
    world.subscribed(folder="inbox")
    assert after(world, "items", item_id, "delete") == [("Deleted", "item"), ("Deleted", "item"), TOUCHED]
    everything, inbox = world.due()
    assert event_types(everything) == ["DeletedEvent", "DeletedEvent", "ModifiedEvent"]
    assert event_types(inbox) == ["MovedEvent", "ModifiedEvent"]


def test_a_subscription_to_a_folder_hears_of_that_folder() -> None:
    """Of what leaves it, too; of its folders only where a setting says so."""
    for reaches in (False, True):
        world = World(settings={"subfolders": reaches})
        inside = world.call(f"mailboxes/{EMAIL}/folders", name="plans", parent="inbox")["folder_id"]
        item_id = world.mail()
        world.subscribed(folder="inbox")
        world.mail(folder="drafts")
        assert world.due() == []
        world.act("items", item_id, "move", folder="drafts")
        assert event_types(world.told()) == ["MovedEvent", "ModifiedEvent"]
        world.mail(folder=inside)
        heard = [event_types(post) for post in world.due()]
        assert heard == ([["CreatedEvent", "NewMailEvent", "ModifiedEvent"]] if reaches else [["ModifiedEvent"]])


@pytest.mark.parametrize(("profile", "different"), [("workmail", 3), ("exchange", 1)])
def test_watermarks_are_of_an_event_or_of_an_action(profile: str, different: int) -> None:
    """Nothing promises one each."""
    world = World(profile)
    world.mail()
    assert len({each["watermark"] for each in world.get("changes", mailbox=EMAIL)}) == different


def test_ids_repeat_in_a_simulation() -> None:
    """They depend on what is done, and on the seed."""
    assert World().mail() == World().mail()
    assert World().subscribed() == World().subscribed()


def test_a_move_tells_both_ids() -> None:
    """The item's id changes."""
    world = World()
    old = world.mail()
    world.subscribed()
    new = world.act("items", old, "move", folder="drafts")["item_id"]
    body = world.told().body
    assert new != old
    assert f'<t:OldItemId Id="{old}">'.encode() in body
    assert f'<t:ItemId Id="{new}">'.encode() in body


def test_a_subscriber_of_named_folders_is_told_what_happens_in_them() -> None:
    """And of what leaves them, once; deletions in the way of its server."""
    world = World("exchange")
    item_id = world.mail()
    world.mail(folder="drafts")
    moved = world.act("items", item_id, "move", folder="drafts")["item_id"]
    world.act("items", moved, "delete")
    told = [
        (each.event.type.removesuffix("Event"), each.event.object) for each, _ in world.core.changes(EMAIL, ["inbox"])
    ]
    assert told == [("Created", "item"), ("NewMail", "item"), TOUCHED, ("Moved", "item"), TOUCHED]
    in_drafts = [each.event.type for each, _ in world.core.changes(EMAIL, ["drafts"]) if each.event.object == "item"]
    assert in_drafts == ["CreatedEvent", "MovedEvent", "MovedEvent"]
