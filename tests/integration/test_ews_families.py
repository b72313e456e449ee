"""Answers in the manner of each family of servers, over real HTTP, in every form in which bytes travel."""

import codecs
import gzip
import zlib
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from ewspush.protocol.changes import ChangeKind
from ewspush.protocol.soap import Refused
from ewspush.protocol.subscribe import Subscribed
from ewspush.protocol.synchronization import ItemsPage, SyncItemsRequest
from tests.builders import MAILBOX
from tests.integration.ews_server import Page, Server, asked, client
from tests.server_families import FAMILIES, Family

GZIP: Final = {"Content-Encoding": "gzip"}
FORMS: Final[dict[str, Callable[[int, str], Page]]] = {
    "plain": lambda status, text: Page(status, text.encode()),
    "chunked": lambda status, text: Page(status, text.encode(), in_chunks=True),
    "gzip": lambda status, text: Page(status, gzip.compress(text.encode()), GZIP),
    "gzip, chunked": lambda status, text: Page(status, gzip.compress(text.encode()), GZIP, in_chunks=True),
    "deflate": lambda status, text: Page(status, zlib.compress(text.encode()), {"Content-Encoding": "deflate"}),
    "byte order mark": lambda status, text: Page(status, codecs.BOM_UTF8 + text.encode()),
    "UTF-16": lambda status, text: Page(status, codecs.BOM_UTF16_LE + text.encode("utf-16-le")),
}


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a server."""
    with Server() as server:
        yield server


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
class TestFamilies:
    """Each family in each form."""

    def test_a_subscription_is_read(self, server: Server, family: Family, form: Callable[[int, str], Page]) -> None:
        """With its id as it is."""
        server.pages = [form(200, family.subscribed)]
        answer = asked(server.url)
        assert isinstance(answer, Subscribed)
        assert answer.subscription_id in {"JgB" * 60 + "A=", "c3Vi", "s&1", "17"}

    def test_a_page_is_read(self, server: Server, family: Family, form: Callable[[int, str], Page]) -> None:
        """Its id and time are whole."""
        server.pages = [form(200, family.items)]
        page = client(server.url).sync_items(MAILBOX, SyncItemsRequest("inbox"))
        assert isinstance(page, ItemsPage)
        (change,) = page.changes
        assert (change.kind, change.id, change.last_modified_at) == (
            ChangeKind.CREATED,
            family.item_id,
            family.modified_at,
        )
        assert page.is_last
        assert page.sync_state

    def test_a_refusal_is_read(self, server: Server, family: Family, form: Callable[[int, str], Page]) -> None:
        """With its code, its words and its back-off."""
        server.pages = [form(family.busy_status, family.busy)]
        assert asked(server.url) == Refused(
            "ErrorServerBusy", "The server cannot service this request right now.", 5000
        )
