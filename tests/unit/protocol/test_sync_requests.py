"""What is sent to synchronize."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ewspush.protocol.namespaces import M, S, T
from ewspush.protocol.synchronization import (
    HIERARCHY_SOAP_ACTION,
    ITEMS_SOAP_ACTION,
    SyncHierarchyRequest,
    SyncItemsRequest,
    build_sync_hierarchy,
    build_sync_items,
)
from tests.unit.protocol.sync_answers import HIERARCHY, ITEMS, VERSION, XML_TEXT


def operation(request: bytes, name: str) -> etree._Element:
    """Return the operation that a request asks for."""
    element = etree.fromstring(request).find(f"{S}Body/{M}{name}")
    assert element is not None
    return element


def sent_items(request: SyncItemsRequest, version: str = VERSION) -> etree._Element:
    """Return the SyncFolderItems of what is sent."""
    return operation(build_sync_items(request, version), "SyncFolderItems")


def tags(element: etree._Element) -> list[str]:
    """Return the tags of the children, in order."""
    return [str(child.tag) for child in element]


def test_the_elements_stand_in_the_order_of_the_schema() -> None:
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
    assert tags(hierarchy) == [M + "FolderShape", M + "SyncFolderId"]


def test_exchange_2007_is_not_asked_for_a_field_of_its_service_pack() -> None:
    """LastModifiedTime is not in its schema."""
    assert len(sent_items(ITEMS, "Exchange2007")[0][1]) == 1
    assert len(sent_items(ITEMS, "Exchange2007_SP1")[0][1]) == 2


@pytest.mark.parametrize(("folder", "kind"), [("calendar", "DistinguishedFolderId"), ("AAMkFolder=", "FolderId")])
def test_the_folder_is_named_by_its_distinguished_name_or_its_id(folder: str, kind: str) -> None:
    """As in Subscribe."""
    (named,) = sent_items(replace(ITEMS, folder=folder))[1]
    assert (named.tag, named.get("Id")) == (T + kind, folder)


def test_the_hierarchy_request_names_the_top_of_what_a_user_sees() -> None:
    """Without a name Exchange returns the folders outside of that too; of each folder, id and parent are asked for."""
    element = operation(build_sync_hierarchy(HIERARCHY, VERSION), "SyncFolderHierarchy")
    assert tags(element) == [M + "FolderShape", M + "SyncFolderId", M + "SyncState"]
    assert element[1][0].get("Id") == "msgfolderroot"
    assert tags(element[0]) == [T + "BaseShape", T + "AdditionalProperties"]
    assert [each.get("FieldURI") for each in element[0][1]] == ["folder:ParentFolderId"]


@pytest.mark.parametrize("address", [None, "alice@example.com"])
def test_the_header_names_the_version_and_the_mailbox(address: str | None) -> None:
    """As in Subscribe."""
    for request in (build_sync_items(ITEMS, VERSION, address), build_sync_hierarchy(HIERARCHY, VERSION, address)):
        header = etree.fromstring(request)[0]
        assert (header[0].tag, header[0].get("Version")) == (T + "RequestServerVersion", VERSION)
        assert header.findtext(f"{T}ExchangeImpersonation/{T}ConnectingSID/{T}SmtpAddress") == address


def test_the_soap_actions_are_those_of_the_service() -> None:
    """services.wsdl."""
    assert ITEMS_SOAP_ACTION == "http://schemas.microsoft.com/exchange/services/2006/messages/SyncFolderItems"
    assert HIERARCHY_SOAP_ACTION == "http://schemas.microsoft.com/exchange/services/2006/messages/SyncFolderHierarchy"


@given(folder=XML_TEXT, sync_state=XML_TEXT, max_changes=st.integers(1, 512))
def test_ids_and_states_are_opaque(folder: str, sync_state: str, max_changes: int) -> None:
    """Whatever is in them arrives."""
    element = sent_items(SyncItemsRequest(folder, sync_state, max_changes))
    assert (element[1][0].get("Id"), element[2].text, element[3].text) == (folder, sync_state, str(max_changes))
