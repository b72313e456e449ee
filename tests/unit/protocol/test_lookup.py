"""GetItem, which asks which of some items are still there."""

import pytest
from lxml import etree

from ewspush.protocol.lookup import LookupAnswer, LookupRequest, build_get_items, parse_get_items
from ewspush.protocol.namespaces import M, T
from ewspush.protocol.soap import Refused

REQUEST = LookupRequest(("a", "b"))


def answered(*codes: str, response: str = "GetItem", more: str = "") -> bytes:
    """Return an answer with a message for each code."""
    classes = {"NoError": "Success"}
    messages = "".join(
        f'<m:{response}ResponseMessage ResponseClass="{classes.get(code, "Error")}">'
        f"<m:ResponseCode>{code}</m:ResponseCode>{more}</m:{response}ResponseMessage>"
        for code in codes
    )
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" '
        'xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><s:Body>'
        f"<m:{response}Response><m:ResponseMessages>{messages}</m:ResponseMessages></m:{response}Response>"
        "</s:Body></s:Envelope>"
    ).encode()


def test_it_requests_ids_alone_in_the_order_of_the_schema() -> None:
    """And the folder of each; no content of an item is ever fetched."""
    operation = etree.fromstring(build_get_items(REQUEST, "Exchange2010_SP2")).find(f".//{M}GetItem")
    assert operation is not None
    shape, ids = operation
    assert (shape.tag, shape[0].tag, shape[0].text) == (M + "ItemShape", T + "BaseShape", "IdOnly")
    assert [each.get("FieldURI") for each in shape[1]] == ["item:ParentFolderId"]
    assert (ids.tag, [each.get("Id") for each in ids]) == (M + "ItemIds", ["a", "b"])


@pytest.mark.parametrize(
    ("codes", "present", "missing", "unanswered"),
    [
        (("NoError", "NoError"), "ab", "", ""),
        (("ErrorItemNotFound", "NoError"), "b", "a", ""),
        (("ErrorItemNotFound", "ErrorItemNotFound"), "", "ab", ""),
        (("ErrorAccessDenied", "ErrorItemNotFound"), "", "b", "a"),
        (("NoError", "ErrorServerBusy"), "a", "", "b"),
        (("ErrorMailboxStoreUnavailable", "ErrorBatchProcessingStopped"), "", "", "ab"),
        (("NoError", ""), "a", "", "b"),
        (("NoError", "NoError", "NoError"), "", "", "ab"),
        (("NoError",), "", "", "ab"),
    ],
)
def test_only_found_and_not_found_settle_an_item(
    codes: tuple[str, ...], present: str, missing: str, unanswered: str
) -> None:
    """Any other code says nothing about the item; without a message for each id it is not known which is meant."""
    answer = LookupAnswer(frozenset(present), frozenset(missing), frozenset(unanswered))
    assert parse_get_items(200, answered(*codes), REQUEST) == answer


def test_a_batch_that_stops_says_how_long_to_wait() -> None:
    """In the message of any of its items."""
    back_off = '<m:MessageXml><t:Value Name="BackOffMilliseconds">4500</t:Value></m:MessageXml>'
    answer = parse_get_items(200, answered("ErrorServerBusy", "ErrorServerBusy", more=back_off), REQUEST)
    assert answer == LookupAnswer(frozenset(), frozenset(), frozenset("ab"), 4500)


def test_an_answer_to_another_request_is_refused() -> None:
    """With the code that it begins with, or else with its status."""
    assert parse_get_items(200, answered("ErrorServerBusy"), REQUEST) == Refused("ErrorServerBusy")
    assert parse_get_items(200, answered("NoError", response="GetFolder"), REQUEST) == Refused("HTTP 200")
    assert parse_get_items(503, b"busy", REQUEST) == Refused("HTTP 503", "busy")
