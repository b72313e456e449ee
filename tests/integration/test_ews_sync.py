"""SyncFolderItems, SyncFolderHierarchy and GetItem over real HTTP, answered by mailsim."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Thread
from typing import Any, Final

import pytest

from ewspush.adapters import ews
from ewspush.adapters.ews import EwsServer
from ewspush.domain.ports import Credentials
from ewspush.errors import UnavailableError
from ewspush.protocol.changes import ChangeKind, ItemChange
from ewspush.protocol.lookup import LookupAnswer, LookupRequest
from ewspush.protocol.response_codes import NO_CONNECTION
from ewspush.protocol.soap import Refused
from ewspush.protocol.synchronization import (
    MAX_CHANGES,
    HierarchyPage,
    ItemsPage,
    SyncHierarchyRequest,
    SyncItemsRequest,
    is_folder_gone,
    is_state_unknown,
)
from mailsim.http_server import Server
from mailsim.runtime import Runtime
from tests.twins.credentials import MemoryCredentials
from tests.unit.mailsim.world import EMAIL, START, World, basic

VERSION: Final = "Exchange2010_SP2"
PASSWORD: Final = "password"
KEEPER: Final = "keeper@example.com"
INBOX: Final = SyncItemsRequest("inbox")
FOLDERS: Final = SyncHierarchyRequest()


@dataclass(frozen=True)
class Mailboxes:
    """A mail server that listens, and a client of it."""

    world: World
    url: str

    def client(self, email: str = EMAIL, password: str = PASSWORD) -> EwsServer:
        """Return a client that signs in as `email`."""
        credentials = Credentials(basic(password, email), impersonates=email != EMAIL)
        return EwsServer(self.url, VERSION, MemoryCredentials({EMAIL: credentials}), now)

    def items(self, request: SyncItemsRequest = INBOX, **who: Any) -> ItemsPage:
        """Return a page of items."""
        page = self.client(**who).sync_items(EMAIL, request)
        assert isinstance(page, ItemsPage)
        return page

    def folders(self, sync_state: str | None = None, **who: Any) -> HierarchyPage:
        """Return the folders, or what has changed among them."""
        page = self.client(**who).sync_hierarchy(EMAIL, SyncHierarchyRequest(sync_state))
        assert isinstance(page, HierarchyPage)
        return page

    def since(self, state: str) -> dict[str, ItemChange]:
        """Return the changes in the inbox since `state`, by id."""
        page = self.items(SyncItemsRequest("inbox", state))
        assert page.is_last
        return {change.id: change for change in page.changes}


def now() -> datetime:
    """Return the time; it stands still."""
    return datetime.fromtimestamp(START, UTC)


@pytest.fixture(params=["workmail", "exchange"])
def mailboxes(request: pytest.FixtureRequest) -> Iterator[Mailboxes]:
    """Return a mail server of each profile, with a user and an account that may act on every mailbox."""
    world = World(request.param)
    world.call("users", email=KEEPER, password="password", impersonates=True)
    with Server(0, Runtime(world.core)) as listening:
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield Mailboxes(world, listening.urls["ews"])
        listening.shutdown()
        thread.join()


class TestItems:
    """The items of a folder."""

    def test_without_a_state_all_are_created(self, mailboxes: Mailboxes) -> None:
        """With a change key, and when they were changed last."""
        ids = [mailboxes.world.mail() for _ in range(3)]
        page = mailboxes.items()
        assert page.is_last
        assert {change.id for change in page.changes} == set(ids)
        assert {change.kind for change in page.changes} == {ChangeKind.CREATED}
        assert all(change.change_key for change in page.changes)
        moments = {datetime.fromisoformat(change.last_modified_at or "") for change in page.changes}
        assert moments == {now()}

    def test_with_a_state_the_net_changes_are_returned(self, mailboxes: Mailboxes) -> None:
        """Of each kind; what came and went is not among them, and a move is a deletion here."""
        world = mailboxes.world
        changed, moved, deleted, read, left = (world.mail() for _ in range(5))
        state = mailboxes.items().sync_state
        world.act("items", changed, "modify")
        moved_to = world.act("items", moved, "move", folder="drafts")["item_id"]
        world.act("items", deleted, "delete")
        world.act("items", read, "read", read=True)
        ghost, new = world.mail(), world.mail()
        world.act("items", ghost, "delete")
        since = mailboxes.since(state)
        assert {own_id: change.kind for own_id, change in since.items()} == {
            changed: ChangeKind.UPDATED,
            moved: ChangeKind.DELETED,
            deleted: ChangeKind.DELETED,
            read: ChangeKind.READ_FLAG_CHANGED,
            new: ChangeKind.CREATED,
        }
        assert since[read].is_read is True
        assert left not in since
        assert [change.id for change in mailboxes.items(SyncItemsRequest("drafts")).changes] == [moved_to]

    def test_more_than_a_page_comes_page_by_page(self, mailboxes: Mailboxes) -> None:
        """As many as the protocol allows at once, and each once."""
        ids = [mailboxes.world.mail() for _ in range(2 * MAX_CHANGES + 1)]
        ids_found: list[str] = []
        sizes, page = [], mailboxes.items()
        while True:
            sizes.append(len(page.changes))
            ids_found += [change.id for change in page.changes]
            if page.is_last:
                break
            page = mailboxes.items(replace(INBOX, sync_state=page.sync_state))
        assert sizes == [MAX_CHANGES, MAX_CHANGES, 1]
        assert sorted(ids_found) == sorted(ids)

    def test_nothing_has_changed_since_a_moment_ago(self, mailboxes: Mailboxes) -> None:
        """An empty page, the last."""
        mailboxes.world.mail()
        page = mailboxes.items(replace(INBOX, sync_state=mailboxes.items().sync_state))
        assert (page.changes, page.is_last, page.passed_over) == ((), True, 0)

    @pytest.mark.parametrize("folder", ["calendar", "contacts", "tasks"])
    def test_items_of_every_class_are_understood(self, mailboxes: Mailboxes, folder: str) -> None:
        """Not only messages."""
        item = mailboxes.world.mail(folder=folder)
        (change,) = mailboxes.items(SyncItemsRequest(folder)).changes
        assert (change.kind, change.id) == (ChangeKind.CREATED, item)


class TestFolders:
    """The folders of a mailbox."""

    def test_without_a_state_all_are_created(self, mailboxes: Mailboxes) -> None:
        """Each with the one it lies in; every one of them can be synchronized."""
        made = mailboxes.world.create_folder("plans", parent="inbox")
        page = mailboxes.folders()
        folders = {change.id: change for change in page.changes}
        assert page.is_last
        assert {change.kind for change in page.changes} == {ChangeKind.CREATED}
        assert folders[made].parent_id in folders
        for folder in folders:
            assert mailboxes.items(SyncItemsRequest(folder)).is_last

    def test_with_a_state_the_changes_are_returned(self, mailboxes: Mailboxes) -> None:
        """Made, changed, deleted."""
        world = mailboxes.world
        changed, deleted = (
            world.call(f"mailboxes/{EMAIL}/folders", name=name)["folder_id"] for name in ("changed", "deleted")
        )
        state = mailboxes.folders().sync_state
        world.act("folders", changed, "modify")
        world.act("folders", deleted, "delete")
        made = world.create_folder("made")
        page = mailboxes.folders(state)
        assert {change.id: change.kind for change in page.changes} == {
            made: ChangeKind.CREATED,
            changed: ChangeKind.UPDATED,
            deleted: ChangeKind.DELETED,
        }
        assert mailboxes.folders(page.sync_state).changes == ()


class TestLookup:
    """Which items are no longer there."""

    def test_those_that_are_gone_are_missing(self, mailboxes: Mailboxes) -> None:
        """An item that was moved has another id; an id that never was is missing, too."""
        world = mailboxes.world
        there, deleted, moved = (world.mail() for _ in range(3))
        world.act("items", deleted, "delete")
        moved_to = world.act("items", moved, "move", folder="drafts")["item_id"]
        asked = LookupRequest((there, deleted, moved, moved_to, "AAFnone"))
        found = mailboxes.client().missing_items(EMAIL, asked)
        assert isinstance(found, LookupAnswer)
        assert (found.present, found.missing) == (frozenset({there, moved_to}), frozenset({deleted, moved, "AAFnone"}))
        assert set(found.parents) == {there, moved_to}

    def test_a_busy_server_settles_no_item(self, mailboxes: Mailboxes) -> None:
        """It is refused as a whole."""
        item = mailboxes.world.mail()
        mailboxes.world.call("faults", refuse_sync="ErrorServerBusy")
        assert isinstance(mailboxes.client().missing_items(EMAIL, LookupRequest((item,))), Refused)
        found = mailboxes.client().missing_items(EMAIL, LookupRequest((item,)))
        assert isinstance(found, LookupAnswer)
        assert (found.present, found.missing) == (frozenset({item}), frozenset())


class TestRefusals:
    """What a server answers instead."""

    @pytest.mark.parametrize("form", ["fault", "response"])
    def test_a_busy_server_says_how_long_to_wait(self, mailboxes: Mailboxes, form: str) -> None:
        """Of either operation, in either form."""
        busy: dict[str, Any] = {"refuse_sync": "ErrorServerBusy", "times": 2, "back_off_ms": 4500, "as": form}
        mailboxes.world.call("faults", **busy)
        client = mailboxes.client()
        answers = [client.sync_items(EMAIL, INBOX), client.sync_hierarchy(EMAIL, FOLDERS)]
        refused = [(one.response_code, one.back_off_ms) for one in answers if isinstance(one, Refused)]
        assert refused == [("ErrorServerBusy", 4500)] * 2
        assert isinstance(client.sync_items(EMAIL, INBOX), ItemsPage)

    def test_forgotten_states_are_refused_as_such(self, mailboxes: Mailboxes) -> None:
        """Of either operation; without a state it goes on."""
        items, folders = mailboxes.items().sync_state, mailboxes.folders().sync_state
        mailboxes.world.call("faults", forget_sync_states=True)
        client = mailboxes.client()
        answers = [
            client.sync_items(EMAIL, replace(INBOX, sync_state=items)),
            client.sync_hierarchy(EMAIL, SyncHierarchyRequest(folders)),
        ]
        assert [isinstance(one, Refused) and is_state_unknown(one) for one in answers] == [True, True]
        assert mailboxes.items().is_last

    @pytest.mark.parametrize("state", ["made up", "AAAA", "H4sIAAA="])
    def test_an_invalid_state_is_refused_as_such(self, mailboxes: Mailboxes, state: str) -> None:
        """Like one of another folder."""
        for given in (state, mailboxes.items(SyncItemsRequest("drafts")).sync_state):
            answer = mailboxes.client().sync_items(EMAIL, replace(INBOX, sync_state=given))
            assert isinstance(answer, Refused)
            assert is_state_unknown(answer)

    def test_a_folder_that_is_gone_is_refused_as_such(self, mailboxes: Mailboxes) -> None:
        """With a state, or without."""
        folder = mailboxes.world.create_folder("gone")
        state = mailboxes.items(SyncItemsRequest(folder)).sync_state
        mailboxes.world.act("folders", folder, "delete")
        for given in (None, state):
            answer = mailboxes.client().sync_items(EMAIL, SyncItemsRequest(folder, given))
            assert isinstance(answer, Refused)
            assert is_folder_gone(answer)
            assert not is_state_unknown(answer)

    def test_a_disabled_user_is_refused_for_good(self, mailboxes: Mailboxes) -> None:
        """Neither state nor folder is the reason."""
        mailboxes.world.call(f"mailboxes/{EMAIL}/disable")
        for answer in (
            mailboxes.client(KEEPER).sync_items(EMAIL, INBOX),
            mailboxes.client(KEEPER).sync_hierarchy(EMAIL, FOLDERS),
        ):
            assert isinstance(answer, Refused)
            assert not is_folder_gone(answer)
            assert not is_state_unknown(answer)

    def test_a_wrong_password_is_refused(self, mailboxes: Mailboxes) -> None:
        """With a status."""
        client = mailboxes.client(password="wrong")
        assert client.sync_items(EMAIL, INBOX) == Refused("HTTP 401")
        assert client.sync_hierarchy(EMAIL, FOLDERS) == Refused("HTTP 401")


class TestConnection:
    """Credentials, and what happens on the way."""

    def test_an_account_that_impersonates_sees_the_mailbox(self, mailboxes: Mailboxes) -> None:
        """And not its own, which is empty."""
        item = mailboxes.world.mail()
        assert [change.id for change in mailboxes.items(email=KEEPER).changes] == [item]
        assert mailboxes.folders(email=KEEPER).changes == mailboxes.folders().changes
        asked = {each["mailbox"] for each in mailboxes.world.get("requests")}
        assert asked == {EMAIL}

    def test_without_a_listener_the_request_is_refused(self) -> None:
        """Nothing was sent."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        answer = Mailboxes(World(), url).client().sync_items(EMAIL, INBOX)
        assert isinstance(answer, Refused)
        assert answer.response_code == NO_CONNECTION

    def test_a_server_that_takes_too_long_gave_no_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It took the connection."""
        monkeypatch.setattr(ews, "_TOTAL_SECONDS", 0.2)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            client = Mailboxes(World(), f"http://127.0.0.1:{listening.getsockname()[1]}/").client()
            with pytest.raises(UnavailableError):
                client.sync_items(EMAIL, INBOX)
            with pytest.raises(UnavailableError):
                client.sync_hierarchy(EMAIL, FOLDERS)
