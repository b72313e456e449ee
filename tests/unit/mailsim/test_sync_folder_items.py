"""SyncFolderItems."""

import pytest

from tests.unit.mailsim.sync_client import SyncClient, parse_sync_response, sync_items, synchronized
from tests.unit.mailsim.world import World, request, texts


@pytest.mark.parametrize("profile", ["workmail", "exchange"])
def test_the_first_sync_returns_all_items(profile: str) -> None:
    """Newest first; the next sync returns nothing."""
    world = World(profile)
    items = [world.mail() for _ in range(3)]
    client = SyncClient(world)
    page = client.page()
    assert page.changes == [("Create", each) for each in reversed(items)]
    assert page.is_last
    assert client.changes() == []


def test_a_sync_returns_the_changes() -> None:
    """Created, updated, read and deleted items."""
    world = World()
    changed, flagged, deleted = (world.mail() for _ in range(3))
    client = synchronized(world)
    world.act("items", deleted, "delete")
    world.act("items", flagged, "read")
    world.act("items", changed, "modify")
    made = world.mail()
    page = client.page()
    assert sorted(page.changes) == sorted(
        [("Delete", deleted), ("ReadFlagChange", flagged), ("Update", changed), ("Create", made)]
    )
    assert page.read_flags == {flagged: True}


def test_a_sync_returns_net_changes() -> None:
    """At most one for each item."""
    world = World()
    item_id = world.mail()
    client = synchronized(world)
    made, passing = world.mail(), world.mail()
    world.act("items", passing, "delete")
    world.act("items", made, "modify")
    world.act("items", made, "read")
    world.act("items", item_id, "read")
    world.act("items", item_id, "modify")
    world.act("items", item_id, "read", read=False)
    assert sorted(client.changes()) == [("Create", made), ("Update", item_id)]


def test_a_read_flag_change_has_the_last_value() -> None:
    """Here the item is unread again."""
    world = World()
    item_id = world.mail()
    client = synchronized(world)
    world.act("items", item_id, "read")
    world.act("items", item_id, "read", read=False)
    assert client.page().read_flags == {item_id: False}


@pytest.mark.parametrize("profile", ["workmail", "exchange"])
def test_a_move_is_a_delete_and_a_create(profile: str) -> None:
    """The Create has the new id."""
    world = World(profile)
    item_id = world.mail()
    inbox, drafts = synchronized(world), synchronized(world, "drafts")
    moved = world.act("items", item_id, "move", folder="drafts")["item_id"]
    assert inbox.changes() == [("Delete", item_id)]
    assert drafts.changes() == [("Create", moved)]
    world.act("items", moved, "delete")
    assert drafts.changes() == [("Delete", moved)]


def test_changes_come_in_pages() -> None:
    """Changes between the pages come after them."""
    world = World()
    items = [world.mail() for _ in range(5)]
    client = SyncClient(world)
    first = client.page(2)
    late = world.mail()
    world.act("items", items[4], "delete")
    second = client.page(2)
    third = client.page(2)
    assert [first.is_last, second.is_last, third.is_last] == [False, False, False]
    changes = first.changes + second.changes + third.changes
    assert changes == [("Create", each) for each in reversed(items)]
    assert sorted(client.changes()) == [("Create", late), ("Delete", items[4])]


def test_a_page_can_be_requested_again() -> None:
    """The same state gives the same page."""
    world = World()
    for _ in range(5):
        world.mail()
    client = SyncClient(world)
    state = client.page(2).state
    pages = []
    for _ in range(2):
        client.state = state
        pages.append(client.page(2).changes)
        world.mail()
    assert pages[0] == pages[1]


def test_items_can_be_ignored() -> None:
    """In the page that is requested."""
    world = World()
    first, second = world.mail(), world.mail()
    ignore = f'<m:Ignore><t:ItemId Id="{first}"/></m:Ignore>'
    assert parse_sync_response(world.ask(sync_items(more=ignore))[1]).changes == [("Create", second)]


def test_only_requested_properties_are_returned() -> None:
    """By default the id alone."""
    world = World()
    world.mail("hello")
    _, plain = world.ask(sync_items())
    _, full = world.ask(sync_items("inbox", None, 512, "", "item:Subject", "message:IsRead"))
    assert texts(plain, "Subject") == []
    assert (texts(full, "Subject"), texts(full, "IsRead"), texts(full, "DateTimeReceived")) == (
        ["hello"],
        ["false"],
        [],
    )


def test_items_of_the_calendar_contacts_and_tasks_have_their_own_elements() -> None:
    """As the schema defines them."""
    world = World()
    for folder, element in {"calendar": "CalendarItem", "contacts": "Contact", "tasks": "Task"}.items():
        world.mail(folder=folder)
        assert len(texts(world.ask(sync_items(folder))[1], element)) == 1


@pytest.mark.parametrize("most", [0, 513, "many", -1])
def test_a_page_has_512_changes_at_most(most: object) -> None:
    """This is the schema's limit."""
    assert World().code(sync_items(most=most)) == (500, "ErrorSchemaValidation")


@pytest.mark.parametrize("folder", ["voicemail", "AAunknown"])
def test_an_unknown_folder_gets_an_error_response(folder: str) -> None:
    """ErrorSyncFolderNotFound."""
    assert World().code(sync_items(folder)) == (200, "ErrorSyncFolderNotFound")


@pytest.mark.parametrize(
    "operation",
    [
        "<m:SyncFolderItems/>",
        "<m:SyncFolderItems><m:MaxChangesReturned>5</m:MaxChangesReturned></m:SyncFolderItems>",
        "<m:SyncFolderItems><t:ItemShape/></m:SyncFolderItems>",
    ],
)
def test_the_schema_is_enforced(operation: str) -> None:
    """Order, namespaces and required elements."""
    assert World().code(request(operation)) == (500, "ErrorSchemaValidation")


def test_sync_can_be_refused_a_number_of_times() -> None:
    """Independently of Subscribe."""
    world = World()
    world.call("faults", refuse_sync="ErrorServerBusy", times=2, back_off_ms=700)
    assert world.get("faults")["refuse_sync"] == "ErrorServerBusy"
    world.subscribed()
    for _ in range(2):
        status, answer = world.ask(sync_items())
        assert (status, texts(answer, "ResponseCode"), texts(answer, "Value")) == (500, ["ErrorServerBusy"], ["700"])
    assert world.code(sync_items()) == (200, "NoError")
    world.call("faults", refuse_sync="ErrorTimeoutExpired", refuse_subscribe="ErrorServerBusy")
    assert world.code(sync_items()) == (200, "ErrorTimeoutExpired")
    assert world.code(sync_items()) == (200, "NoError")
