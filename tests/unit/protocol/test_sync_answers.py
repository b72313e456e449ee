"""What the pages of an answer hold: changes of items and of folders."""

from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.protocol.changes import ChangeKind, FolderChange, ItemChange
from ewspush.protocol.namespaces import MESSAGES, SOAP, TYPES
from ewspush.protocol.soap import Refused
from ewspush.protocol.synchronization import HierarchyPage, ItemsPage, SyncItemsRequest
from tests.unit.protocol.sync_answers import DELETE, XML_TEXT, folders, items, parsed, parsed_hierarchy


@pytest.mark.parametrize("kind", ["Message", "CalendarItem", "Contact", "Item", "Task", "PostItem", "OfALaterServer"])
def test_an_item_may_be_of_any_kind(kind: str) -> None:
    """Also of one that is not in the schema yet."""
    inside = '<t:ItemId Id="A=" ChangeKey="K"/><t:LastModifiedTime>2018-02-02T15:15:14Z</t:LastModifiedTime>'
    page = parsed(items(f"<t:Create><t:{kind}>{inside}</t:{kind}></t:Create>"))
    assert page == ItemsPage("s1", (ItemChange(ChangeKind.CREATED, "A=", "K", "2018-02-02T15:15:14Z"),), is_last=True)


def test_an_item_names_the_folder_it_is_in() -> None:
    """A deleted one is in none."""
    inside = '<t:ItemId Id="A"/><t:ParentFolderId Id="P" ChangeKey="K"/>'
    page = parsed(items(f"<t:Create><t:Message>{inside}</t:Message></t:Create>{DELETE}"))
    changes = (ItemChange(ChangeKind.CREATED, "A", parent_id="P"), ItemChange(ChangeKind.DELETED, "D"))
    assert page == ItemsPage("s1", changes, is_last=True)


def test_changes_keep_the_order_of_the_server() -> None:
    """All four kinds."""
    page = parsed(
        items(
            '<t:Update><t:Message><t:ItemId Id="A" ChangeKey="K2"/></t:Message></t:Update>'
            '<t:ReadFlagChange><t:ItemId Id="B" ChangeKey="K"/><t:IsRead>true</t:IsRead></t:ReadFlagChange>'
            '<t:ReadFlagChange><t:ItemId Id="C"/><t:IsRead> 0 </t:IsRead></t:ReadFlagChange>'
            '<t:Delete><t:ItemId Id="D"/></t:Delete><t:Create><t:Item><t:ItemId Id="E"/></t:Item></t:Create>',
            last="false",
        )
    )
    changes = (
        ItemChange(ChangeKind.UPDATED, "A", "K2"),
        ItemChange(ChangeKind.READ_FLAG_CHANGED, "B", "K", is_read=True),
        ItemChange(ChangeKind.READ_FLAG_CHANGED, "C", is_read=False),
        ItemChange(ChangeKind.DELETED, "D"),
        ItemChange(ChangeKind.CREATED, "E"),
    )
    assert page == ItemsPage("s1", changes, is_last=False)


def test_prefixes_mean_nothing() -> None:
    """The messages namespace as the default one, and the types namespace likewise further down."""
    body = (
        f'<s:Envelope xmlns:s="{SOAP}"><s:Header/><s:Body><SyncFolderItemsResponse xmlns="{MESSAGES}">'
        '<ResponseMessages><SyncFolderItemsResponseMessage ResponseClass="Success"><ResponseCode>NoError</ResponseCode>'
        "<SyncState>\n s1 \n</SyncState><IncludesLastItemInRange>1</IncludesLastItemInRange>"
        f'<Changes><Delete xmlns="{TYPES}"><ItemId Id="D"/></Delete></Changes>'
        "</SyncFolderItemsResponseMessage></ResponseMessages></SyncFolderItemsResponse></s:Body></s:Envelope>"
    )
    assert parsed(body.encode()) == ItemsPage("s1", (ItemChange(ChangeKind.DELETED, "D"),), is_last=True)


@pytest.mark.parametrize(
    "change",
    [
        '<t:Archive><t:ItemId Id="X"/></t:Archive>',
        '<m:Delete><t:ItemId Id="X"/></m:Delete>',
        "<t:Create><t:Message/></t:Create>",
        "<t:Create/>",
        '<t:Delete><t:ItemId Id=""/></t:Delete>',
        '<t:Create><t:Task><t:FirstOccurrence><t:ItemId Id="X"/></t:FirstOccurrence></t:Task></t:Create>',
    ],
)
def test_a_change_that_is_not_understood_is_passed_over_and_counted(change: str) -> None:
    """An unknown kind, another namespace, no id of its own; the rest of the page stands."""
    page = parsed(items(f'{change}<t:Delete><t:ItemId Id="D"/></t:Delete>'))
    assert page == ItemsPage("s1", (ItemChange(ChangeKind.DELETED, "D"),), is_last=True, passed_over=1)


@pytest.mark.parametrize("kind", ["Folder", "CalendarFolder", "ContactsFolder", "TasksFolder", "OfALaterServer"])
def test_a_folder_may_be_of_any_kind(kind: str) -> None:
    """Also of one that is not in the schema yet."""
    inside = '<t:FolderId Id="F=" ChangeKey="K"/><t:ParentFolderId Id="P=" ChangeKey="K0"/>'
    page = parsed_hierarchy(folders(f"<t:Update><t:{kind}>{inside}</t:{kind}></t:Update>"))
    assert page == HierarchyPage("s1", (FolderChange(ChangeKind.UPDATED, "F=", "K", "P="),), is_last=True)


def test_search_folders_are_marked_and_folders_passed_over_are_counted() -> None:
    """They can't be synchronized."""
    page = parsed_hierarchy(
        folders(
            '<t:Create><t:SearchFolder><t:FolderId Id="F"/></t:SearchFolder></t:Create><t:Create><t:Folder/></t:Create>'
            '<t:Delete><t:FolderId Id="G"/></t:Delete>'
        )
    )
    changes = (FolderChange(ChangeKind.CREATED, "F", is_search=True), FolderChange(ChangeKind.DELETED, "G"))
    assert page == HierarchyPage("s1", changes, is_last=True, passed_over=1)


KEYS = st.none() | XML_TEXT
ITEM_CHANGES = st.one_of(
    st.tuples(st.sampled_from([ChangeKind.CREATED, ChangeKind.UPDATED]), XML_TEXT, KEYS, KEYS),
    st.tuples(st.just(ChangeKind.DELETED), XML_TEXT, KEYS),
    st.tuples(st.just(ChangeKind.READ_FLAG_CHANGED), XML_TEXT, KEYS, st.none(), st.booleans()),
).map(lambda fields: ItemChange(*fields))


def spelled(change: ItemChange) -> str:
    """Return a change as a server writes it."""
    key = f" ChangeKey={quoteattr(change.change_key)}" if change.change_key is not None else ""
    own_id = f"<t:ItemId Id={quoteattr(change.id)}{key}/>"
    modified_at = change.last_modified_at
    time = f"<t:LastModifiedTime>{escape(modified_at)}</t:LastModifiedTime>" if modified_at is not None else ""
    match change.kind:
        case ChangeKind.CREATED | ChangeKind.UPDATED:
            name = "Create" if change.kind is ChangeKind.CREATED else "Update"
            return f"<t:{name}><t:Task>{own_id}{time}</t:Task></t:{name}>"
        case ChangeKind.DELETED:
            return f"<t:Delete>{own_id}</t:Delete>"
        case ChangeKind.READ_FLAG_CHANGED:
            flag = f"<t:IsRead>{str(change.is_read).lower()}</t:IsRead>"
            return f"<t:ReadFlagChange>{own_id}{flag}</t:ReadFlagChange>"


@given(state=XML_TEXT, changes=st.lists(ITEM_CHANGES), is_last=st.booleans())
def test_what_a_server_writes_is_what_is_read(state: str, changes: list[ItemChange], is_last: bool) -> None:
    """Of any ids, keys and times."""
    body = items("".join(map(spelled, changes)), escape(state), str(is_last).lower())
    assert parsed(body, SyncItemsRequest("inbox")) == ItemsPage(state, tuple(changes), is_last)


WHOLE = items("".join(map(spelled, [ItemChange(ChangeKind.CREATED, "A", "K"), ItemChange(ChangeKind.DELETED, "D")])))


@given(st.integers(0, len(WHOLE) - 1))
def test_a_truncated_answer_is_never_taken_for_a_shorter_one(length: int) -> None:
    """Else its state would skip what was cut off."""
    assert parsed(WHOLE[:length]) == Refused("HTTP 200")
