"""The events of origin sync that a page publishes."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from ewspush.adapters.cloud_events import MAX_DOCUMENT_BYTES, documents_of, encoded
from ewspush.domain.desired import DEFAULT_EVENT_TYPES
from ewspush.domain.events import ChangeEvent, EventKind, LoggedNotification, Origin
from ewspush.domain.published import Change
from ewspush.domain.recovering.page_events import PageContext, events_of_missing_items, events_of_page
from ewspush.domain.subscription import Subscription
from ewspush.domain.sync_run import HIERARCHY
from ewspush.protocol.changes import ChangeKind, FolderChange, ItemChange
from ewspush.protocol.notification import ObjectKind
from tests.builders import NOON, subscription
from tests.unit.domain.logs import folder, item, log_of, logged, pushed

LATER: Final = NOON + timedelta(hours=1)
ITEM: Final = ItemChange(ChangeKind.CREATED, "item", "ck", "2026-03-04T13:30:00+02:00")
FOLDER: Final = FolderChange(ChangeKind.CREATED, "folder", "ck", "parent")

KINDS: Final = [
    (ChangeKind.CREATED, EventKind.CREATED, "CreatedEvent"),
    (ChangeKind.UPDATED, EventKind.MODIFIED, "ModifiedEvent"),
    (ChangeKind.READ_FLAG_CHANGED, EventKind.MODIFIED, "ModifiedEvent"),
    (ChangeKind.DELETED, EventKind.DELETED, "DeletedEvent"),
]


def context(
    *entries: LoggedNotification,
    pushed_meanwhile: tuple[str, ...] = (),
    of: Subscription | None = None,
    now: datetime = NOON,
) -> PageContext:
    """Return the context of a page; `entries` are the log."""
    return PageContext(of or subscription(), log_of(*entries), frozenset(pushed_meanwhile), now)


def published(
    change: Change = ITEM, folder: str = "inbox", state: str | None = "state", **more: Any
) -> ChangeEvent | None:
    """Return the event of a change; None where there is none."""
    events = events_of_page(context(**more), folder, state, [change])
    return events[0] if events else None


def event(change: Change = ITEM, folder: str = "inbox", state: str | None = "state", **more: Any) -> ChangeEvent:
    """Return the event of a change that is published."""
    published_event = published(change, folder, state, **more)
    assert published_event is not None
    return published_event


class TestEvent:
    """What it holds."""

    @pytest.mark.parametrize(("kind", "expected"), [(kind, expected) for kind, expected, _ in KINDS])
    @pytest.mark.parametrize("change", [ITEM, FOLDER], ids=["item", "folder"])
    def test_every_kind_is_one_that_push_has_too(self, change: Change, kind: ChangeKind, expected: EventKind) -> None:
        """A consumer needs to know no new ones."""
        found = event(change._replace(kind=kind))
        assert (found.kind, found.object_id, found.origin) == (expected, change.id, Origin.SYNC)
        assert found.object is (ObjectKind.ITEM if change is ITEM else ObjectKind.FOLDER)

    def test_its_time_is_when_the_item_was_modified(self) -> None:
        """By the server's clock, in UTC; it was found later."""
        found = event(now=LATER)
        assert found.time == datetime.fromisoformat("2026-03-04T11:30:00+00:00")
        assert found.received_at == LATER
        assert found.change_key == "ck"

    @pytest.mark.parametrize("modified_at", [None, "yesterday"])
    def test_where_the_server_gives_no_time_it_is_when_it_was_found(self, modified_at: str | None) -> None:
        """A deletion never has one."""
        assert event(ITEM._replace(last_modified_at=modified_at)).time == NOON

    @pytest.mark.parametrize(
        ("parent", "folder", "expected"),
        [("parent", "inbox", "parent"), ("parent", "AAMk", "parent"), (None, "AAMk", "AAMk"), (None, "inbox", None)],
    )
    def test_an_item_names_its_folder_by_id(self, parent: str | None, folder: str, expected: str | None) -> None:
        """As push does, which knows no other name; a deletion has what was asked for, where that is an id."""
        assert event(ITEM._replace(parent_id=parent), folder).parent_folder_id == expected

    @pytest.mark.parametrize("parent", ["parent", None])
    def test_a_folder_names_the_one_it_is_in(self, parent: str | None) -> None:
        """Not the hierarchy; a deleted one names none."""
        assert event(FOLDER._replace(parent_id=parent), HIERARCHY).parent_folder_id == parent

    def test_it_has_no_watermark(self) -> None:
        """It is in no chain."""
        found = event()
        fields = (found.watermark, found.old_id, found.old_parent_folder_id, found.unread_count, found.raw_xml)
        assert fields == (None,) * 5

    def test_one_with_an_endless_id_is_truncated_to_fit_a_message(self) -> None:
        """And says so."""
        (document,) = documents_of(logged(event(ITEM._replace(id="x" * MAX_DOCUMENT_BYTES))))
        assert len(encoded(document).encode()) <= MAX_DOCUMENT_BYTES
        assert document["data"]["truncated"] == ["id"]


class TestEventTypes:
    """Only those that are subscribed to are published."""

    @pytest.mark.parametrize(("kind", "event_type"), [(kind, event_type) for kind, _, event_type in KINDS])
    def test_others_are_left_out(self, kind: ChangeKind, event_type: str) -> None:
        """Only the type of the change counts."""
        change = ITEM._replace(kind=kind)
        others = tuple(each for each in DEFAULT_EVENT_TYPES if each != event_type)
        assert published(change, of=subscription(event_types=others)) is None
        assert published(change, of=subscription(event_types=(event_type,))) is not None


class TestId:
    """The same change has the same id."""

    def test_the_same_page_asked_for_again_has_the_same_ids(self) -> None:
        """Whenever, and whatever became of the subscription meanwhile: the queue then drops the second copy."""
        renewed = replace(subscription(), generation=9)
        again = event(ITEM._replace(last_modified_at=None), of=renewed, now=LATER)
        assert again.id == event().id

    @pytest.mark.parametrize("change", [ITEM, FOLDER._replace(kind=ChangeKind.UPDATED)])
    def test_an_event_that_is_logged_without_its_step_is_not_logged_again(self, change: Change) -> None:
        """The page had more events than an entry takes, and the run stopped between two."""
        begun = replace(context(), logged=log_of(logged(event(change))))
        assert events_of_page(begun, "inbox", "state", [change]) == ()

    @pytest.mark.parametrize(
        "other",
        [
            {"state": "another"},
            {"state": None},
            {"folder": "drafts"},
            {"change": ITEM._replace(id="another")},
            {"change": ITEM._replace(kind=ChangeKind.UPDATED)},
            {"change": ITEM._replace(kind=ChangeKind.READ_FLAG_CHANGED)},
            {"of": subscription(mailbox="bob@example.com")},
        ],
        ids=str,
    )
    def test_another_change_has_another_id(self, other: dict[str, Any]) -> None:
        """Of another object, in another folder or mailbox, of another kind, or found from another state on."""
        assert event(**other).id != event().id


class TestPublishedByPush:
    """A page leaves out what the log holds, and yields to what push logged after it was asked for."""

    def test_what_the_log_holds_is_left_out(self) -> None:
        """The rest is published in the order of the page."""
        changes = [item(ChangeKind.CREATED, each, 0) for each in ("a", "b", "c")]
        events = events_of_page(context(pushed("Created", "b", 0)), "inbox", "state", changes)
        assert [each.object_id for each in events] == ["a", "c"]

    def test_an_object_that_push_logged_meanwhile_is_left_out(self) -> None:
        """The page shows it as it was before it left."""
        page = [item(ChangeKind.CREATED, "a"), item(ChangeKind.CREATED, "b")]
        found = context(pushed("Deleted", "a"), pushed_meanwhile=("a",))
        assert [each.object_id for each in events_of_page(found, "inbox", "state", page)] == ["b"]

    def test_what_is_missing_is_published_as_deleted(self) -> None:
        """In no folder that is known."""
        (found,) = events_of_missing_items(context(), 2, ["a"])
        assert (found.kind, found.object_id, found.parent_folder_id) == (EventKind.DELETED, "a", None)
        (of_another_round,) = events_of_missing_items(context(), 3, ["a"])
        assert of_another_round.id != found.id


class TestOutdated:
    """A page is outdated where push logged an object meanwhile, and the log does not say what became of it."""

    @pytest.mark.parametrize(
        ("change", "name", "minute", "is_outdated"),
        [
            (item(ChangeKind.CREATED, "a", 1), "Modified", 2, True),
            (item(ChangeKind.CREATED, "a", 1), "Created", 1, False),
            (item(ChangeKind.CREATED, "a", 1), "Deleted", 2, False),
            (item(ChangeKind.UPDATED, "a", 1), "Modified", 1, False),
            (item(ChangeKind.UPDATED, "a", 2), "Modified", 1, True),
            (item(ChangeKind.UPDATED, "a", 1), "Deleted", 2, False),
            (item(ChangeKind.READ_FLAG_CHANGED, "a"), "Modified", 1, True),
            (item(ChangeKind.DELETED, "a"), "Modified", 1, True),
            (item(ChangeKind.DELETED, "a"), "Deleted", 1, False),
            (folder(ChangeKind.CREATED, "a"), "Modified", 1, True),
            (folder(ChangeKind.DELETED, "a"), "Created", 1, True),
        ],
    )
    def test_it_is_where_its_change_is_not_all_published(
        self, change: Change, name: str, minute: float, is_outdated: bool
    ) -> None:
        """The rest may be on its way by push, which can end before that; what left needs nothing more."""
        entry = pushed(name, "a", minute)
        assert context(entry, pushed_meanwhile=("a",)).is_outdated([change]) is is_outdated

    def test_it_is_not_where_push_logged_other_objects(self) -> None:
        """Or the same ones before the page was asked for."""
        change = item(ChangeKind.CREATED, "a", 1)
        assert not context(pushed("Modified", "b"), pushed_meanwhile=("b",)).is_outdated([change])
        assert not context(pushed("Modified", "a")).is_outdated([change])
