"""GetItem, which asks which of some items are still there."""

import pytest
from lxml import etree

from ewspush.protocol.lookup import LookupRequest, build_get_items, parse_get_items
from ewspush.protocol.namespaces import M, T
from ewspush.protocol.soap import Refused

REQUEST = LookupRequest(("a", "b"))


def answered(*codes: str, response: str = "GetItem") -> bytes:
    """Return an answer with a message for each code."""
    classes = {"NoError": "Success"}
    messages = "".join(
        f'<m:{response}ResponseMessage ResponseClass="{classes.get(code, "Error")}">'
        f"<m:ResponseCode>{code}</m:ResponseCode></m:{response}ResponseMessage>"
        for code in codes
    )
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"><s:Body>'
        f"<m:{response}Response><m:ResponseMessages>{messages}</m:ResponseMessages></m:{response}Response>"
        "</s:Body></s:Envelope>"
    ).encode()


def test_it_requests_ids_alone_in_the_order_of_the_schema() -> None:
    """No content of an item is ever fetched."""
    operation = etree.fromstring(build_get_items(REQUEST, "Exchange2010_SP2")).find(f".//{M}GetItem")
    assert operation is not None
    shape, ids = operation
    assert (shape.tag, [(each.tag, each.text) for each in shape]) == (M + "ItemShape", [(T + "BaseShape", "IdOnly")])
    assert (ids.tag, [each.get("Id") for each in ids]) == (M + "ItemIds", ["a", "b"])


@pytest.mark.parametrize(
    ("codes", "missing"),
    [
        (("NoError", "NoError"), frozenset()),
        (("ErrorItemNotFound", "NoError"), frozenset("a")),
        (("ErrorItemNotFound", "ErrorItemNotFound"), frozenset("ab")),
        (("ErrorAccessDenied", "ErrorItemNotFound"), frozenset("b")),
    ],
)
def test_an_item_that_is_not_found_is_missing(codes: tuple[str, ...], missing: frozenset[str]) -> None:
    """Any other error says nothing about the item."""
    assert parse_get_items(200, answered(*codes), REQUEST) == missing


def test_an_answer_to_another_request_is_refused() -> None:
    """Without a message for each id it is not known which is meant."""
    assert parse_get_items(200, answered("ErrorServerBusy"), REQUEST) == Refused("ErrorServerBusy")
    assert parse_get_items(200, answered("NoError", response="GetFolder"), REQUEST) == Refused("HTTP 200")
    assert parse_get_items(503, b"busy", REQUEST) == Refused("HTTP 503")
