"""A delegate with Full Access to a shared mailbox, and without impersonation."""

import pytest

from tests.unit.mailsim.sync_client import (
    get_folder,
    get_item,
    parse_sync_response,
    shape,
    sync_hierarchy,
    sync_items,
)
from tests.unit.mailsim.world import CALLBACK, EMAIL, EVENT_TYPES, START, World, basic, push, request, subscribe, texts

DELEGATE = "delegate@example.com"
REFUSED = (200, "ErrorSubscriptionDelegateAccessNotSupported")
MAX_CHANGES = "<m:MaxChangesReturned>512</m:MaxChangesReturned>"


def shared(**settings: object) -> World:
    """Return a server where a delegate has Full Access to the mailbox of the user, and both have mail."""
    world = World(settings=settings)
    world.call("users", email=DELEGATE, password="password")
    assert world.call(f"mailboxes/{EMAIL}/delegates", email=DELEGATE.title()) == {
        "email": EMAIL,
        "delegates": [DELEGATE],
    }
    return world


def ask(world: World, body: bytes) -> bytes:
    """Send a request with the delegate's credentials."""
    return world.ask(body, basic(email=DELEGATE))[1]


def code(world: World, body: bytes) -> tuple[int, str]:
    """Send a request with the delegate's credentials; return the HTTP status and the first response code."""
    status, answer = world.ask(body, basic(email=DELEGATE))
    return status, texts(answer, "ResponseCode")[0]


def of(email: str, folder: str) -> str:
    """Return a distinguished folder of a mailbox."""
    mailbox = f"<t:Mailbox><t:EmailAddress>{email.title()}</t:EmailAddress></t:Mailbox>"
    return f'<t:DistinguishedFolderId Id="{folder}">{mailbox}</t:DistinguishedFolderId>'


def sync_folder(folder: str) -> bytes:
    """Return a SyncFolderItems request for a folder given as an element."""
    parts = f"{shape('ItemShape')}<m:SyncFolderId>{folder}</m:SyncFolderId>{MAX_CHANGES}"
    return request(f"<m:SyncFolderItems>{parts}</m:SyncFolderItems>")


def subscribe_to(folder: str) -> bytes:
    """Return a Subscribe request for a folder given as an element."""
    folders = f"<t:FolderIds>{folder}</t:FolderIds>"
    return request(push(f"{folders}{EVENT_TYPES}<t:StatusFrequency>5</t:StatusFrequency>{CALLBACK}", ""))


def test_a_delegate_synchronizes_a_named_mailbox() -> None:
    """By a distinguished folder with `t:Mailbox`; then ids of the mailbox are enough."""
    world = shared()
    folder = world.create_folder("plans")
    mail, plan = world.mail(), world.mail(folder=folder)
    hierarchy = f"{shape('FolderShape')}<m:SyncFolderId>{of(EMAIL, 'msgfolderroot')}</m:SyncFolderId>"
    found = parse_sync_response(ask(world, request(f"<m:SyncFolderHierarchy>{hierarchy}</m:SyncFolderHierarchy>")))
    assert ("Create", folder) in found.changes
    assert parse_sync_response(ask(world, sync_folder(of(EMAIL, "inbox")))).changes == [("Create", mail)]
    page = parse_sync_response(ask(world, sync_items(folder)))
    assert page.changes == [("Create", plan)]
    assert texts(ask(world, get_item(mail, plan)), "ResponseCode") == ["NoError"] * 2
    assert texts(ask(world, get_folder(folder)), "DisplayName") == ["plans"]
    assert parse_sync_response(world.ask(sync_items(folder, page.state))[1]).changes == []


def test_without_a_mailbox_a_folder_is_the_delegates_own() -> None:
    """Also beside an id of the shared mailbox, and for the hierarchy."""
    world = shared()
    theirs = world.mail()
    own = world.call(f"mailboxes/{DELEGATE}/messages", subject="own")["item_id"]
    assert parse_sync_response(ask(world, sync_items("inbox"))).changes == [("Create", own)]
    hierarchies = (parse_sync_response(ask(world, sync_hierarchy(root))).changes for root in (None, "msgfolderroot"))
    folder = world.create_folder("plans")
    assert all(("Create", folder) not in changes for changes in hierarchies)
    inbox = world.core.directory.find(DELEGATE).mailbox.folder_id("inbox") or ""
    assert texts(ask(world, get_folder("inbox", folder)), "ResponseCode") == ["NoError", "ErrorFolderNotFound"]
    assert inbox.encode() in ask(world, get_folder("inbox", folder))
    assert texts(ask(world, get_item(theirs)), "ResponseCode") == ["NoError"]


def test_a_delegate_can_not_subscribe() -> None:
    """Neither by name nor by id; its own mailbox it can, and so can the owner."""
    world = shared()
    inbox = world.core.directory.find(EMAIL).mailbox.folder_id("inbox")
    for folder in (of(EMAIL, "inbox"), f'<t:FolderId Id="{inbox}"/>'):
        assert code(world, subscribe_to(folder)) == REFUSED
        assert world.code(subscribe_to(folder)) == (200, "NoError")
    assert code(world, subscribe_to(of(DELEGATE, "inbox"))) == (200, "NoError")
    assert code(world, subscribe()) == (200, "NoError")
    assert [each["mailbox"] for each in world.get("subscriptions")] == [EMAIL, EMAIL, DELEGATE, DELEGATE]


def test_without_full_access_the_mailbox_is_denied() -> None:
    """Before it is given and after it is taken."""
    world = shared()
    folder, item_id = world.create_folder("plans"), world.mail()
    assert code(world, sync_items(folder)) == (200, "NoError")
    world.call(f"mailboxes/{EMAIL}/delegates", email=DELEGATE, full_access=False)
    assert code(world, sync_folder(of(EMAIL, "inbox"))) == (200, "ErrorAccessDenied")
    assert code(world, sync_items(folder)) == (200, "ErrorSyncFolderNotFound")
    assert code(world, get_item(item_id)) == (200, "ErrorItemNotFound")


@pytest.mark.parametrize(
    ("action", "answer"), [("disable", "ErrorAccountDisabled"), ("remove", "ErrorNonExistentMailbox")]
)
def test_a_shared_mailbox_can_be_away(action: str, answer: str) -> None:
    """Disabled or deleted; the answers are those of impersonation."""
    world = shared(disabled_answer="ErrorAccountDisabled")
    world.call(f"mailboxes/{EMAIL}/{action}")
    assert code(world, sync_folder(of(EMAIL, "inbox"))) == (500, answer)
    assert code(world, sync_items("inbox")) == (200, "NoError")


@pytest.mark.parametrize(("email", "status"), [("nobody@example.com", 404), (None, 400)])
def test_a_delegate_is_a_user(email: object, status: int) -> None:
    """Else the call is refused."""
    path = ["mailboxes", EMAIL, "delegates"]
    given = {} if email is None else {"email": email}
    assert World().control.handle("POST", path, given, START)[0] == status
