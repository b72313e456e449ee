"""What is sent to synchronize, and what is made of the answers."""

from collections.abc import Iterator
from dataclasses import replace
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ewspush.protocol.namespaces import MESSAGES, SOAP, TYPES, M, S, T
from ewspush.protocol.soap import MAX_ANSWER_BYTES, Refused
from ewspush.protocol.synchronization import (
    HIERARCHY_SOAP_ACTION,
    ITEMS_SOAP_ACTION,
    NO_PROGRESS,
    NO_SYNC_STATE,
    ChangeKind,
    FolderChange,
    HierarchyPage,
    ItemChange,
    ItemsPage,
    SyncHierarchyRequest,
    SyncItemsRequest,
    build_sync_hierarchy,
    build_sync_items,
    is_folder_gone,
    is_state_unknown,
    parse_sync_hierarchy,
    parse_sync_items,
)
from tests.unit.mailsim.world import EMAIL, World

VERSION = "Exchange2010_SP2"
ITEMS = SyncItemsRequest("inbox", "s0")
HIERARCHY = SyncHierarchyRequest("s0")


def operation(written: bytes, name: str) -> etree._Element:
    """Return the operation that a request asks for."""
    element = etree.fromstring(written).find(f"{S}Body/{M}{name}")
    assert element is not None
    return element


def sent_items(request: SyncItemsRequest, version: str = VERSION) -> etree._Element:
    """Return the SyncFolderItems of what is sent."""
    return operation(build_sync_items(request, version), "SyncFolderItems")


def tags(element: etree._Element) -> list[str]:
    """Return the tags of the children, in order."""
    return [str(child.tag) for child in element]


def test_what_is_asked_of_a_folder_stands_in_the_order_of_the_schema() -> None:
    """In the messages namespace, ids only, and when each item was last modified."""
    element = sent_items(ITEMS)
    assert tags(element) == [M + name for name in ("ItemShape", "SyncFolderId", "SyncState", "MaxChangesReturned")]
    shape = element[0]
    assert tags(shape) == [T + "BaseShape", T + "AdditionalProperties"]
    assert (shape[0].text, [dict(each.attrib) for each in shape[1]]) == (
        "IdOnly",
        [{"FieldURI": "item:ParentFolderId"}, {"FieldURI": "item:LastModifiedTime"}],
    )
    assert [each.text for each in element[2:]] == ["s0", "512"]


def test_without_a_state_there_is_no_element_for_it() -> None:
    """An empty one would be invalid data."""
    assert M + "SyncState" not in tags(sent_items(replace(ITEMS, sync_state=None)))
    hierarchy = operation(build_sync_hierarchy(SyncHierarchyRequest(), VERSION), "SyncFolderHierarchy")
    assert tags(hierarchy) == [M + "FolderShape"]


def test_exchange_2007_is_not_asked_for_what_came_with_its_service_pack() -> None:
    """LastModifiedTime is not in its schema."""
    assert len(sent_items(ITEMS, "Exchange2007")[0][1]) == 1
    assert len(sent_items(ITEMS, "Exchange2007_SP1")[0][1]) == 2


@pytest.mark.parametrize(("folder", "kind"), [("calendar", "DistinguishedFolderId"), ("AAMkFolder=", "FolderId")])
def test_the_folder_is_told_by_its_distinguished_name_or_its_id(folder: str, kind: str) -> None:
    """As in Subscribe."""
    (named,) = sent_items(replace(ITEMS, folder=folder))[1]
    assert (named.tag, named.get("Id")) == (T + kind, folder)


def test_the_hierarchy_is_asked_for_without_naming_its_root() -> None:
    """The root that is named is another one to the server; of each folder, id and parent are asked for."""
    element = operation(build_sync_hierarchy(HIERARCHY, VERSION), "SyncFolderHierarchy")
    assert tags(element) == [M + "FolderShape", M + "SyncState"]
    assert tags(element[0]) == [T + "BaseShape", T + "AdditionalProperties"]
    assert [each.get("FieldURI") for each in element[0][1]] == ["folder:ParentFolderId"]


@pytest.mark.parametrize("address", [None, "alice@example.com"])
def test_the_header_says_version_and_whose_mailbox(address: str | None) -> None:
    """As in Subscribe."""
    for written in (build_sync_items(ITEMS, VERSION, address), build_sync_hierarchy(HIERARCHY, VERSION, address)):
        header = etree.fromstring(written)[0]
        assert (header[0].tag, header[0].get("Version")) == (T + "RequestServerVersion", VERSION)
        assert header.findtext(f"{T}ExchangeImpersonation/{T}ConnectingSID/{T}SmtpAddress") == address


def test_the_soap_actions_are_those_of_the_service() -> None:
    """services.wsdl."""
    assert ITEMS_SOAP_ACTION == "http://schemas.microsoft.com/exchange/services/2006/messages/SyncFolderItems"
    assert HIERARCHY_SOAP_ACTION == "http://schemas.microsoft.com/exchange/services/2006/messages/SyncFolderHierarchy"


XML_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1).filter(
    lambda text: text == text.strip() and not {"\ufffe", "\uffff"} & set(text)
)


@given(folder=XML_TEXT, sync_state=XML_TEXT, max_changes=st.integers(1, 512))
def test_ids_and_states_are_opaque(folder: str, sync_state: str, max_changes: int) -> None:
    """Whatever is in them arrives."""
    element = sent_items(SyncItemsRequest(folder, sync_state, max_changes))
    assert (element[1][0].get("Id"), element[2].text, element[3].text) == (folder, sync_state, str(max_changes))


def answer(parts: str, operation: str = "SyncFolderItems", response_class: str = "Success") -> bytes:
    """Return an answer in the style of most samples: a prefix for each namespace."""
    return (
        f'<soap:Envelope xmlns:soap="{SOAP}" xmlns:t="{TYPES}" xmlns:m="{MESSAGES}"><soap:Body><m:{operation}Response>'
        f'<m:ResponseMessages><m:{operation}ResponseMessage ResponseClass="{response_class}">{parts}'
        f"</m:{operation}ResponseMessage></m:ResponseMessages></m:{operation}Response></soap:Body></soap:Envelope>"
    ).encode()


def items(changes: str, state: str = "s1", last: str = "true") -> bytes:
    """Return an answer to SyncFolderItems."""
    head = f"<m:ResponseCode>NoError</m:ResponseCode><m:SyncState>{state}</m:SyncState>"
    return answer(
        f"{head}<m:IncludesLastItemInRange>{last}</m:IncludesLastItemInRange><m:Changes>{changes}</m:Changes>"
    )


def folders(changes: str, state: str = "s1", last: str = "true") -> bytes:
    """Return an answer to SyncFolderHierarchy."""
    head = f"<m:ResponseCode>NoError</m:ResponseCode><m:SyncState>{state}</m:SyncState>"
    flag = f"<m:IncludesLastFolderInRange>{last}</m:IncludesLastFolderInRange>"
    return answer(f"{head}{flag}<m:Changes>{changes}</m:Changes>", "SyncFolderHierarchy")


def told(body: bytes, request: SyncItemsRequest = ITEMS, status: int = 200) -> ItemsPage | Refused:
    """Return what is made of an answer to SyncFolderItems."""
    return parse_sync_items(status, body, request)


@pytest.mark.parametrize("kind", ["Message", "CalendarItem", "Contact", "Item", "Task", "PostItem", "OfALaterServer"])
def test_an_item_may_be_of_any_kind(kind: str) -> None:
    """Also of one that is not in the schema yet."""
    inside = '<t:ItemId Id="A=" ChangeKey="K"/><t:LastModifiedTime>2018-02-02T15:15:14Z</t:LastModifiedTime>'
    page = told(items(f"<t:Create><t:{kind}>{inside}</t:{kind}></t:Create>"))
    assert page == ItemsPage("s1", (ItemChange(ChangeKind.CREATED, "A=", "K", "2018-02-02T15:15:14Z"),), is_last=True)


def test_changes_are_told_in_the_order_of_the_server() -> None:
    """All four kinds."""
    page = told(
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
    assert told(body.encode()) == ItemsPage("s1", (ItemChange(ChangeKind.DELETED, "D"),), is_last=True)


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
    page = told(items(f'{change}<t:Delete><t:ItemId Id="D"/></t:Delete>'))
    assert page == ItemsPage("s1", (ItemChange(ChangeKind.DELETED, "D"),), is_last=True, passed_over=1)


@pytest.mark.parametrize("kind", ["Folder", "CalendarFolder", "ContactsFolder", "TasksFolder", "OfALaterServer"])
def test_a_folder_may_be_of_any_kind(kind: str) -> None:
    """Also of one that is not in the schema yet."""
    inside = '<t:FolderId Id="F=" ChangeKey="K"/><t:ParentFolderId Id="P=" ChangeKey="K0"/>'
    page = parse_sync_hierarchy(200, folders(f"<t:Update><t:{kind}>{inside}</t:{kind}></t:Update>"), HIERARCHY)
    assert page == HierarchyPage("s1", (FolderChange(ChangeKind.UPDATED, "F=", "K", "P="),), is_last=True)


def test_search_folders_are_marked_and_folders_passed_over_are_counted() -> None:
    """They can't be synchronized."""
    page = parse_sync_hierarchy(
        200,
        folders(
            '<t:Create><t:SearchFolder><t:FolderId Id="F"/></t:SearchFolder></t:Create><t:Create><t:Folder/></t:Create>'
            '<t:Delete><t:FolderId Id="G"/></t:Delete>'
        ),
        HIERARCHY,
    )
    changes = (FolderChange(ChangeKind.CREATED, "F", is_search=True), FolderChange(ChangeKind.DELETED, "G"))
    assert page == HierarchyPage("s1", changes, is_last=True, passed_over=1)


DELETE = '<t:Delete><t:ItemId Id="D"/></t:Delete>'
NO_FLAG = "<m:SyncState>s1</m:SyncState><m:Changes>{changes}</m:Changes>"


@pytest.mark.parametrize(
    ("body", "is_last"),
    [
        (items(DELETE, last="false"), False),
        (items("", last="false"), False),
        (items("", state="s0"), True),
        (items(DELETE, state="s0"), True),
        (answer(NO_FLAG.format(changes="")), True),
        (answer(NO_FLAG.format(changes=DELETE)), False),
        (answer("<m:SyncState>s0</m:SyncState>"), True),
        (items("", last="maybe"), True),
    ],
)
def test_a_page_says_whether_it_is_the_last(body: bytes, is_last: bool) -> None:
    """Where it does not, one without changes is."""
    page = told(body)
    assert isinstance(page, ItemsPage)
    assert page.is_last is is_last


@pytest.mark.parametrize("changes", ["", DELETE])
def test_more_to_come_from_the_state_just_sent_is_refused(changes: str) -> None:
    """The next answer would be the same, for ever."""
    assert told(items(changes, state="s0", last="false")) == Refused(NO_PROGRESS)
    assert parse_sync_hierarchy(200, folders("", state="s0", last="false"), HIERARCHY) == Refused(NO_PROGRESS)
    assert isinstance(told(items(changes, state="s0", last="false"), SyncItemsRequest("inbox")), ItemsPage)


@pytest.mark.parametrize("parts", ["", "<m:ResponseCode>NoError</m:ResponseCode>", "<m:SyncState> </m:SyncState>"])
def test_a_success_without_a_state_is_refused(parts: str) -> None:
    """There is no way on, and no code of the server."""
    assert told(answer(parts)) == Refused(NO_SYNC_STATE)
    assert parse_sync_hierarchy(200, answer(parts, "SyncFolderHierarchy"), HIERARCHY) == Refused(NO_SYNC_STATE)


def test_a_warning_is_taken_for_what_it_holds() -> None:
    """A page, or else the reason why there is none."""
    state, code = "<m:SyncState>s1</m:SyncState>", "<m:ResponseCode>ErrorBatchProcessingStopped</m:ResponseCode>"
    assert told(answer(f"{code}{state}", response_class="Warning")) == ItemsPage("s1", (), is_last=True)
    assert told(answer(code, response_class="Warning")) == Refused("ErrorBatchProcessingStopped")


@pytest.mark.parametrize(
    ("code", "state_unknown", "folder_gone"),
    [
        ("ErrorInvalidSyncStateData", True, False),
        ("ErrorSyncFolderNotFound", False, True),
        ("ErrorFolderNotFound", False, True),
        ("ErrorServerBusy", False, False),
        (NO_PROGRESS, False, False),
    ],
)
def test_an_error_says_what_to_give_up(code: str, state_unknown: bool, folder_gone: bool) -> None:
    """The state, the folder, or neither; the elements that the schema wants beside an error mean nothing."""
    parts = f"<m:MessageText>Nein.</m:MessageText><m:ResponseCode>{code}</m:ResponseCode><m:SyncState/>"
    refused = told(
        answer(f"{parts}<m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>", response_class="Error")
    )
    assert refused == Refused(code, "Nein.")
    assert (is_state_unknown(refused), is_folder_gone(refused)) == (state_unknown, folder_gone)


FAULT = (
    f'<s:Envelope xmlns:s="{SOAP}"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>No.</faultstring>'
    '<detail><e:ResponseCode xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">ErrorServerBusy'
    f'</e:ResponseCode><t:MessageXml xmlns:t="{TYPES}"><t:Value Name="BackOffMilliseconds">4500</t:Value>'
    "</t:MessageXml></detail></s:Fault></s:Body></s:Envelope>"
).encode()


@pytest.mark.parametrize(
    ("status", "body", "refused"),
    [
        (500, FAULT, Refused("ErrorServerBusy", "No.", 4500)),
        (401, b"", Refused("HTTP 401")),
        (502, b"<html><body>bad gateway<br></body></html>", Refused("HTTP 502")),
        (200, items(DELETE)[:-20], Refused("HTTP 200")),
        (200, b"<!DOCTYPE s:Envelope [<!ENTITY x 'y'>]>" + items(DELETE), Refused("HTTP 200")),
        (200, folders(""), Refused("HTTP 200")),
        (200, items("<t:Create>" * 300 + "</t:Create>" * 300), Refused("HTTP 200")),
    ],
)
def test_what_is_no_answer_to_the_question_is_refused(status: int, body: bytes, refused: Refused) -> None:
    """A fault, a proxy's page, a truncated or hostile document, the answer to another operation."""
    assert told(body, status=status) == refused


def test_an_answer_may_be_larger_than_what_is_taken_from_strangers() -> None:
    """A full page with a sync state of 2 MB; above 8 MiB nothing is read."""
    state = "H4sI" * 500_000
    change = f'<t:Create><t:Message><t:ItemId Id="{"A" * 150}=" ChangeKey="{"C" * 40}"/></t:Message></t:Create>'
    page = told(items(change * 512, state))
    assert isinstance(page, ItemsPage)
    assert (page.sync_state, len(page.changes)) == (state, 512)
    assert told(items(" " * MAX_ANSWER_BYTES)) == Refused("HTTP 200")


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
    assert told(body, SyncItemsRequest("inbox")) == ItemsPage(state, tuple(changes), is_last)


WHOLE = items("".join(map(spelled, [ItemChange(ChangeKind.CREATED, "A", "K"), ItemChange(ChangeKind.DELETED, "D")])))


@given(st.integers(0, len(WHOLE) - 1))
def test_a_truncated_answer_is_never_taken_for_a_shorter_one(length: int) -> None:
    """Else its state would skip what was cut off."""
    assert told(WHOLE[:length]) == Refused("HTTP 200")


class Synchronizer:
    """A client of mailsim: our requests, its answers, our reading."""

    def __init__(self, world: World, folder: str = "inbox", max_changes: int = 512) -> None:
        """Begin without a state."""
        self.world = world
        self.request = SyncItemsRequest(folder, max_changes=max_changes)

    def page(self) -> ItemsPage | Refused:
        """Ask once."""
        page = parse_sync_items(*self.world.ask(build_sync_items(self.request, VERSION)), self.request)
        if isinstance(page, ItemsPage):
            self.request = replace(self.request, sync_state=page.sync_state)
        return page

    def changes(self) -> Iterator[tuple[ChangeKind, str]]:
        """Ask until there is no more."""
        while True:
            page = self.page()
            assert isinstance(page, ItemsPage)
            assert page.passed_over == 0
            yield from ((change.kind, change.id) for change in page.changes)
            if page.is_last:
                return


@pytest.fixture(params=["workmail", "exchange"])
def world(request: pytest.FixtureRequest) -> World:
    """Return a server of each profile."""
    return World(request.param)


def test_mailsim_and_we_agree_on_pages_and_kinds(world: World) -> None:
    """Seven messages in pages of three; then one of each kind of change."""
    client = Synchronizer(world, max_changes=3)
    there = [world.mail(f"{number}") for number in range(7)]
    assert sorted(client.changes()) == sorted((ChangeKind.CREATED, each) for each in there)
    new = world.mail("new")
    world.act("items", there[0], "modify")
    world.act("items", there[1], "delete")
    world.act("items", there[2], "read")
    assert set(client.changes()) == {
        (ChangeKind.CREATED, new),
        (ChangeKind.UPDATED, there[0]),
        (ChangeKind.DELETED, there[1]),
        (ChangeKind.READ_FLAG_CHANGED, there[2]),
    }
    assert list(client.changes()) == []


def test_mailsim_and_we_agree_on_the_hierarchy(world: World) -> None:
    """Each folder is told with its parent; asked again there is nothing new until a folder is made."""
    page = parse_sync_hierarchy(
        *world.ask(build_sync_hierarchy(SyncHierarchyRequest(), VERSION)), SyncHierarchyRequest()
    )
    assert isinstance(page, HierarchyPage)
    assert page.changes
    assert all(change.kind is ChangeKind.CREATED and change.parent_id for change in page.changes)
    again = SyncHierarchyRequest(page.sync_state)
    more = parse_sync_hierarchy(*world.ask(build_sync_hierarchy(again, VERSION)), again)
    assert more == HierarchyPage(page.sync_state, (), is_last=True)
    made = world.call(f"mailboxes/{EMAIL}/folders", name="new")["folder_id"]
    more = parse_sync_hierarchy(*world.ask(build_sync_hierarchy(again, VERSION)), again)
    assert isinstance(more, HierarchyPage)
    assert [(change.kind, change.id) for change in more.changes] == [(ChangeKind.CREATED, made)]


def test_mailsim_and_we_agree_on_errors(world: World) -> None:
    """A state it did not write, a folder it does not have, and a busy hour."""
    unknown_state = Synchronizer(world)
    unknown_state.request = SyncItemsRequest("inbox", "H4sIAAA=")
    refused = unknown_state.page()
    assert isinstance(refused, Refused)
    assert is_state_unknown(refused)
    refused = Synchronizer(world, "AAMkGone=").page()
    assert isinstance(refused, Refused)
    assert is_folder_gone(refused)
    world.call("faults", refuse_sync="ErrorServerBusy", back_off_ms=300)
    refused = Synchronizer(world).page()
    assert isinstance(refused, Refused)
    assert (refused.response_code, refused.back_off_ms) == ("ErrorServerBusy", 300)
