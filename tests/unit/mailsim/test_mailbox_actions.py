"""The events that each action fires."""

import pytest

from tests.unit.mailsim.world import EMAIL, World, event_types


def all_events(world: World) -> list[tuple[str, str]]:
    """Return type and object of all events so far, as a subscription to all folders receives them."""
    return [(each["type"].removesuffix("Event"), each["object"]) for each in world.get("changes", mailbox=EMAIL)]


def events_of(world: World, kind: str, entry_id: str, action: str, **given: str) -> list[tuple[str, str]]:
    """Carry out an action, and return its events."""
    before = len(all_events(world))
    world.act(kind, entry_id, action, **given)
    return all_events(world)[before:]


FOLDER_MODIFIED = ("Modified", "folder")


def test_new_mail_is_created_and_its_folder_is_modified() -> None:
    """In drafts there is no NewMailEvent."""
    world = World()
    world.mail()
    assert all_events(world) == [("Created", "item"), ("NewMail", "item"), FOLDER_MODIFIED]
    world.mail(folder="drafts")
    assert all_events(world)[3:] == [("Created", "item"), FOLDER_MODIFIED]


def test_actions_on_items() -> None:
    """Each modifies the folders of the item; the control API accepts the id from before a move."""
    world = World()
    item_id = world.mail()
    assert events_of(world, "items", item_id, "modify") == [("Modified", "item"), FOLDER_MODIFIED]
    assert events_of(world, "items", item_id, "copy", folder="drafts") == [("Copied", "item"), FOLDER_MODIFIED]
    assert events_of(world, "items", item_id, "move", folder="drafts") == [("Moved", "item"), *[FOLDER_MODIFIED] * 2]
    assert events_of(world, "items", item_id, "delete") == [("Deleted", "item"), FOLDER_MODIFIED]


def test_actions_on_folders() -> None:
    """A folder move is three folder events."""
    world = World()
    folder_id = world.create_folder("plans")
    assert all_events(world) == [("Created", "folder"), FOLDER_MODIFIED]
    assert events_of(world, "folders", folder_id, "modify") == [FOLDER_MODIFIED]
    assert events_of(world, "folders", folder_id, "copy", folder="inbox") == [("Copied", "folder"), FOLDER_MODIFIED]
    assert events_of(world, "folders", folder_id, "move", folder="inbox") == [
        ("Moved", "folder"),
        *[FOLDER_MODIFIED] * 2,
    ]
    assert events_of(world, "folders", folder_id, "delete") == [("Deleted", "folder"), FOLDER_MODIFIED]


def test_exchange_shows_a_deletion_in_two_ways() -> None:
    """Subscriptions to named folders get a move to Recoverable Items, those to all folders two deletions."""
    world = World("exchange", {"first_post": "after_status_frequency"})
    item_id = world.mail()
    world.subscribed()
    world.subscribed(folder="inbox")
    assert events_of(world, "items", item_id, "delete") == [("Deleted", "item"), ("Deleted", "item"), FOLDER_MODIFIED]
    everything, inbox = world.due()
    assert event_types(everything) == ["DeletedEvent", "DeletedEvent", "ModifiedEvent"]
    assert event_types(inbox) == ["MovedEvent", "ModifiedEvent"]


def test_a_subscription_to_a_folder_receives_the_events_of_that_folder() -> None:
    """Moves out of it included; events of its subfolders only with the setting `subfolders`."""
    for subfolders in (False, True):
        world = World(settings={"subfolders": subfolders})
        inside = world.create_folder("plans", "inbox")
        item_id = world.mail()
        world.subscribed(folder="inbox")
        world.mail(folder="drafts")
        assert world.due() == []
        world.act("items", item_id, "move", folder="drafts")
        assert event_types(world.acknowledged_post()) == ["MovedEvent", "ModifiedEvent"]
        world.mail(folder=inside)
        received = [event_types(post) for post in world.due()]
        assert received == ([["CreatedEvent", "NewMailEvent", "ModifiedEvent"]] if subfolders else [["ModifiedEvent"]])


@pytest.mark.parametrize(("profile", "different"), [("workmail", 3), ("exchange", 1)])
def test_watermarks_are_per_event_or_per_action(profile: str, different: int) -> None:
    """Events of one action can share a watermark."""
    world = World(profile)
    world.mail()
    assert len({each["watermark"] for each in world.get("changes", mailbox=EMAIL)}) == different


def test_ids_repeat_in_a_simulation() -> None:
    """They depend on the calls and on the seed."""
    assert World().mail() == World().mail()
    assert World().subscribed() == World().subscribed()


def test_a_move_contains_both_ids() -> None:
    """An item gets a new id."""
    world = World()
    old = world.mail()
    world.subscribed()
    new = world.act("items", old, "move", folder="drafts")["item_id"]
    body = world.acknowledged_post().body
    assert new != old
    assert f'<t:OldItemId Id="{old}">'.encode() in body
    assert f'<t:ItemId Id="{new}">'.encode() in body


def test_changes_of_named_folders() -> None:
    """Moves out of them are included once, deletions in the form of the profile."""
    world = World("exchange")
    item_id = world.mail()
    world.mail(folder="drafts")
    moved = world.act("items", item_id, "move", folder="drafts")["item_id"]
    world.act("items", moved, "delete")
    events = [
        (each.event.type.removesuffix("Event"), each.event.object) for each, _ in world.core.changes(EMAIL, ["inbox"])
    ]
    assert events == [("Created", "item"), ("NewMail", "item"), FOLDER_MODIFIED, ("Moved", "item"), FOLDER_MODIFIED]
    in_drafts = [each.event.type for each, _ in world.core.changes(EMAIL, ["drafts"]) if each.event.object == "item"]
    assert in_drafts == ["CreatedEvent", "MovedEvent", "MovedEvent"]
