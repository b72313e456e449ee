"""The documents that a sync adds to the log."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from ewspush.domain.desired import DEFAULT_EVENT_TYPES
from ewspush.domain.events import MAX_DOCUMENT_BYTES, Document, encoded
from ewspush.domain.sync_events import CLOSED, closing_document, sync_document
from ewspush.protocol.synchronization import ChangeKind, FolderChange, ItemChange
from tests.stories import MAILBOX, NOON, callback, subscription

ROW: Final = subscription()
LATER: Final = NOON + timedelta(hours=1)
ITEM: Final = ItemChange(ChangeKind.CREATED, "item", "ck", "2026-03-04T13:30:00+02:00")
FOLDER: Final = FolderChange(ChangeKind.CREATED, "folder", "ck", "parent")


def told(change: ItemChange | FolderChange = ITEM, place: str = "inbox", state: str | None = "state") -> Document:
    """Return the event of a change."""
    document = sync_document(ROW, change, place, state, NOON)
    assert document is not None
    return document


def closing(*gaps: str, recovered: int = 3, is_whole: bool = True) -> Document:
    """Return what is said of gaps in the hour after noon."""
    return closing_document(callback(), gaps or ("g1", "g2"), (NOON, LATER), recovered, LATER, is_whole=is_whole)


class TestChange:
    """An event of origin sync."""

    @pytest.mark.parametrize(
        ("kind", "name"),
        [
            (ChangeKind.CREATED, "created"),
            (ChangeKind.UPDATED, "modified"),
            (ChangeKind.READ_FLAG_CHANGED, "modified"),
            (ChangeKind.DELETED, "deleted"),
        ],
    )
    @pytest.mark.parametrize("change", [ITEM, FOLDER], ids=["item", "folder"])
    def test_every_kind_is_a_type_that_push_has_too(
        self, change: ItemChange | FolderChange, kind: ChangeKind, name: str
    ) -> None:
        """A consumer needs to know no new ones."""
        document = told(change._replace(kind=kind))
        assert document["type"] == f"ews.mailbox.{name}"
        assert (document["subject"], document["data"]["id"]) == (change.id, change.id)
        assert document["data"]["object"] == ("item" if change is ITEM else "folder")
        assert document["data"]["origin"] == "sync"

    def test_an_item_tells_when_it_was_changed(self) -> None:
        """By the server's clock, in UTC; it was found later."""
        document = told()
        assert document["time"] == "2026-03-04T11:30:00Z"
        assert document["data"]["received_at"] == "2026-03-04T12:00:00.000Z"
        assert document["data"]["change_key"] == "ck"

    @pytest.mark.parametrize(
        ("parent", "place", "expected"),
        [("parent", "inbox", "parent"), ("parent", "AAMk", "parent"), (None, "AAMk", "AAMk"), (None, "inbox", None)],
    )
    def test_an_item_tells_its_folder_by_id(self, parent: str | None, place: str, expected: str | None) -> None:
        """As push does, which knows no other name; a deletion has what was asked for, where that is an id."""
        assert told(ITEM._replace(parent_id=parent), place=place)["data"]["parent_folder_id"] == expected

    @pytest.mark.parametrize("modified_at", [None, "yesterday"])
    def test_where_the_server_does_not_say_when_it_is_when_it_was_found(self, modified_at: str | None) -> None:
        """A deletion never says."""
        assert told(ITEM._replace(last_modified_at=modified_at))["time"] == "2026-03-04T12:00:00.000Z"

    @pytest.mark.parametrize("parent", ["parent", None])
    def test_a_folder_tells_the_one_it_is_in(self, parent: str | None) -> None:
        """Not the place of all folders; one that is gone is in none."""
        assert told(FOLDER._replace(parent_id=parent), place="")["data"]["parent_folder_id"] == parent

    def test_it_has_no_watermark(self) -> None:
        """It stands in no chain."""
        data = told()["data"]
        names = ("watermark", "old_id", "old_parent_folder_id", "unread_count")
        assert [data[name] for name in names] == [None] * 4
        assert (data["mailbox"], data["subscription"]) == (MAILBOX, ROW.subscription)

    @pytest.mark.parametrize(
        ("kind", "asked"),
        [
            (ChangeKind.CREATED, "CreatedEvent"),
            (ChangeKind.UPDATED, "ModifiedEvent"),
            (ChangeKind.READ_FLAG_CHANGED, "ModifiedEvent"),
            (ChangeKind.DELETED, "DeletedEvent"),
        ],
    )
    def test_nobody_gets_a_type_that_was_not_asked_for(self, kind: ChangeKind, asked: str) -> None:
        """Only that of the change counts."""
        change = ITEM._replace(kind=kind)
        others = tuple(each for each in DEFAULT_EVENT_TYPES if each != asked)
        assert sync_document(replace(ROW, event_types=others), change, "inbox", "state", NOON) is None
        assert sync_document(replace(ROW, event_types=(asked,)), change, "inbox", "state", NOON) is not None

    def test_the_same_page_asked_for_again_has_the_same_ids(self) -> None:
        """Whenever, and whatever became of the subscription meanwhile: the queue then drops the second copy."""
        row = replace(ROW, generation=9)
        again = sync_document(row, ITEM._replace(last_modified_at=None), "inbox", "state", LATER)
        assert again is not None
        assert again["id"] == told()["id"]

    @pytest.mark.parametrize(
        "other",
        [
            {"state": "another"},
            {"state": None},
            {"place": "drafts"},
            {"change": ITEM._replace(id="another")},
            {"change": ITEM._replace(kind=ChangeKind.UPDATED)},
            {"change": ITEM._replace(kind=ChangeKind.READ_FLAG_CHANGED)},
        ],
        ids=str,
    )
    def test_another_change_has_another_id(self, other: dict[str, Any]) -> None:
        """Of another object, in another folder, of another kind, or found from another state on."""
        assert told(**other)["id"] != told()["id"]

    def test_one_with_an_endless_id_is_cut_to_fit_a_message(self) -> None:
        """And says so."""
        document = told(ITEM._replace(id="x" * MAX_DOCUMENT_BYTES))
        assert len(encoded(document).encode()) <= MAX_DOCUMENT_BYTES
        assert document["data"]["truncated"] == ["id"]


class TestClosing:
    """The word that gaps are closed, or that they stay open."""

    def test_it_names_the_gaps_and_how_many_events_tell_of_them(self) -> None:
        """Between the first one's beginning and the last one's end."""
        document = closing("g1", "g2", recovered=3)
        assert document["type"] == CLOSED
        expected = {
            "gaps": ["g1", "g2"],
            "recovered": 3,
            "from": "2026-03-04T12:00:00.000Z",
            "to": "2026-03-04T13:00:00.000Z",
            "origin": "sync",
        }
        assert expected.items() <= document["data"].items()
        assert "reason" not in document["data"]

    def test_gaps_that_stay_open_are_told_as_a_gap(self) -> None:
        """Who knows nothing of closed gaps understands it."""
        document = closing("g1", is_whole=False)
        assert document["type"] == "ews.mailbox.gap"
        expected = {"reason": "not-recovered", "response_code": None, "gaps": ["g1"], "recovered": 3}
        assert expected.items() <= document["data"].items()

    @pytest.mark.parametrize(("gaps", "is_same"), [(("g1", "g2"), True), (("g1",), False), (("g2", "g1"), False)])
    def test_its_id_is_that_of_the_gaps(self, gaps: Sequence[str], is_same: bool) -> None:
        """Said again it is the same, whatever was counted."""
        assert (closing(*gaps, recovered=4)["id"] == closing()["id"]) is is_same
