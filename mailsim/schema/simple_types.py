"""Texts of elements and attributes, checked against the types of the schema."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from mailsim.schema.enumerations import FIELD_URIS, FOLDER_NAMES, INDEXED_FIELD_URIS
from mailsim.soap import TYPES

_XSD: Final = "http://www.w3.org/2001/XMLSchema"
_SPACE: Final = " \t\r\n"
_INT_BITS: Final = 31
_MAX_TAG: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class SimpleType:
    """A type of texts."""

    name: str
    """With its namespace, as in the sentences of Exchange."""
    reason: Callable[[str], str | None]
    """Return why a text is invalid, None for a valid one."""

    def violation(self, text: str) -> str | None:
        """Return the sentence on an invalid text, None for a valid one."""
        reason = self.reason(text)
        datatype = f"is invalid according to its datatype '{self.name}'"
        return f"The value '{text}' {datatype} - {reason}" if reason is not None else None


def _enumeration(name: str, values: Iterable[str]) -> SimpleType:
    known = frozenset(values)
    return SimpleType(f"{TYPES}:{name}", lambda text: None if text in known else "The Enumeration constraint failed.")


def _pattern(name: str, pattern: str) -> SimpleType:
    is_match = re.compile(pattern).fullmatch
    return SimpleType(f"{TYPES}:{name}", lambda text: None if is_match(text) else "The Pattern constraint failed.")


def _non_empty(name: str) -> SimpleType:
    reason = "The actual length is less than the MinLength value."
    return SimpleType(f"{TYPES}:{name}", lambda text: None if text else reason)


def _integer(name: str, lowest: int = -(2**_INT_BITS), highest: int = 2**_INT_BITS - 1) -> SimpleType:
    def reason(text: str) -> str | None:
        digits = re.fullmatch(r"[+-]?[0-9]+", text.strip(_SPACE))
        if digits is None or not -(2**_INT_BITS) <= int(digits[0]) < 2**_INT_BITS:
            return f"The string '{text}' is not a valid Int32 value."
        if int(digits[0]) < lowest:
            return "The MinInclusive constraint failed."
        return "The MaxInclusive constraint failed." if int(digits[0]) > highest else None

    return SimpleType(name, reason)


def _boolean_reason(text: str) -> str | None:
    is_boolean = text.strip(_SPACE) in BOOLEANS
    return None if is_boolean else f"The string '{text}' is not a valid Boolean value."


def _property_tag_reason(text: str) -> str | None:
    digits = text.strip(_SPACE)
    is_number = re.fullmatch(r"\+?[0-9]{1,10}", digits) is not None and int(digits) <= _MAX_TAG
    is_valid = is_number or re.fullmatch(r"0[xX][0-9A-Fa-f]{1,4}", text) is not None
    return None if is_valid else f"The value '{text}' is not valid according to any of the memberTypes of the union."


BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}

STRING: Final = SimpleType(f"{_XSD}:string", lambda _: None)
BOOLEAN: Final = SimpleType(f"{_XSD}:boolean", _boolean_reason)
INT: Final = _integer(f"{_XSD}:int")

STATUS_FREQUENCY: Final = _integer(f"{TYPES}:SubscriptionStatusFrequencyType", 1, 1440)
MAX_CHANGES: Final = _integer(f"{TYPES}:MaxSyncChangesReturnedType", 1, 512)

NON_EMPTY_STRING: Final = _non_empty("NonEmptyStringType")
WATERMARK: Final = _non_empty("WatermarkType")
SUBSCRIPTION_ID: Final = _non_empty("SubscriptionIdType")

FOLDER_NAME: Final = _enumeration("DistinguishedFolderIdNameType", FOLDER_NAMES)
FIELD_URI: Final = _enumeration("UnindexedFieldURIType", FIELD_URIS)
INDEXED_FIELD_URI: Final = _enumeration("DictionaryURIType", INDEXED_FIELD_URIS)
BASE_SHAPE: Final = _enumeration("DefaultShapeNamesType", ("IdOnly", "Default", "AllProperties", "PcxPeopleSearch"))
BODY_TYPE: Final = _enumeration("BodyTypeResponseType", ("Best", "HTML", "Text"))
BASE_POINT: Final = _enumeration("IndexBasePointType", ("Beginning", "End"))
TRAVERSAL: Final = _enumeration("FolderQueryTraversalType", ("Shallow", "Deep", "SoftDeleted"))
SYNC_SCOPE: Final = _enumeration("SyncFolderItemsScopeType", ("NormalItems", "NormalAndAssociatedItems"))
EVENT_TYPE: Final = _enumeration(
    "NotificationEventTypeType",
    (
        *("CopiedEvent", "CreatedEvent", "DeletedEvent", "ModifiedEvent", "MovedEvent", "NewMailEvent"),
        "FreeBusyChangedEvent",
    ),
)
MAILBOX_TYPE: Final = _enumeration(
    "MailboxTypeType",
    (
        *("Unknown", "OneOff", "Mailbox", "PublicDL", "PrivateDL", "Contact"),
        *("PublicFolder", "GroupMailbox", "ImplicitContact"),
    ),
)
PROPERTY_SET: Final = _enumeration(
    "DistinguishedPropertySetType",
    (
        *("Meeting", "Appointment", "Common", "PublicStrings", "Address", "InternetHeaders"),
        *("CalendarAssistant", "UnifiedMessaging", "Task", "Sharing"),
    ),
)
_ALSO_AS_ARRAY: Final = (
    *("ApplicationTime", "Binary", "CLSID", "Currency", "Double", "Float", "Integer", "Long", "Object", "Short"),
    *("SystemTime", "String"),
)
PROPERTY_TYPE: Final = _enumeration(
    "MapiPropertyTypeType",
    (*_ALSO_AS_ARRAY, *(f"{name}Array" for name in _ALSO_AS_ARRAY), "Boolean", "Error", "Null"),
)
PROPERTY_TAG: Final = SimpleType(f"{TYPES}:PropertyTagType", _property_tag_reason)
GUID: Final = _pattern("GuidType", "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
