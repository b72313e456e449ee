"""The Subscribe request, and what its answer means."""

from dataclasses import replace

import pytest
from lxml import etree

from ewspush.protocol.namespaces import MESSAGES, SOAP, TYPES, M, S, T
from ewspush.protocol.response_codes import HTML_PAGE, SOAP_FAULT
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed, SubscribeRequest, build_subscribe, parse_subscribe_response

REQUEST = SubscribeRequest(
    url="https://hook.example/notify/k/1/a.b?x=1&y=2",
    event_types=("CreatedEvent", "NewMailEvent"),
    status_frequency_minutes=15,
)
VERSION = "Exchange2010_SP2"


def pushed(request: SubscribeRequest) -> etree._Element:
    """Return the PushSubscriptionRequest that is sent."""
    element = etree.fromstring(build_subscribe(request, VERSION)).find(
        f"{S}Body/{M}Subscribe/{M}PushSubscriptionRequest"
    )
    assert element is not None
    return element


def test_children_stand_in_the_types_namespace_and_in_the_order_of_the_schema() -> None:
    """With all of them present."""
    request = replace(REQUEST, folders=("inbox", "AAMkFolder="), watermark="w1")
    names = ("FolderIds", "EventTypes", "Watermark", "StatusFrequency", "URL")
    assert [child.tag for child in pushed(request)] == [T + name for name in names]
    assert [child.text for child in pushed(request)][2:] == ["w1", "15", REQUEST.url]


def test_all_folders_are_an_attribute_and_no_folder_ids() -> None:
    """Without a watermark there is no element for it either."""
    element = pushed(REQUEST)
    assert element.get("SubscribeToAllFolders") == "true"
    assert [child.tag for child in element] == [T + name for name in ("EventTypes", "StatusFrequency", "URL")]


def test_a_folder_is_named_by_its_distinguished_name_or_its_id() -> None:
    """Distinguished names are those of the schema."""
    folders = pushed(replace(REQUEST, folders=("calendar", "AAMkFolder=")))[0]
    assert [(child.tag, child.get("Id")) for child in folders] == [
        (T + "DistinguishedFolderId", "calendar"),
        (T + "FolderId", "AAMkFolder="),
    ]
    assert "SubscribeToAllFolders" not in pushed(replace(REQUEST, folders=("inbox",))).attrib


@pytest.mark.parametrize("address", [None, "alice@example.com"])
def test_the_header_says_version_and_whose_mailbox(address: str | None) -> None:
    """SmtpAddress, as Amazon WorkMail's guide has it; no header block where the mailbox signs in as itself."""
    header = etree.fromstring(build_subscribe(REQUEST, VERSION, address))[0]
    assert (header[0].tag, header[0].get("Version")) == (T + "RequestServerVersion", VERSION)
    assert header.findtext(f"{T}ExchangeImpersonation/{T}ConnectingSID/{T}SmtpAddress") == address


def response(message: str) -> bytes:
    """Return a SubscribeResponse with one message."""
    return (
        f'<soap:Envelope xmlns:soap="{SOAP}" xmlns:t="{TYPES}" xmlns:m="{MESSAGES}"><soap:Body><m:SubscribeResponse>'
        f"<m:ResponseMessages>{message}</m:ResponseMessages></m:SubscribeResponse></soap:Body></soap:Envelope>"
    ).encode()


def fault(detail: str, faultcode: str = "soap:Client") -> bytes:
    """Return a SOAP fault."""
    return (
        f'<s:Envelope xmlns:s="{SOAP}"><s:Body><s:Fault><faultcode>{faultcode}</faultcode>'
        f"<faultstring>No.</faultstring>{detail}</s:Fault></s:Body></s:Envelope>"
    ).encode()


DETAIL = (
    '<detail xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">'
    "<e:ResponseCode>ErrorServerBusy</e:ResponseCode><e:Message>Later.</e:Message>"
    f'<t:MessageXml xmlns:t="{TYPES}"><t:Value Name="BackOffMilliseconds">4500</t:Value></t:MessageXml></detail>'
)
SUCCESS = (
    '<m:SubscribeResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
    "<m:SubscriptionId> S1 </m:SubscriptionId>{watermark}</m:SubscribeResponseMessage>"
)
ERROR = (
    '<m:SubscribeResponseMessage ResponseClass="Error"><m:MessageText>Zu viele.</m:MessageText>'
    "<m:ResponseCode>ErrorExceededSubscriptionCount</m:ResponseCode>{more}</m:SubscribeResponseMessage>"
)


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [
        (200, response(SUCCESS.format(watermark="<m:Watermark>w1</m:Watermark>")), Subscribed("S1", "w1")),
        (200, response(SUCCESS.format(watermark="")), Subscribed("S1", None)),
        (200, response(ERROR.format(more="")), Refused("ErrorExceededSubscriptionCount", "Zu viele.")),
        (
            200,
            response(
                ERROR.format(
                    more='<m:MessageXml><t:Value Name="Other">1</t:Value>'
                    '<t:Value Name="BackOffMilliseconds">300</t:Value></m:MessageXml>'
                )
            ),
            Refused("ErrorExceededSubscriptionCount", "Zu viele.", 300),
        ),
        (500, fault(DETAIL), Refused("ErrorServerBusy", "No. Later.", 4500)),
        (500, fault("", "a:ErrorInvalidRequest"), Refused("ErrorInvalidRequest", "No.")),
        (500, fault(""), Refused(SOAP_FAULT, "No.")),
        (401, b"", Refused("HTTP 401")),
        (503, b"<html><body>busy<br></body></html>", Refused("HTTP 503")),
        (200, b"<html/>", Refused(HTML_PAGE)),
        (200, response(""), Refused("HTTP 200")),
        (200, response('<m:SubscribeResponseMessage ResponseClass="Success"/>'), Refused("HTTP 200")),
    ],
)
def test_every_shape_of_answer_is_read(status: int, body: bytes, answer: Subscribed | Refused) -> None:
    """Response message, SOAP fault, or no EWS at all."""
    assert parse_subscribe_response(status, body) == answer


@pytest.mark.parametrize("status", [200, 500])
def test_a_code_of_any_length_fits_the_row(status: int) -> None:
    """It is stored as the last error, and logged."""
    body = response(ERROR.format(more="")) if status == 200 else fault(DETAIL)
    answer = parse_subscribe_response(
        status, body.replace(b"ErrorExceeded", b"E" * 9999).replace(b"ErrorServerBusy", b"E" * 9999)
    )
    assert isinstance(answer, Refused)
    assert 0 < len(answer.response_code) <= 100
