"""Bodies as servers post them, from files: each is read, or refused, as its case says."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from exchangelib.services import SendNotification

from ewspush.errors import UnreadableNotificationError
from ewspush.protocol.notification import Notification
from ewspush.protocol.reader import parse_notification
from tests.unit.protocol.reading import sole

FOLDER: Final = Path(__file__).parents[2] / "fixtures" / "notifications"
CASES: Final[dict[str, dict[str, Any]]] = json.loads((FOLDER / "cases.json").read_text(encoding="utf-8"))
READABLE: Final = sorted(name for name, case in CASES.items() if case["kind"] != "reject")
REFUSED: Final = sorted(CASES.keys() - set(READABLE))
READ_BY_BOTH: Final = ("workmail_guide_event.xml", "exchange_new_mail.xml", "exchange_moved_item.xml", "utf16_le.xml")


def kind_of(notified: Notification) -> str:
    """Return the kind of a body, in the words of cases.json."""
    if any(part.is_error for part in notified.messages):
        return "error"
    heartbeats = [each.is_heartbeat for part in notified.messages for each in part.events]
    return "status" if heartbeats and all(heartbeats) else "ok"


@pytest.mark.parametrize("name", READABLE)
def test_file_is_read_as_its_case_says(name: str) -> None:
    """Kind, subscriptions and every field of every event are those of the case."""
    notified = parse_notification((FOLDER / name).read_bytes())
    events = [each._asdict() for part in notified.messages for each in part.events]
    given = [{name: value for name, value in each.items() if value is not None} for each in events]
    assert kind_of(notified) == CASES[name]["kind"]
    assert [part.subscription_id for part in notified.messages] == CASES[name]["subscription_ids"]
    assert given == CASES[name]["events"]


@pytest.mark.parametrize("name", REFUSED)
def test_file_is_refused_as_its_case_says(name: str) -> None:
    """The refusal names the rule that the body breaks, and is answered 400."""
    body = (FOLDER / name).read_bytes()
    with pytest.raises(UnreadableNotificationError) as refused:
        parse_notification(body)
    assert refused.value.reason == CASES[name]["reason"]
    assert refused.value.error_status_hint == 400


def test_every_file_has_a_case() -> None:
    """No file of the folder is left out."""
    assert {path.name for path in FOLDER.iterdir()} == {*CASES, "cases.json"}


@pytest.mark.parametrize("name", READ_BY_BOTH)
def test_another_client_reads_the_same(name: str) -> None:
    """The client exchangelib reads the ids and watermarks that we read."""
    body = (FOLDER / name).read_bytes()
    (theirs,) = SendNotification(protocol=None).parse(body)
    ours = sole(body)
    assert (theirs.subscription_id, theirs.previous_watermark) == (ours.subscription_id, ours.previous_watermark)
    assert [_fields_of(their_event) for their_event in theirs.events] == [
        (each.type, each.watermark, each.id, each.parent_folder_id, each.old_id) for each in ours.events
    ]


def _fields_of(their_event: Any) -> tuple[Any, ...]:
    old = getattr(their_event, "old_item_id", None) or getattr(their_event, "old_folder_id", None)
    about = their_event.item_id or their_event.folder_id
    parent = their_event.parent_folder_id
    return type(their_event).__name__, their_event.watermark, about.id, parent.id, old.id if old else None
