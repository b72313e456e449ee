"""GetItem, GetFolder and FindFolder."""

import re

import pytest

from tests.unit.mailsim.sync_client import find_folder, folder_ids, get_folder, get_item, shape, sync_items
from tests.unit.mailsim.world import World, request, texts

MAILBOX = "<t:Mailbox><t:EmailAddress>other@example.com</t:EmailAddress></t:Mailbox>"
OTHERS = folder_ids("FolderIds", "inbox").replace("/></", f">{MAILBOX}</t:DistinguishedFolderId></")


def bodies(answer: bytes) -> list[str]:
    """Return the bodies of the items in a response; the first Body is that of the envelope."""
    return texts(answer, "Body")[1:]


def test_get_item_returns_the_properties() -> None:
    """With IdOnly the id alone."""
    world = World()
    item_id = world.mail("hello <you>")
    _, answer = world.ask(get_item(item_id))
    assert texts(answer, "Subject") == ["hello <you>"]
    assert bodies(answer) == ["Body of hello <you>"]
    assert texts(answer, "ItemClass") == ["IPM.Note"]
    assert texts(answer, "Size") == [str(len("hello <you>" + "Body of hello <you>"))]
    assert texts(answer, "EmailAddress") == ["sender@example.com"]
    assert texts(answer, "DateTimeReceived") == ["2023-11-14T22:13:20Z"]
    assert texts(answer, "IsRead") == ["false"]
    world.act("items", item_id, "read")
    _, answer = world.ask(get_item(item_id))
    assert texts(answer, "IsRead") == ["true"]
    assert texts(world.ask(get_item(item_id, base="IdOnly"))[1], "Subject") == []


@pytest.mark.parametrize(
    ("folder", "element", "item_class"),
    [
        ("calendar", "CalendarItem", "IPM.Appointment"),
        ("contacts", "Contact", "IPM.Contact"),
        ("tasks", "Task", "IPM.Task"),
    ],
)
def test_other_items_have_their_class(folder: str, element: str, item_class: str) -> None:
    """They have a body, but neither a sender nor a read flag."""
    world = World()
    _, answer = world.ask(get_item(world.mail(folder=folder), base="AllProperties"))
    assert len(texts(answer, element)) == 1
    assert (texts(answer, "ItemClass"), len(bodies(answer))) == ([item_class], 1)
    assert texts(answer, "From") + texts(answer, "IsRead") == []


def test_a_sync_returns_no_body() -> None:
    """Only GetItem does."""
    world = World()
    world.mail("hello")
    _, answer = world.ask(sync_items().replace(b"IdOnly", b"AllProperties"))
    assert texts(answer, "Subject") == ["hello"]
    assert bodies(answer) == []


def test_a_removed_item_is_not_found() -> None:
    """Deleted, moved, or unknown; the other items of the request are returned."""
    world = World()
    kept, deleted, moved = world.mail("kept"), world.mail(), world.mail()
    world.act("items", deleted, "delete")
    world.act("items", moved, "move", folder="drafts")
    status, answer = world.ask(get_item("never", deleted, moved, kept))
    assert (status, texts(answer, "ResponseCode")) == (200, ["ErrorItemNotFound"] * 3 + ["NoError"])
    assert texts(answer, "Subject") == ["kept"]
    assert world.get("requests")[-1]["answer"] == "ErrorItemNotFound"


def test_every_change_gives_a_new_change_key() -> None:
    """Reading is one."""
    world = World()
    item_id = world.mail()
    answers = [world.ask(get_item(item_id))[1]]
    for action in ("read", "modify"):
        world.act("items", item_id, action)
        answers.append(world.ask(get_item(item_id, base="IdOnly"))[1])
    assert len(set(answers)) == 3


@pytest.mark.parametrize("profile", ["workmail", "exchange"])
def test_get_folder_returns_the_properties(profile: str) -> None:
    """By id or by name; Exchange returns the distinguished name since 2013."""
    world = World(profile)
    inside = world.create_folder("plans", "inbox")
    world.mail()
    world.act("items", world.mail(), "read")
    world.mail(folder=inside)
    _, answer = world.ask(get_folder("inbox", inside))
    assert texts(answer, "DisplayName") == ["Inbox", "plans"]
    assert texts(answer, "TotalCount") == ["2", "1"]
    assert texts(answer, "UnreadCount") == ["1", "1"]
    assert texts(answer, "ChildFolderCount") == ["1", "0"]
    assert texts(answer, "DistinguishedFolderId") == (["inbox"] if profile == "exchange" else [])


def test_unknown_folders_and_those_of_others_are_errors() -> None:
    """A distinguished name is not an id, and another user's folder is denied."""
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


def test_find_folder_returns_pages() -> None:
    """Of the children of a folder, or of all folders below it; hidden folders are left out."""
    world = World()
    world.create_folder("plans", "inbox")
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
    assert world.code(find_folder("root", "Deep", "<m:Restriction/>"))[1] == "ErrorInvalidOperation"
    for attribute, code in (("Offset", "ErrorInvalidIndexedPagingParameters"), ("Max", "ErrorInvalidPagingMaxRows")):
        negative = re.sub(rf'({attribute}\w*)="10"', r'\1="-1"', view)
        assert world.code(find_folder("root", "Deep", negative)) == (200, code)


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
def test_the_schema_is_enforced(operation: str) -> None:
    """A violation is a fault."""
    assert World().code(request(operation)) == (500, "ErrorSchemaValidation")
