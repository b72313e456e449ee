"""The rules for the operations (messages.xsd) and for header blocks (services.wsdl)."""

from collections.abc import Iterator
from typing import Final

from mailsim.schema import simple_types as types
from mailsim.schema.content import ANY, ElementType, Violation, one, optional, several, violations
from mailsim.schema.shapes import (
    FOLDER_IDS,
    FOLDER_SHAPE,
    IGNORED_ITEMS,
    ITEM_IDS,
    ITEM_SHAPE,
    TARGET_FOLDER,
    TEXT,
)
from mailsim.soap import Element, M, S, T, child_elements

_EVENT_TYPES: Final = ElementType((several({f"{T}EventType": ElementType(types.EVENT_TYPE)}),))
_PUSH: Final = ElementType(
    (
        optional({f"{T}FolderIds": FOLDER_IDS}),
        one({f"{T}EventTypes": _EVENT_TYPES}),
        optional({f"{T}Watermark": ElementType(types.WATERMARK)}),
        one({f"{T}StatusFrequency": ElementType(types.STATUS_FREQUENCY)}),
        one({f"{T}URL": TEXT}),
        optional({f"{T}CallerData": TEXT}),
    ),
    {"SubscribeToAllFolders": types.BOOLEAN},
)
_SUBSCRIBE: Final = ElementType(
    (
        one(
            {
                f"{M}PullSubscriptionRequest": ANY,
                f"{M}PushSubscriptionRequest": _PUSH,
                f"{M}StreamingSubscriptionRequest": ANY,
            }
        ),
    )
)
_SUBSCRIPTION_ID: Final = one({f"{M}SubscriptionId": ElementType(types.SUBSCRIPTION_ID)})
_SYNC_STATE: Final = optional({f"{M}SyncState": TEXT})
_SYNC_FOLDER_ITEMS: Final = ElementType(
    (
        one({f"{M}ItemShape": ITEM_SHAPE}),
        one({f"{M}SyncFolderId": TARGET_FOLDER}),
        _SYNC_STATE,
        optional({f"{M}Ignore": IGNORED_ITEMS}),
        one({f"{M}MaxChangesReturned": ElementType(types.MAX_CHANGES)}),
        optional({f"{M}SyncScope": ElementType(types.SYNC_SCOPE)}),
    )
)
_FOLDER_SHAPE: Final = one({f"{M}FolderShape": FOLDER_SHAPE})
_PAGE: Final = {"MaxEntriesReturned": types.INT}
_FIND_FOLDER: Final = ElementType(
    (
        _FOLDER_SHAPE,
        optional(
            {
                f"{M}IndexedPageFolderView": ElementType(
                    (), _PAGE | {"Offset": types.INT, "BasePoint": types.BASE_POINT}, ("Offset", "BasePoint")
                ),
                f"{M}FractionalPageFolderView": ElementType(
                    (), _PAGE | {"Numerator": types.INT, "Denominator": types.INT}, ("Numerator", "Denominator")
                ),
            }
        ),
        optional({f"{M}Restriction": ANY}),
        one({f"{M}ParentFolderIds": FOLDER_IDS}),
    ),
    {"Traversal": types.TRAVERSAL},
    ("Traversal",),
)
_OPERATIONS: Final = {
    f"{M}Subscribe": _SUBSCRIBE,
    f"{M}Unsubscribe": ElementType((_SUBSCRIPTION_ID,)),
    f"{M}GetEvents": ElementType((_SUBSCRIPTION_ID, one({f"{M}Watermark": ElementType(types.WATERMARK)}))),
    f"{M}SyncFolderItems": _SYNC_FOLDER_ITEMS,
    f"{M}SyncFolderHierarchy": ElementType((_FOLDER_SHAPE, optional({f"{M}SyncFolderId": TARGET_FOLDER}), _SYNC_STATE)),
    f"{M}GetItem": ElementType((one({f"{M}ItemShape": ITEM_SHAPE}), one({f"{M}ItemIds": ITEM_IDS}))),
    f"{M}GetFolder": ElementType((_FOLDER_SHAPE, one({f"{M}FolderIds": FOLDER_IDS}))),
    f"{M}FindFolder": _FIND_FOLDER,
}

_CONNECTING_SID: Final = ElementType(
    (
        one(
            {
                f"{T}{name}": ElementType(types.NON_EMPTY_STRING)
                for name in ("PrincipalName", "SID", "PrimarySmtpAddress", "SmtpAddress")
            }
        ),
    )
)
_SOAP_ATTRIBUTES: Final = {f"{S}{name}": types.STRING for name in ("mustUnderstand", "actor", "encodingStyle")}
_HEADER_BLOCKS: Final = {
    f"{T}RequestServerVersion": ElementType((), {"Version": types.STRING} | _SOAP_ATTRIBUTES, ("Version",)),
    f"{T}ExchangeImpersonation": ElementType((one({f"{T}ConnectingSID": _CONNECTING_SID}),), _SOAP_ATTRIBUTES),
}
"""Other blocks are ignored."""

SUPPORTED: Final = tuple(tag.removeprefix(M) for tag in _OPERATIONS)
"""The names of the operations that have a rule."""


def is_supported(operation: Element) -> bool:
    """Return whether the operation has a rule."""
    return operation.tag in _OPERATIONS


def first_violation(header: Element | None, operation: Element) -> Violation | None:
    """Return the first violation of a request with a supported operation; None for a valid request."""
    return next(_violations(header, operation), None)


def _violations(header: Element | None, operation: Element) -> Iterator[Violation]:
    for block in child_elements(header) if header is not None else []:
        yield from violations(block, _HEADER_BLOCKS.get(str(block.tag), ANY))
    yield from violations(operation, _OPERATIONS[str(operation.tag)])
