"""The rules for folder ids, item ids and shapes, which several operations share (types.xsd)."""

from typing import Final

from mailsim.schema import simple_types as types
from mailsim.schema.content import ANY, ElementType, Particle, one, optional, several
from mailsim.soap import T

TEXT: Final = ElementType(types.STRING)
BOOLEAN: Final = ElementType(types.BOOLEAN)

_ID: Final = {"Id": types.STRING, "ChangeKey": types.STRING}
_ITEM_ID: Final = ElementType(attributes=_ID, required_attributes=("Id",))
_MAILBOX: Final = ElementType(
    (
        optional({f"{T}Name": TEXT}),
        optional({f"{T}EmailAddress": ElementType(types.NON_EMPTY_STRING)}),
        optional({f"{T}RoutingType": ElementType(types.NON_EMPTY_STRING)}),
        optional({f"{T}MailboxType": ElementType(types.MAILBOX_TYPE)}),
        optional({f"{T}ItemId": _ITEM_ID}),
        optional({f"{T}OriginalDisplayName": TEXT}),
    )
)
_FOLDER: Final = {
    f"{T}FolderId": _ITEM_ID,
    f"{T}DistinguishedFolderId": ElementType(
        (optional({f"{T}Mailbox": _MAILBOX}),), {"Id": types.FOLDER_NAME, "ChangeKey": types.STRING}, ("Id",)
    ),
}
FOLDER_IDS: Final = ElementType((several(_FOLDER),))
"""NonEmptyArrayOfBaseFolderIdsType."""

_ADDRESS_LIST: Final = {f"{T}AddressListId": ElementType(attributes={"Id": types.STRING}, required_attributes=("Id",))}
TARGET_FOLDER: Final = ElementType((one(_FOLDER | _ADDRESS_LIST),))
"""TargetFolderIdType."""

_OCCURRENCE: Final = {
    "RecurringMasterId": types.STRING,
    "ChangeKey": types.STRING,
    "InstanceIndex": types.INT,
}
ITEM_IDS: Final = ElementType(
    (
        several(
            {
                f"{T}ItemId": _ITEM_ID,
                f"{T}OccurrenceItemId": ElementType((), _OCCURRENCE, ("RecurringMasterId", "InstanceIndex")),
                f"{T}RecurringMasterItemId": ElementType(
                    (), {"OccurrenceId": types.STRING, "ChangeKey": types.STRING}, ("OccurrenceId",)
                ),
                f"{T}RecurringMasterItemIdRanges": ANY,
            }
        ),
    )
)
"""NonEmptyArrayOfBaseItemIdsType."""
IGNORED_ITEMS: Final = ElementType((several({f"{T}ItemId": _ITEM_ID}, required=False),))
"""ArrayOfBaseItemIdsType."""

_EXTENDED: Final = {
    "DistinguishedPropertySetId": types.PROPERTY_SET,
    "PropertySetId": types.GUID,
    "PropertyTag": types.PROPERTY_TAG,
    "PropertyName": types.STRING,
    "PropertyId": types.INT,
    "PropertyType": types.PROPERTY_TYPE,
}
_PROPERTIES: Final = {
    f"{T}FieldURI": ElementType((), {"FieldURI": types.FIELD_URI}, ("FieldURI",)),
    f"{T}IndexedFieldURI": ElementType(
        (), {"FieldURI": types.INDEXED_FIELD_URI, "FieldIndex": types.STRING}, ("FieldURI", "FieldIndex")
    ),
    f"{T}ExtendedFieldURI": ElementType((), _EXTENDED, ("PropertyType",)),
}
_BASE_SHAPE: Final = one({f"{T}BaseShape": ElementType(types.BASE_SHAPE)})
_ADDITIONAL: Final = optional({f"{T}AdditionalProperties": ElementType((several(_PROPERTIES),))})
_BODY_TYPE: Final = ElementType(types.BODY_TYPE)
_OPTIONS: Final[tuple[Particle, ...]] = (
    optional({f"{T}IncludeMimeContent": BOOLEAN}),
    *(optional({f"{T}{name}": _BODY_TYPE}) for name in ("BodyType", "UniqueBodyType", "NormalizedBodyType")),
    *(optional({f"{T}{name}": BOOLEAN}) for name in ("FilterHtmlContent", "ConvertHtmlCodePageToUTF8")),
    optional({f"{T}InlineImageUrlTemplate": TEXT}),
    *(optional({f"{T}{name}": BOOLEAN}) for name in ("BlockExternalImages", "AddBlankTargetToLinks")),
    optional({f"{T}MaximumBodySize": ElementType(types.INT)}),
)
ITEM_SHAPE: Final = ElementType((_BASE_SHAPE, *_OPTIONS, _ADDITIONAL))
FOLDER_SHAPE: Final = ElementType((_BASE_SHAPE, _ADDITIONAL))
