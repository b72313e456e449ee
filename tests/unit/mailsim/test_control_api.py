"""The control API and the WorkMail API, without sockets."""

from typing import Any

import pytest

from mailsim import workmail_api
from tests.unit.mailsim.world import EMAIL, MINUTE, START, URL, World


def test_subscriptions_are_listed() -> None:
    """As other programs read them."""
    world = World()
    subscription_id, watermark = world.subscribed(minutes=7)
    assert world.get("subscriptions") == [
        {
            "subscription_id": subscription_id,
            "mailbox": EMAIL,
            "url": URL,
            "status_frequency": 7,
            "watermark": watermark,
            "state": "live",
        }
    ]


def test_changes_and_deliveries_are_listed() -> None:
    """What was true, and what was said."""
    world = World()
    world.subscribed()
    item_id = world.mail()
    post = world.told()
    change, delivery = world.get("changes", mailbox=EMAIL)[0], world.get("deliveries")[0]
    assert {"type": "CreatedEvent", "object": "item", "id": item_id, "at": START}.items() <= change.items()
    told = {
        "at": START,
        "kind": "event",
        "attempt": 1,
        "http_status": 200,
        "verdict": "ok",
        "request": post.body.decode(),
    }
    assert told.items() <= delivery.items()
    assert "SendNotificationResult" in delivery["response"]


@pytest.mark.parametrize(
    ("path", "given", "status"),
    [
        ("nothing", {}, 404),
        ("users", {"email": "new@example.com"}, 400),
        ("users", {"email": EMAIL, "password": "x"}, 409),
        ("users", {"email": 5, "password": "x"}, 400),
        ("mailboxes/nobody@example.com/messages", {"subject": "x"}, 404),
        (f"mailboxes/{EMAIL}/messages", {"subject": "x", "folder": "nowhere"}, 404),
        (f"mailboxes/{EMAIL}/items/unknown/delete", {}, 404),
        (f"mailboxes/{EMAIL}/folders/inbox/delete", {}, 400),
        (f"mailboxes/{EMAIL}/folders/inbox/paint", {}, 404),
        ("faults", {"thunder": True}, 400),
        ("faults", {"duplicate": "many"}, 400),
        ("settings", {"resume": "perhaps"}, 400),
        ("settings", {"colour": "blue"}, 400),
    ],
)
def test_calls_that_can_not_be_are_refused(path: str, given: dict[str, Any], status: int) -> None:
    """With a message."""
    world = World()
    answered, answer = world.control.handle("POST", path.split("/"), given, START)
    assert answered == status
    assert isinstance(answer, dict)
    assert answer["error"]


def test_a_folder_can_not_be_moved_into_itself() -> None:
    """Nor into what lies in it."""
    world = World()
    outer = world.call(f"mailboxes/{EMAIL}/folders", name="outer")["folder_id"]
    inner = world.call(f"mailboxes/{EMAIL}/folders", name="inner", parent=outer)["folder_id"]
    path = ["mailboxes", EMAIL, "folders", outer, "move"]
    assert world.control.handle("POST", path, {"folder": inner}, START)[0] == 400


def test_settings_can_be_changed_while_it_runs() -> None:
    """As values or as text."""
    world = World()
    changed = world.call("settings", resume="ignored", quota="5", malformed_declaration=True, first_retry_seconds=2)
    expected = {"resume": "ignored", "quota": 5, "malformed_declaration": True, "first_retry_seconds": 2.0}
    assert expected.items() <= changed.items()
    world.subscribed()
    world.wait()
    assert world.post().body.startswith(b'<?xml version="1.0 (http://www.w3.org/TR/REC-xml/)"')


def test_users_are_listed_page_by_page() -> None:
    """With the states and dates of the WorkMail API."""
    world = World()
    world.call("users", email="second@example.com", password="x")
    world.now += MINUTE
    world.call("mailboxes/second@example.com/disable")
    status, page = workmail_api.handle(
        world.core, "WorkMailService.ListUsers", {"OrganizationId": "m-1", "MaxResults": 1}
    )
    assert (status, [user["Email"] for user in page["Users"]]) == (200, [EMAIL])
    _, rest = workmail_api.handle(world.core, "WorkMailService.ListUsers", {"NextToken": page["NextToken"]})
    (second,) = rest["Users"]
    assert (second["State"], second["EnabledDate"], second["DisabledDate"]) == ("DISABLED", START, START + MINUTE)
    assert "NextToken" not in rest


@pytest.mark.parametrize(("state", "found"), [("ENABLED", 0), ("DELETED", 1)])
def test_users_can_be_filtered(state: str, found: int) -> None:
    """By one filter a request."""
    world = World()
    world.call(f"mailboxes/{EMAIL}/remove")
    _, answer = workmail_api.handle(world.core, "WorkMailService.ListUsers", {"Filters": {"State": state}})
    assert len(answer["Users"]) == found
    both = {"State": state, "UsernamePrefix": "u"}
    assert workmail_api.handle(world.core, "WorkMailService.ListUsers", {"Filters": both})[0] == 400


def test_a_user_is_described_by_id_or_address() -> None:
    """Others are not found."""
    world = World()
    _, by_address = workmail_api.handle(world.core, "WorkMailService.DescribeUser", {"UserId": EMAIL})
    _, by_id = workmail_api.handle(world.core, "WorkMailService.DescribeUser", {"UserId": by_address["UserId"]})
    assert by_id == by_address
    status, answer = workmail_api.handle(world.core, "WorkMailService.DescribeUser", {"UserId": "nobody"})
    assert (status, answer["__type"]) == (400, "EntityNotFoundException")
    assert workmail_api.handle(world.core, "WorkMailService.CreateUser", {})[0] == 400
