"""Our requests, mailsim's answers, and what we make of them: mailsim was written apart, from the same documents."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from ewspush.protocol.changes import ChangeKind
from ewspush.protocol.soap import Refused
from ewspush.protocol.synchronization import (
    HierarchyPage,
    ItemsPage,
    SyncHierarchyRequest,
    SyncItemsRequest,
    UnusablePage,
    build_sync_hierarchy,
    build_sync_items,
    is_folder_gone,
    is_state_unknown,
    parse_sync_hierarchy,
    parse_sync_items,
)
from tests.unit.mailsim.world import World
from tests.unit.protocol.sync_answers import VERSION


class SyncClient:
    """A client of mailsim, which begins without a state."""

    def __init__(self, world: World, folder: str = "inbox", max_changes: int = 512) -> None:
        self.world = world
        self.request = SyncItemsRequest(folder, max_changes=max_changes)

    def page(self) -> ItemsPage | Refused | UnusablePage:
        """Ask once."""
        page = parse_sync_items(*self.world.ask(build_sync_items(self.request, VERSION)), self.request)
        if isinstance(page, ItemsPage):
            self.request = replace(self.request, sync_state=page.sync_state)
        return page

    def changes(self) -> Iterator[tuple[ChangeKind, str]]:
        """Ask until there is no more."""
        while True:
            page = self.page()
            assert isinstance(page, ItemsPage)
            assert page.passed_over == 0
            yield from ((change.kind, change.id) for change in page.changes)
            if page.is_last:
                return


@pytest.fixture(params=["workmail", "exchange"])
def world(request: pytest.FixtureRequest) -> World:
    """Return a server of each profile."""
    return World(request.param)


def test_mailsim_and_we_agree_on_pages_and_kinds(world: World) -> None:
    """Seven messages in pages of three; then one of each kind of change."""
    client = SyncClient(world, max_changes=3)
    there = [world.mail(f"{number}") for number in range(7)]
    assert sorted(client.changes()) == sorted((ChangeKind.CREATED, each) for each in there)
    new = world.mail("new")
    world.act("items", there[0], "modify")
    world.act("items", there[1], "delete")
    world.act("items", there[2], "read")
    assert set(client.changes()) == {
        (ChangeKind.CREATED, new),
        (ChangeKind.UPDATED, there[0]),
        (ChangeKind.DELETED, there[1]),
        (ChangeKind.READ_FLAG_CHANGED, there[2]),
    }
    assert list(client.changes()) == []


def test_mailsim_and_we_agree_on_the_hierarchy(world: World) -> None:
    """Each folder has its parent; asked again there is nothing new until a folder is made."""
    page = parse_sync_hierarchy(
        *world.ask(build_sync_hierarchy(SyncHierarchyRequest(), VERSION)), SyncHierarchyRequest()
    )
    assert isinstance(page, HierarchyPage)
    assert page.changes
    assert all(change.kind is ChangeKind.CREATED and change.parent_id for change in page.changes)
    again = SyncHierarchyRequest(page.sync_state)
    more = parse_sync_hierarchy(*world.ask(build_sync_hierarchy(again, VERSION)), again)
    assert more == HierarchyPage(page.sync_state, (), is_last=True)
    made = world.create_folder("new")
    more = parse_sync_hierarchy(*world.ask(build_sync_hierarchy(again, VERSION)), again)
    assert isinstance(more, HierarchyPage)
    assert [(change.kind, change.id) for change in more.changes] == [(ChangeKind.CREATED, made)]


def test_mailsim_and_we_agree_on_errors(world: World) -> None:
    """A state it did not write, a folder it does not have, and a busy hour."""
    unknown_state = SyncClient(world)
    unknown_state.request = SyncItemsRequest("inbox", "H4sIAAA=")
    refused = unknown_state.page()
    assert isinstance(refused, Refused)
    assert is_state_unknown(refused)
    refused = SyncClient(world, "AAMkGone=").page()
    assert isinstance(refused, Refused)
    assert is_folder_gone(refused)
    world.call("faults", refuse_sync="ErrorServerBusy", back_off_ms=300)
    refused = SyncClient(world).page()
    assert isinstance(refused, Refused)
    assert (refused.response_code, refused.back_off_ms) == ("ErrorServerBusy", 300)
