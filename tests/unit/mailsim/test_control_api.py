"""The control API without sockets."""

from pathlib import Path
from typing import Any

import pytest

from mailsim.control_faults import FAULT_KEYS
from tests.unit.mailsim.world import EMAIL, START, URL, World, subscribe


def test_subscriptions_are_listed() -> None:
    """With the field names that other programs read."""
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
    """The events of the mailbox, and the POSTs with their responses."""
    world = World()
    world.subscribed()
    item_id = world.mail()
    post = world.acknowledged_post()
    change, delivery = world.get("changes", mailbox=EMAIL)[0], world.get("deliveries")[0]
    assert {"type": "CreatedEvent", "object": "item", "id": item_id, "at": START}.items() <= change.items()
    expected = {
        "at": START,
        "kind": "event",
        "attempt": 1,
        "http_status": 200,
        "verdict": "ok",
        "request": post.body.decode(),
    }
    assert expected.items() <= delivery.items()
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
def test_invalid_calls_are_refused(path: str, given: dict[str, Any], status: int) -> None:
    """With a message."""
    world = World()
    answered, answer = world.control.handle("POST", path.split("/"), given, START)
    assert answered == status
    assert isinstance(answer, dict)
    assert answer["error"]


def test_a_folder_can_not_be_moved_into_itself() -> None:
    """Nor into a folder below it."""
    world = World()
    outer = world.create_folder("outer")
    inner = world.create_folder("inner", outer)
    path = ["mailboxes", EMAIL, "folders", outer, "move"]
    assert world.control.handle("POST", path, {"folder": inner}, START)[0] == 400


def test_settings_can_be_changed_at_run_time() -> None:
    """As values or as text."""
    world = World()
    changed = world.call("settings", resume="ignored", quota="5", malformed_declaration=True, first_retry_seconds=2)
    expected = {"resume": "ignored", "quota": 5, "malformed_declaration": True, "first_retry_seconds": 2.0}
    assert expected.items() <= changed.items()
    world.subscribed()
    world.wait()
    assert world.post().body.startswith(b'<?xml version="1.0 (http://www.w3.org/TR/REC-xml/)"')


def test_every_fault_is_documented() -> None:
    """The table can't become stale."""
    text = (Path(__file__).parent.parent.parent.parent / "docs" / "mailsim.md").read_text()
    assert [key for key in sorted(FAULT_KEYS) if f'"{key}"' not in text] == []


def test_faults_can_be_cleared() -> None:
    """A call without any fault clears them."""
    world = World()
    world.call(
        "faults", cut=True, duplicate=3, drop_acks=2, lose_subscribe_answers=1, refuse_subscribe="ErrorServerBusy"
    )
    assert world.call("faults") == {"cut": False, "drop_acks": 0, "duplicate": 0, "lose_subscribe_answers": 0}
    assert world.code(subscribe()) == (200, "NoError")
