"""Requests are held to the schema; a violation is a fault with a sentence that says where and why."""

import pytest
from lxml import etree

from mailsim.schema.enumerations import FIELD_URIS, FOLDER_NAMES
from tests.unit.mailsim.sync_client import folder_ids, get_item, shape, sync_hierarchy, sync_items
from tests.unit.mailsim.world import CALLBACK, EVENT_TYPES, World, basic, impersonating, push, request, texts

TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"

FREQUENCY = "<t:StatusFrequency>5</t:StatusFrequency>"
SUBSCRIBE = push(EVENT_TYPES + FREQUENCY + CALLBACK)
EXTENDED = (
    '<t:ExtendedFieldURI PropertyTag="0x670a" PropertyType="SystemTime"/>',
    '<t:ExtendedFieldURI DistinguishedPropertySetId="Common" PropertyId="34144" PropertyType="StringArray"/>',
    '<t:ExtendedFieldURI PropertySetId="00062008-0000-0000-C000-000000000046" PropertyName="x" PropertyType="Long"/>',
    '<t:IndexedFieldURI FieldURI="contacts:PhoneNumber" FieldIndex="HomePhone"/>',
)


def with_field(field: str) -> bytes:
    """Return a GetItem request for one more property."""
    added = f"</t:BaseShape><t:AdditionalProperties>{field}</t:AdditionalProperties>"
    return get_item("AAid").replace(b"</t:BaseShape>", added.encode())


def violation(body: bytes) -> str:
    """Return the violation of a request, which must be a fault."""
    status, answer = World().ask(body)
    assert (status, texts(answer, "ResponseCode")) == (500, ["ErrorSchemaValidation"])
    return texts(answer, "Violation")[0]


def test_the_fault_has_the_violation_in_two_places() -> None:
    """In `faultstring` and in MessageXml, with its position; the text beside the code is generic, as on Exchange."""
    body = request(f"\n{push(EVENT_TYPES + CALLBACK)}")
    status, answer = World().ask(body)
    expected = (
        f"The element 'PushSubscriptionRequest' in namespace '{MESSAGES}' has invalid child element 'URL' in "
        f"namespace '{TYPES}'. List of possible elements expected: 'Watermark, StatusFrequency' in namespace '{TYPES}'."
    )
    assert status == 500
    assert texts(answer, "faultstring") == [f"The request failed schema validation: {expected}"]
    assert texts(answer, "Message") == ["The request failed schema validation."]
    message_xml = etree.fromstring(answer).find(f".//detail/{{{TYPES}}}MessageXml")
    assert message_xml is not None
    assert [(etree.QName(each).localname, each.text) for each in message_xml] == [
        ("LineNumber", "2"),
        ("LinePosition", str(body.splitlines()[1].index(b"t:URL") + 1)),
        ("Violation", expected),
    ]


def test_an_encoding_that_expat_does_not_know_hides_the_position_only() -> None:
    """The position then is the start of the line."""
    document = f"<?xml version='1.0' encoding='utf-32'?>\n{request('<m:Subscribe/>').decode()}"
    _, answer = World().ask(document.encode("utf-32"))
    assert (texts(answer, "LineNumber"), texts(answer, "LinePosition")) == (["2"], ["1"])


@pytest.mark.parametrize("field", sorted(FIELD_URIS)[::25])
def test_known_properties_are_accepted(field: str) -> None:
    """Whether the server has them or not."""
    assert World().code(with_field(f'<t:FieldURI FieldURI="{field}"/>')) == (200, "ErrorItemNotFound")


@pytest.mark.parametrize("field", EXTENDED)
def test_extended_properties_are_accepted(field: str) -> None:
    """By tag, by id and by name."""
    assert World().code(with_field(field)) == (200, "ErrorItemNotFound")


@pytest.mark.parametrize(
    "field",
    [
        '<t:FieldURI FieldURI="item:NoSuchProperty"/>',
        '<t:FieldURI FieldURI="item:subject"/>',
        '<t:FieldURI FieldURI="Subject"/>',
        "<t:FieldURI/>",
        '<t:FieldURI FieldURI="item:Subject">Subject</t:FieldURI>',
        '<t:IndexedFieldURI FieldURI="contacts:PhoneNumber"/>',
        '<t:ExtendedFieldURI PropertyTag="0x670a"/>',
        '<t:ExtendedFieldURI PropertyTag="0x670a0040" PropertyType="SystemTime"/>',
        '<t:ExtendedFieldURI PropertySetId="Common" PropertyType="String"/>',
        '<t:ExtendedFieldURI PropertyId="4294967296" PropertyType="String"/>',
        '<m:FieldURI FieldURI="item:Subject"/>',
        "",
    ],
)
def test_unknown_properties_are_refused(field: str) -> None:
    """Also in lower case, without their kind, or in another namespace."""
    assert violation(with_field(field))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (with_field('<t:FieldURI FieldURI="item:Nothing"/>'), "UnindexedFieldURIType' - The Enumeration constraint"),
        (request(SUBSCRIBE.replace(">5<", ">0<")), "SubscriptionStatusFrequencyType' - The MinInclusive constraint"),
        (request(SUBSCRIBE.replace(">5<", ">1441<")), "The MaxInclusive constraint failed."),
        (request(SUBSCRIBE.replace(">5<", ">soon<")), "The string 'soon' is not a valid Int32 value."),
        (request(SUBSCRIBE.replace('"true"', '"yes"')), "The 'SubscribeToAllFolders' attribute is invalid"),
        (request(push(EVENT_TYPES + FREQUENCY + CALLBACK, ' Unknown="1"')), "The 'Unknown' attribute is not declared."),
        (request(push(EVENT_TYPES + FREQUENCY)), "has incomplete content. List of possible elements expected: 'URL'"),
        (request(push(f"text{EVENT_TYPES}{FREQUENCY}{CALLBACK}")), "cannot contain text. List of possible elements"),
        (request(SUBSCRIBE.replace(">5<", "><t:Minutes/>5<")), "the parent element's content model is text only"),
        (request(SUBSCRIBE.replace("</t:URL>", "</t:URL><t:Other/>")), "expected: 'CallerData' in namespace"),
        (request("<m:Subscribe/>"), "'PullSubscriptionRequest, PushSubscriptionRequest, StreamingSubscriptionRequest'"),
        (sync_items("inbox", None, 513), "MaxSyncChangesReturnedType' - The MaxInclusive constraint failed."),
        (get_item("x").replace(b' Id="x"', b""), "The required attribute 'Id' is missing."),
        (sync_hierarchy("no-such-folder"), "The value 'no-such-folder' is invalid according to its datatype"),
        (
            request(f"<m:GetFolder>{folder_ids('FolderIds', 'inbox')}</m:GetFolder>"),
            "invalid child element 'FolderIds'",
        ),
        (sync_items("inbox", None, 1, "<m:Ignore><t:FolderId Id='x'/></m:Ignore>"), "child element 'FolderId'"),
    ],
)
def test_the_sentence_says_what_is_wrong(body: bytes, sentence: str) -> None:
    """In the words of .NET's validator."""
    assert sentence in violation(body)


def test_every_distinguished_folder_is_known() -> None:
    """A folder that a mailbox lacks is not found; it does not violate the schema."""
    folders = folder_ids("FolderIds", *sorted(FOLDER_NAMES))
    _, answer = World().ask(request(f"<m:GetFolder>{shape('FolderShape')}{folders}</m:GetFolder>"))
    assert set(texts(answer, "ResponseCode")) == {"NoError", "ErrorFolderNotFound"}


def test_occurrences_and_address_lists_are_valid_but_not_found() -> None:
    """Nothing recurs in a mailbox, and it has no address lists."""
    occurrences = (
        '<t:OccurrenceItemId RecurringMasterId="x" InstanceIndex="1"/><t:RecurringMasterItemId OccurrenceId="x"/>'
    )
    ids = f"<m:ItemIds>{occurrences}</m:ItemIds>"
    _, answer = World().ask(request(f"<m:GetItem>{shape('ItemShape')}{ids}</m:GetItem>"))
    assert texts(answer, "ResponseCode") == ["ErrorItemNotFound"] * 2
    list_id = sync_items().replace(b'<t:DistinguishedFolderId Id="inbox"/>', b'<t:AddressListId Id="x"/>')
    assert World().code(list_id) == (200, "ErrorSyncFolderNotFound")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ('<t:RequestServerVersion Version="Exchange2010_SP2" s:mustUnderstand="1"/>', "NoError"),
        ('<t:RequestServerVersion Version="Exchange2010_SP2" Build="1"/>', "ErrorSchemaValidation"),
        ("<t:MailboxCulture>en-US</t:MailboxCulture>", "NoError"),
        ("<t:TimeZoneContext><t:TimeZoneDefinition Id='UTC'/></t:TimeZoneContext>", "NoError"),
        ("<x:Trace xmlns:x='urn:example'/>", "NoError"),
        (impersonating("user@example.com"), "NoError"),
        (impersonating(""), "ErrorSchemaValidation"),
        ("<t:ExchangeImpersonation/>", "ErrorSchemaValidation"),
        (impersonating("user@example.com", "EmailAddress"), "ErrorSchemaValidation"),
        (impersonating("S-1-5-21-1", "SID"), "ErrorInvalidExchangeImpersonationHeaderData"),
    ],
)
def test_header_blocks_are_checked(header: str, code: str) -> None:
    """Those that the server reads; others are ignored."""
    assert World().code(request(SUBSCRIBE, header))[1] == code


def test_an_invalid_request_with_wrong_credentials_gets_401() -> None:
    """Credentials come first."""
    assert World().ask(request("<m:Subscribe/>"), basic("wrong")) == (401, b"")
