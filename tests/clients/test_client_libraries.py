"""The EWS Java API and ews-javascript-api against mailsim, in both profiles."""

from typing import Any

import pytest
from lxml import etree

from local.mail_server import SERVICE_ACCOUNT, MailServer
from tests.clients.client_process import ClientProcess
from tests.clients.conftest import EMAIL, Receiver, StartClient

pytestmark = [pytest.mark.clients, pytest.mark.starts_processes]

BOX = f"mailboxes/{EMAIL}"
WAIT_SECONDS = 20


def mail(mailsim: MailServer, subject: str = "hello") -> str:
    """Deliver a message, and return its id."""
    return str(mailsim.call(f"{BOX}/messages", subject=subject)["item_id"])


def answers(mailsim: MailServer) -> list[tuple[str, str]]:
    """Return operation and answer of all requests but those that a client makes without credentials first."""
    requests = mailsim.get("requests")
    return [(each["operation"], each["answer"]) for each in requests if each["answer"] != "401"]


def received_events(receiver: Receiver) -> etree._Element:
    """Return the first notification with events."""
    while True:
        notification = receiver.notifications.get(timeout=WAIT_SECONDS)
        if notification.find(".//{*}TimeStamp") is not None:
            return notification


def test_a_message_is_pushed(mailsim: MailServer, client: ClientProcess, receiver: Receiver) -> None:
    """To the URL of the subscription, with the watermark that Subscribe returned."""
    subscribed = client.call("subscribe", f"{receiver.url}/callback?mailbox=anna", "")
    item_id = mail(mailsim)
    notification = received_events(receiver)
    assert notification.findtext(".//{*}SubscriptionId") == subscribed["id"]
    assert notification.findtext(".//{*}PreviousWatermark") == subscribed["watermark"]
    assert {each.get("Id") for each in notification.iterfind(".//{*}ItemId")} == {item_id}


def test_a_subscription_resumes(mailsim: MailServer, client: ClientProcess, receiver: Receiver) -> None:
    """After a restart of the server, from a watermark."""
    watermark = client.call("subscribe", receiver.url, "")["watermark"]
    mailsim.call("faults", restart=True)
    item_id = mail(mailsim)
    resumed = client.call("subscribe", receiver.url, watermark)
    notification = received_events(receiver)
    assert notification.findtext(".//{*}SubscriptionId") == resumed["id"]
    assert item_id in {each.get("Id") for each in notification.iterfind(".//{*}ItemId")}


def test_folders_are_read(mailsim: MailServer, client: ClientProcess) -> None:
    """All below the top, and one by its id."""
    made = mailsim.call(f"{BOX}/folders", name="plans", parent="inbox")["folder_id"]
    mailsim.call(f"{BOX}/messages", subject="hello", folder=made)
    assert {"Inbox", "Calendar", "Deleted Items", "plans"} <= set(client.call("folders")["folders"])
    assert client.call("folder", made) == {"name": "plans", "total": 1, "unread": 1}


def test_items_are_synchronized(mailsim: MailServer, client: ClientProcess) -> None:
    """All items page by page, then the changes."""
    changed, read, deleted = (mail(mailsim) for _ in range(3))
    first = client.call("sync", "", 2)
    assert (first["changes"], first["more"]) == ([["Create", deleted], ["Create", read]], True)
    second = client.call("sync", first["state"], 2)
    assert (second["changes"], second["more"]) == ([["Create", changed]], False)
    for item_id, action in ((changed, "modify"), (read, "read"), (deleted, "delete")):
        mailsim.call(f"{BOX}/items/{item_id}/{action}")
    third = client.call("sync", second["state"], 512)
    expected = [["Update", changed], ["ReadFlagChange", read], ["Delete", deleted]]
    assert sorted(third["changes"]) == sorted(expected)
    assert client.call("sync", third["state"], 512)["changes"] == []


def test_an_item_is_read(mailsim: MailServer, client: ClientProcess) -> None:
    """With the properties that the client requests by default."""
    assert client.call("item", mail(mailsim, "Grüße & mehr")) == {
        "subject": "Grüße & mehr",
        "from": "sender@example.com",
        "body": "Body of Grüße & mehr",
        "item_class": "IPM.Note",
        "size": 36,
        "read": False,
    }


@pytest.mark.parametrize("call", [("subscribe", "http://127.0.0.1:9/", ""), ("sync", "", 512)])
@pytest.mark.parametrize("code", ["ErrorServerBusy", "ErrorMailboxStoreUnavailable", "ErrorSchemaValidation"])
def test_a_refusal_is_raised(mailsim: MailServer, client: ClientProcess, call: tuple[Any, ...], code: str) -> None:
    """From a fault and from a response message; the next call succeeds."""
    fault = "refuse_subscribe" if call[0] == "subscribe" else "refuse_sync"
    mailsim.call("faults", **{fault: code, "back_off_ms": 100})
    refused = client.call(*call)
    assert refused["error"] == code
    assert "The server refuses this request for now." in refused["text"]
    assert "error" not in client.call(*call)
    assert [answer for _, answer in answers(mailsim)] == [code, "NoError"]


def test_errors_of_the_mailbox_are_raised(mailsim: MailServer, client: ClientProcess) -> None:
    """Each with its response code."""
    mailsim.call("settings", quota=1)
    client.call("subscribe", "http://127.0.0.1:9/", "")
    assert client.error("subscribe", "http://127.0.0.1:9/", "") == "ErrorExceededSubscriptionCount"
    assert client.error("subscribe", "http://127.0.0.1:9/", "AAAA") == "ErrorInvalidWatermark"
    assert client.error("item", "AAunknown") == "ErrorItemNotFound"
    assert client.error("folder", "AAunknown") == "ErrorFolderNotFound"
    assert client.error("sync", "damaged", 512) == "ErrorInvalidSyncStateData"


def test_an_operation_that_is_not_there_is_refused_once(mailsim: MailServer, client: ClientProcess) -> None:
    """The client shows the words of the server."""
    refused = client.call("resolve", "anna")
    assert refused["error"] == "ErrorInvalidOperation"
    assert "The operation ResolveNames is not supported." in refused["text"]
    assert answers(mailsim) == [("ResolveNames", "ErrorInvalidOperation")]


@pytest.mark.parametrize("kind", ["PrincipalName", "SmtpAddress"])
def test_a_service_account_impersonates(mailsim: MailServer, start_client: StartClient, kind: str) -> None:
    """The subscription belongs to the mailbox; unknown mailboxes are refused."""
    with start_client(SERVICE_ACCOUNT) as client:
        client.call("impersonate", kind, EMAIL)
        client.call("subscribe", "http://127.0.0.1:9/", "")
        assert [each["mailbox"] for each in mailsim.get("subscriptions")] == [EMAIL]
        client.call("impersonate", kind, "nobody@example.com")
        assert client.error("folders") == "ErrorNonExistentMailbox"


def test_a_wrong_password_is_an_error(start_client: StartClient) -> None:
    """The client names the HTTP status."""
    with start_client("nobody@example.com") as client:
        refused = client.call("folders")
    assert "401" in refused["text"]
