"""Which page is the last, which is unusable, and what is refused."""

import pytest

from ewspush.protocol.namespaces import SOAP, TYPES
from ewspush.protocol.soap import MAX_ANSWER_BYTES, Refused
from ewspush.protocol.synchronization import (
    MAX_ELEMENTS,
    HierarchyPage,
    ItemsPage,
    PageDefect,
    SyncItemsRequest,
    UnusablePage,
    is_folder_gone,
    is_state_unknown,
)
from tests.unit.protocol.sync_answers import DELETE, answer, folders, items, parsed, parsed_hierarchy

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
    page = parsed(body)
    assert isinstance(page, ItemsPage)
    assert page.is_last is is_last


@pytest.mark.parametrize("changes", ["", DELETE])
def test_more_to_come_from_the_state_just_sent_is_unusable(changes: str) -> None:
    """The next answer would be the same, for ever."""
    unusable = UnusablePage(PageDefect.NO_PROGRESS)
    assert parsed(items(changes, state="s0", last="false")) == unusable
    assert parsed_hierarchy(folders("", state="s0", last="false")) == unusable
    assert isinstance(parsed(items(changes, state="s0", last="false"), SyncItemsRequest("inbox")), ItemsPage)


@pytest.mark.parametrize("parts", ["", "<m:ResponseCode>NoError</m:ResponseCode>", "<m:SyncState> </m:SyncState>"])
def test_a_success_without_a_state_is_unusable(parts: str) -> None:
    """It does not say where to go on, and has no error code."""
    unusable = UnusablePage(PageDefect.NO_SYNC_STATE)
    assert parsed(answer(parts)) == unusable
    assert parsed_hierarchy(answer(parts, "SyncFolderHierarchy")) == unusable


def test_more_changes_than_any_answer_has_are_unusable() -> None:
    """A folder and a hierarchy alike."""
    unusable = UnusablePage(PageDefect.TOO_MANY_CHANGES)
    assert parsed(items("<t:Delete/>" * (MAX_ELEMENTS + 1))) == unusable
    assert parsed_hierarchy(folders("<t:Delete/>" * (MAX_ELEMENTS + 1))) == unusable
    assert isinstance(parsed_hierarchy(folders("<t:Delete/>" * MAX_ELEMENTS)), HierarchyPage)


def test_a_warning_is_taken_for_what_it_holds() -> None:
    """A page, or else the reason why there is none."""
    state, code = "<m:SyncState>s1</m:SyncState>", "<m:ResponseCode>ErrorBatchProcessingStopped</m:ResponseCode>"
    assert parsed(answer(f"{code}{state}", response_class="Warning")) == ItemsPage("s1", (), is_last=True)
    assert parsed(answer(code, response_class="Warning")) == Refused("ErrorBatchProcessingStopped")


@pytest.mark.parametrize(
    ("code", "state_unknown", "folder_gone"),
    [
        ("ErrorInvalidSyncStateData", True, False),
        ("ErrorSyncFolderNotFound", False, True),
        ("ErrorFolderNotFound", False, True),
        ("ErrorItemNotFound", False, True),
        ("ErrorAccessDenied", False, False),
        ("ErrorMailboxStoreUnavailable", False, False),
        ("ErrorNonExistentMailbox", False, False),
        ("ErrorServerBusy", False, False),
        ("no-progress", False, False),
    ],
)
def test_an_error_says_what_is_gone(code: str, state_unknown: bool, folder_gone: bool) -> None:
    """The state, the folder, or neither; the elements that the schema wants beside an error mean nothing."""
    parts = f"<m:MessageText>Nein.</m:MessageText><m:ResponseCode>{code}</m:ResponseCode><m:SyncState/>"
    flag = "<m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>"
    refused = parsed(answer(f"{parts}{flag}", response_class="Error"))
    assert isinstance(refused, Refused)
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
def test_what_does_not_answer_the_request_is_refused(status: int, body: bytes, refused: Refused) -> None:
    """A fault, a proxy's page, a truncated or hostile document, the answer to another operation."""
    assert parsed(body, status=status) == refused


def test_a_full_page_with_a_long_sync_state_is_read() -> None:
    """Of 2 MB here; above 4 MiB nothing is read."""
    state = "H4sI" * 500_000
    change = f'<t:Create><t:Message><t:ItemId Id="{"A" * 150}=" ChangeKey="{"C" * 40}"/></t:Message></t:Create>'
    page = parsed(items(change * 512, state))
    assert isinstance(page, ItemsPage)
    assert (page.sync_state, len(page.changes)) == (state, 512)
    assert parsed(items(" " * MAX_ANSWER_BYTES)) == Refused("HTTP 200")
