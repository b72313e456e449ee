"""GetItem, GetFolder, FindFolder, and SyncFolderHierarchy."""

import pytest

from tests.unit.mailsim.client import find_folder, folder_ids, get_folder, get_item, read, shape, sync_hierarchy
from tests.unit.mailsim.world import EMAIL, World, request, texts

MAILBOX = "<t:Mailbox><t:EmailAddress>other@example.com</t:EmailAddress></t:Mailbox>"
OTHERS = folder_ids("FolderIds", "inbox").replace("/></", f">{MAILBOX}</t:DistinguishedFolderId></")


def folder(world: World, name: str, parent: str = "msgfolderroot") -> str:
    """Make a folder, and return its id."""
    return str(world.call(f"mailboxes/{EMAIL}/folders", name=name, parent=parent)["folder_id"])


def test_an_item_is_shown() -> None:
    """Subject, folder, time, and whether it is read; with IdOnly its id."""
    world = World()
    item_id = world.mail("hello <you>")
    _, answer = world.ask(get_item(item_id))
    assert texts(answer, "Subject") == ["hello <you>"]
    assert texts(answer, "DateTimeReceived") == ["2023-11-14T22:13:20Z"]
    assert texts(answer, "IsRead") == ["false"]
    world.act("items", item_id, "read")
    _, answer = world.ask(get_item(item_id))
    assert texts(answer, "IsRead") == ["true"]
    assert texts(world.ask(get_item(item_id, base="IdOnly"))[1], "Subject") == []


def test_an_item_that_is_gone_is_not_found() -> None:
    """Deleted, moved, or never there; the others of the request are shown."""
    world = World()
    kept, deleted, moved = world.mail("kept"), world.mail(), world.mail()
    world.act("items", deleted, "delete")
    world.act("items", moved, "move", folder="drafts")
    status, answer = world.ask(get_item("never", deleted, moved, kept))
    assert (status, texts(answer, "ResponseCode")) == (200, ["ErrorItemNotFound"] * 3 + ["NoError"])
    assert texts(answer, "Subject") == ["kept"]
    assert world.get("requests")[-1]["answer"] == "ErrorItemNotFound"


def test_a_change_key_tells_of_changes() -> None:
    """Reading is one."""
    world = World()
    item_id = world.mail()
    answers = [world.ask(get_item(item_id))[1]]
    for action in ("read", "modify"):
        world.act("items", item_id, action)
        answers.append(world.ask(get_item(item_id, base="IdOnly"))[1])
    assert len(set(answers)) == 3


@pytest.mark.parametrize("profile", ["workmail", "exchange"])
def test_a_folder_is_shown(profile: str) -> None:
    """With its counts; by its id as well as by its name, which Exchange tells since 2013."""
    world = World(profile)
    inside = folder(world, "plans", "inbox")
    world.mail()
    world.act("items", world.mail(), "read")
    world.mail(folder=inside)
    _, answer = world.ask(get_folder("inbox", inside))
    assert texts(answer, "DisplayName") == ["Inbox", "plans"]
    assert texts(answer, "TotalCount") == ["2", "1"]
    assert texts(answer, "UnreadCount") == ["1", "1"]
    assert texts(answer, "ChildFolderCount") == ["1", "0"]
    assert texts(answer, "DistinguishedFolderId") == (["inbox"] if profile == "exchange" else [])


def test_a_folder_that_is_not_there_is_told() -> None:
    """One by one; an id is no name, and another's folder is not to be seen."""
    world = World()
    _, answer = world.ask(get_folder("AAunknown", "voicemail", "calendar"))
    assert texts(answer, "ResponseCode") == ["ErrorFolderNotFound", "ErrorFolderNotFound", "NoError"]
    assert len(texts(answer, "CalendarFolder")) == 1
    others = request(f"<m:GetFolder>{shape('FolderShape')}{OTHERS}</m:GetFolder>")
    assert world.code(others) == (200, "ErrorAccessDenied")
    misnamed = folder_ids("FolderIds", "inbox").replace("DistinguishedFolderId", "FolderId")
    assert (
        world.code(request(f"<m:GetFolder>{shape('FolderShape')}{misnamed}</m:GetFolder>"))[1] == "ErrorFolderNotFound"
    )


def test_folders_are_found_page_by_page() -> None:
    """Those in a folder, or all below it; the hidden ones never."""
    world = World()
    folder(world, "plans", "inbox")
    _, shallow = world.ask(find_folder("msgfolderroot", "Shallow"))
    _, deep = world.ask(find_folder("root", "Deep"))
    assert len(texts(shallow, "FolderId")) == 11
    assert texts(deep, "DisplayName")[0] == "Top of Information Store"
    assert len(texts(deep, "FolderId")) == 13
    view = '<m:IndexedPageFolderView MaxEntriesReturned="10" Offset="10" BasePoint="Beginning"/>'
    _, page = world.ask(find_folder("root", "Deep", view))
    assert texts(page, "DisplayName") == texts(deep, "DisplayName")[10:]
    assert b'IncludesLastItemInRange="true"' in page
    assert world.code(find_folder("root", "Deep", view.replace('Offset="10"', "")))[1] == "ErrorSchemaValidation"
    assert world.code(find_folder("root", "Deep", "<m:Restriction/>"))[1] == "ErrorInvalidRequest"


@pytest.mark.parametrize(
    "operation",
    [
        "<m:GetItem/>",
        f"<m:GetItem>{shape('ItemShape')}<m:ItemIds/></m:GetItem>",
        f"<m:GetItem>{shape('ItemShape', 'Everything')}<m:ItemIds><t:ItemId Id='x'/></m:ItemIds></m:GetItem>",
        f"<m:GetFolder>{shape('FolderShape')}<m:FolderIds/></m:GetFolder>",
        f"<m:GetFolder>{shape('FolderShape')}{folder_ids('FolderIds', 'no-such-name')}</m:GetFolder>",
    ],
)
def test_the_schema_is_held(operation: str) -> None:
    """What it forbids gets a fault."""
    assert World().code(request(operation)) == (500, "ErrorSchemaValidation")


def test_all_folders_are_listed_at_first() -> None:
    """Each after the one it lies in; not the hidden ones."""
    world = World()
    outer = folder(world, "outer")
    inner = folder(world, "inner", outer)
    synced = read(world.ask(sync_hierarchy())[1])
    assert {kind for kind, _ in synced.changes} == {"Create"}
    assert len(synced.changes) == 13
    assert synced.last
    own_ids = [own_id for _, own_id in synced.changes]
    assert own_ids.index(outer) < own_ids.index(inner)


def test_changes_of_folders_are_told() -> None:
    """Made, changed, moved, deleted with all in them; those that came and went are not told of."""
    world = World()
    changed, deleted, moved = (folder(world, name) for name in "abc")
    inside = folder(world, "inside", deleted)
    state = read(world.ask(sync_hierarchy())[1]).state
    world.act("folders", changed, "modify")
    world.act("folders", moved, "move", folder="inbox")
    world.act("folders", deleted, "delete")
    world.act("folders", folder(world, "passing"), "delete")
    made = folder(world, "made")
    world.mail()
    synced = read(world.ask(sync_hierarchy(None, state))[1])
    expected = [("Create", made), ("Update", changed), ("Update", moved), ("Delete", deleted), ("Delete", inside)]
    assert sorted(synced.changes) == sorted(expected)
    assert read(world.ask(sync_hierarchy(None, synced.state))[1]).changes == []


def test_part_of_the_tree_can_be_watched() -> None:
    """What is moved out of it is deleted there, what is moved in is created."""
    world = World()
    outer = folder(world, "outer")
    there, here = folder(world, "there"), folder(world, "here", outer)
    state = read(world.ask(sync_hierarchy(outer))[1]).state
    world.act("folders", here, "move", folder="msgfolderroot")
    world.act("folders", there, "move", folder=outer)
    synced = read(world.ask(sync_hierarchy(outer, state))[1])
    assert synced.changes == [("Create", there), ("Delete", here)]


def test_a_state_is_good_for_one_root() -> None:
    """The default and the same folder named differ, as on Exchange; states of items are others."""
    world = World()
    state = read(world.ask(sync_hierarchy())[1]).state
    assert world.code(sync_hierarchy("msgfolderroot", state)) == (200, "ErrorInvalidSyncStateData")
    assert world.code(sync_hierarchy("inbox", state)) == (200, "ErrorInvalidSyncStateData")
    assert world.code(sync_hierarchy(None, "junk")) == (200, "ErrorInvalidSyncStateData")
    world.call("faults", forget_sync_states=True)
    assert world.code(sync_hierarchy(None, state)) == (200, "ErrorInvalidSyncStateData")


def test_all_that_reads_can_be_refused() -> None:
    """GetFolder is not."""
    world = World()
    world.call("faults", refuse_sync="ErrorMailboxStoreUnavailable", times=2)
    assert world.code(get_folder("inbox")) == (200, "NoError")
    assert world.code(sync_hierarchy()) == (200, "ErrorMailboxStoreUnavailable")
    assert world.code(get_item(world.mail())) == (200, "ErrorMailboxStoreUnavailable")
    assert world.code(sync_hierarchy()) == (200, "NoError")
