"""SyncFolderItems: a client that asks from time to time knows what is there."""

from random import Random

import pytest

from tests.unit.mailsim.client import Client, read, sync_items
from tests.unit.mailsim.world import EMAIL, World, basic, request, texts

OTHER = "other@example.com"
DAY = 24 * 60 * 60


def synced(world: World, folder: str = "inbox") -> Client:
    """Return a client that knows all there is."""
    client = Client(world, folder)
    client.changes()
    return client


@pytest.mark.parametrize("profile", ["workmail", "exchange"])
def test_without_a_state_everything_is_new(profile: str) -> None:
    """The newest first; whoever knows it all hears nothing."""
    world = World(profile)
    items = [world.mail() for _ in range(3)]
    client = Client(world)
    page = client.page()
    assert page.changes == [("Create", each) for each in reversed(items)]
    assert page.last
    assert client.changes() == []


def test_what_happened_is_told() -> None:
    """Created, changed, read, deleted."""
    world = World()
    changed, flagged, deleted = (world.mail() for _ in range(3))
    client = synced(world)
    world.act("items", deleted, "delete")
    world.act("items", flagged, "read")
    world.act("items", changed, "modify")
    made = world.mail()
    page = client.page()
    assert sorted(page.changes) == sorted(
        [("Delete", deleted), ("ReadFlagChange", flagged), ("Update", changed), ("Create", made)]
    )
    assert page.read == {flagged: True}


def test_only_the_net_change_is_told() -> None:
    """Whatever was done to an item, there is one change at most."""
    world = World()
    item_id = world.mail()
    client = synced(world)
    made, passing = world.mail(), world.mail()
    world.act("items", passing, "delete")
    world.act("items", made, "modify")
    world.act("items", made, "read")
    world.act("items", item_id, "read")
    world.act("items", item_id, "modify")
    world.act("items", item_id, "read", read=False)
    assert sorted(client.changes()) == [("Create", made), ("Update", item_id)]


def test_a_read_flag_goes_both_ways() -> None:
    """The last one counts."""
    world = World()
    item_id = world.mail()
    client = synced(world)
    world.act("items", item_id, "read")
    world.act("items", item_id, "read", read=False)
    assert client.page().read == {item_id: False}


@pytest.mark.parametrize("profile", ["workmail", "exchange"])
def test_a_move_is_seen_from_both_ends(profile: str) -> None:
    """Deleted here, created there, with its new id."""
    world = World(profile)
    item_id = world.mail()
    inbox, drafts = synced(world), synced(world, "drafts")
    moved = world.act("items", item_id, "move", folder="drafts")["item_id"]
    assert inbox.changes() == [("Delete", item_id)]
    assert drafts.changes() == [("Create", moved)]
    world.act("items", moved, "delete")
    assert drafts.changes() == [("Delete", moved)]


def test_changes_come_in_pages() -> None:
    """What happens between the pages comes after them."""
    world = World()
    items = [world.mail() for _ in range(5)]
    client = Client(world)
    first = client.page(2)
    late = world.mail()
    world.act("items", items[4], "delete")
    second = client.page(2)
    third = client.page(2)
    assert [first.last, second.last, third.last] == [False, False, False]
    told = first.changes + second.changes + third.changes
    assert told == [("Create", each) for each in reversed(items)]
    assert sorted(client.changes()) == [("Create", late), ("Delete", items[4])]


def test_a_page_can_be_asked_for_again() -> None:
    """The same state gives the same page, however often."""
    world = World()
    for _ in range(5):
        world.mail()
    client = Client(world)
    state = client.page(2).state
    pages = []
    for _ in range(2):
        client.state = state
        pages.append(client.page(2).changes)
        world.mail()
    assert pages[0] == pages[1]


def test_items_can_be_ignored() -> None:
    """As far as a page goes."""
    world = World()
    first, second = world.mail(), world.mail()
    ignore = f'<m:Ignore><t:ItemId Id="{first}"/></m:Ignore>'
    assert read(world.ask(sync_items(more=ignore))[1]).changes == [("Create", second)]


def test_properties_are_told_where_they_are_asked_for() -> None:
    """Otherwise the id alone."""
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


def test_the_calendar_holds_calendar_items() -> None:
    """The schema has an element for each kind."""
    world = World()
    for folder, element in {"calendar": "CalendarItem", "contacts": "Contact", "tasks": "Task"}.items():
        world.mail(folder=folder)
        assert len(texts(world.ask(sync_items(folder))[1], element)) == 1


@pytest.mark.parametrize("what", ["junk", "AAAA", "damaged", "another folder's", "another's"])
def test_a_state_nobody_gave_for_this_folder_is_invalid(what: str) -> None:
    """Whatever is wrong with it."""
    world = World()
    world.call("users", email=OTHER, password="password")
    state = synced(world).state or ""
    _, theirs = world.ask(sync_items(), basic(email=OTHER))
    wrong = {"damaged": state[:-6] + "AAAAA=", "another folder's": state, "another's": read(theirs).state}
    folder = "drafts" if what == "another folder's" else "inbox"
    assert world.code(sync_items(folder, wrong.get(what, what))) == (200, "ErrorInvalidSyncStateData")


def test_states_can_be_forgotten() -> None:
    """By a fault; and a mailbox that was not kept is another one."""
    world = World()
    state = synced(world).state
    world.call("faults", forget_sync_states=True)
    assert world.code(sync_items(state=state)) == (200, "ErrorInvalidSyncStateData")
    state = synced(world).state
    world.call(f"mailboxes/{EMAIL}/disable")
    world.now += 31 * DAY
    world.call(f"mailboxes/{EMAIL}/enable")
    assert world.code(sync_items(state=state)) == (200, "ErrorInvalidSyncStateData")


def test_an_error_says_that_nothing_follows() -> None:
    """As in Exchange's samples; a client that takes the empty state for one starts all over."""
    _, answer = World().ask(sync_items(state="junk"))
    assert (texts(answer, "SyncState"), texts(answer, "IncludesLastItemInRange")) == ([""], ["true"])


def test_states_outlive_watermarks_subscriptions_and_a_disabled_user() -> None:
    """A mailbox that moves to another database is the same mailbox."""
    world = World()
    client = synced(world)
    world.call("faults", forget_watermarks=True, restart=True)
    made = world.mail()
    world.call(f"mailboxes/{EMAIL}/disable")
    world.now += DAY
    world.call(f"mailboxes/{EMAIL}/enable")
    assert client.changes() == [("Create", made)]


def test_states_can_be_had_again_after_they_were_forgotten() -> None:
    """From the beginning."""
    world = World()
    item_id = world.mail()
    client = synced(world)
    world.call("faults", forget_sync_states=True)
    client.state = None
    assert client.changes() == [("Create", item_id)]
    assert client.changes() == []


@pytest.mark.parametrize("most", [0, 513, "many", -1])
def test_a_page_has_512_changes_at_most(most: object) -> None:
    """The schema says so."""
    assert World().code(sync_items(most=most)) == (500, "ErrorSchemaValidation")


@pytest.mark.parametrize("folder", ["voicemail", "AAunknown"])
def test_a_folder_that_is_not_there_can_not_be_synchronized(folder: str) -> None:
    """Told in the response."""
    assert World().code(sync_items(folder)) == (200, "ErrorSyncFolderNotFound")


@pytest.mark.parametrize(
    "operation",
    [
        "<m:SyncFolderItems/>",
        "<m:SyncFolderItems><m:MaxChangesReturned>5</m:MaxChangesReturned></m:SyncFolderItems>",
        "<m:SyncFolderItems><t:ItemShape/></m:SyncFolderItems>",
    ],
)
def test_the_schema_is_held(operation: str) -> None:
    """Order, namespaces, and what has to be there."""
    assert World().code(request(operation)) == (500, "ErrorSchemaValidation")


def test_reading_can_be_refused_for_a_while() -> None:
    """Subscribe is not concerned, and the other way round."""
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


def story(world: World, chance: Random, items: list[str], folders: list[str]) -> None:
    """Let something happen to some item."""
    action = chance.choice(["mail", "mail", "modify", "read", "move", "copy", "delete"])
    if action == "mail" or not items:
        items.append(world.mail(folder=chance.choice(folders)))
        return
    item_id = items.pop(chance.randrange(len(items)))
    given = {"folder": chance.choice(folders)} if action in {"move", "copy"} else {}
    after = world.act("items", item_id, action, **given)["item_id"]
    items += {"delete": [], "copy": [item_id, after]}.get(action, [after])


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("profile", ["workmail", "exchange"])
def test_whoever_goes_on_asking_knows_what_is_there(profile: str, seed: int) -> None:
    """Whatever happens between the pages: no change makes no sense, and in the end none is missing."""
    chance = Random(seed)  # noqa: S311  # a story that can be repeated
    world, items, folders = World(profile), list[str](), ["inbox", "drafts", "deleteditems"]
    clients = {folder: Client(world, folder) for folder in folders}
    known: dict[str, set[str]] = {folder: set() for folder in folders}
    for step in range(150):
        if step < 100:
            story(world, chance, items, folders)
        folder = folders[step % len(folders)]
        for kind, item_id in clients[folder].page(chance.randrange(1, 4)).changes:
            assert (item_id in known[folder]) == (kind != "Create")
            known[folder] ^= {item_id} if kind in {"Create", "Delete"} else set()
    for folder in folders:
        clients[folder].changes()
        assert {item_id for _, item_id in Client(world, folder).changes()} == known[folder]
    assert set().union(*known.values()) == set(items)
