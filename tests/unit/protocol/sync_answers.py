"""Answers to SyncFolderItems and SyncFolderHierarchy as a server writes them, and what is sent to get them."""

from typing import Final

from hypothesis import strategies as st

from ewspush.protocol.namespaces import MESSAGES, SOAP, TYPES
from ewspush.protocol.soap import Refused
from ewspush.protocol.synchronization import (
    HierarchyPage,
    ItemsPage,
    SyncHierarchyRequest,
    SyncItemsRequest,
    UnusablePage,
    parse_sync_hierarchy,
    parse_sync_items,
)

VERSION: Final = "Exchange2010_SP2"
ITEMS: Final = SyncItemsRequest("inbox", "s0")
HIERARCHY: Final = SyncHierarchyRequest("s0")

XML_TEXT: Final = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1).filter(
    lambda text: text == text.strip() and not {"\ufffe", "\uffff"} & set(text)
)
"""Of opaque ids and states."""

DELETE: Final = '<t:Delete><t:ItemId Id="D"/></t:Delete>'


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


def parsed(body: bytes, request: SyncItemsRequest = ITEMS, status: int = 200) -> ItemsPage | Refused | UnusablePage:
    """Return what an answer to SyncFolderItems holds."""
    return parse_sync_items(status, body, request)


def parsed_hierarchy(body: bytes) -> HierarchyPage | Refused | UnusablePage:
    """Return what an answer to SyncFolderHierarchy holds."""
    return parse_sync_hierarchy(200, body, HIERARCHY)
