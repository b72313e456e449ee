"""Folders keep their id where they are moved, and on some servers items do: what is deleted later is published."""

import pytest

from ewspush.domain.events import ChangeEvent, EventKind
from tests.component.recovery.scenario import ALL, NAMED, Scenario


def written_of(scenario: Scenario, item: str) -> list[EventKind]:
    """Return what was published of an item in the order in which it was written: the clock stands still meanwhile."""
    events = [event for entry in scenario.ledger.log for event in entry.events]
    return [event.kind for event in events if isinstance(event, ChangeEvent) and event.object_id == item]


@pytest.mark.parametrize("folders", [ALL, NAMED])
class TestItems:
    """On a server that keeps the id of an item on a move."""

    def test_moved_by_push_and_deleted_in_a_gap(self, folders: tuple[str, ...]) -> None:
        """The move took it out of its first folder, not out of the mailbox."""
        scenario = Scenario(folders=folders, stable_item_ids=True, delete_seen_as="deleted").with_baseline()
        item = scenario.mail()
        scenario.run(30)
        assert scenario.item(item, "move", folder="drafts") == item
        scenario.run(120)
        scenario.outage(lambda: scenario.item(item, "delete"))
        scenario.wait_for_recovery()
        assert scenario.kinds_of(item)[-1] == "deleted"
        assert scenario.kinds_of(item).count("deleted") == 1

    def test_moved_in_a_gap_it_is_alive_in_the_end(self, folders: tuple[str, ...]) -> None:
        """In whichever order the folders are read: no deletion follows what shows it alive."""
        for target in ("drafts", "inbox"):
            scenario = Scenario(folders=folders, stable_item_ids=True, delete_seen_as="deleted")
            item = scenario.mail()
            if target == "inbox":
                scenario.item(item, "move", folder="drafts")
            scenario.with_baseline()
            scenario.run(120)

            def move(moved: str = item, into: str = target, there: Scenario = scenario) -> None:
                there.item(moved, "move", folder=into)

            scenario.outage(move)
            scenario.wait_for_recovery()
            assert written_of(scenario, item)[-1] is not EventKind.DELETED


def test_a_folder_moved_by_push_and_deleted_in_a_gap_is_published() -> None:
    """Once."""
    scenario = Scenario(folders=ALL).with_baseline()
    folder = scenario.folder("plans")
    scenario.run(30)
    scenario.world.act("folders", folder, "move", folder="inbox")
    scenario.run(120)
    scenario.outage(lambda: scenario.world.act("folders", folder, "delete"))
    scenario.wait_for_recovery()
    assert scenario.kinds_of(folder)[-1] == "deleted"
