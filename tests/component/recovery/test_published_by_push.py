"""What push published before the sync is not published again; what it did not publish is."""

import pytest

from tests.component.recovery.scenario import ALL, NAMED, Scenario, once


def test_what_came_and_went_around_a_gap_is_not_published_again() -> None:
    """Push published it: some of it since the baseline, some of it since the gap."""
    scenario = Scenario()
    gone_before, gone_after, untouched = (scenario.mail() for _ in range(3))
    scenario.with_baseline()
    came_before = scenario.mail()
    scenario.item(gone_before, "delete")
    scenario.run(120)
    scenario.outage()
    scenario.wait_for_gap()
    came_after = scenario.mail()
    scenario.item(gone_after, "delete")
    scenario.wait_for_recovery()
    assert not scenario.published()
    pushed = scenario.published("push")
    assert [pushed["created", each] for each in (came_before, came_after)] == [1, 1]
    assert ("deleted", untouched) not in pushed
    assert scenario.is_closed_with(0)


def test_an_update_published_before_a_gap_is_not_published_again() -> None:
    """Long before it. Where the range of the gap reaches back to it, a second change may have had the same second."""
    scenario = Scenario()
    old = scenario.mail()
    scenario.with_baseline()
    scenario.run(10)
    scenario.item(old, "modify")
    scenario.run(120)
    assert scenario.published("push")["modified", old] == 1
    scenario.outage()
    scenario.wait_for_recovery()
    assert not scenario.published()
    assert scenario.is_closed_with(0)


@pytest.mark.parametrize("before", ["nothing", "created", "modified"])
@pytest.mark.parametrize("action", ["modify", "read"])
def test_an_update_in_a_gap_is_published_whatever_push_published_before(before: str, action: str) -> None:
    """Also of an item that came since the baseline: the server then says that it was created."""
    scenario = Scenario()
    old = scenario.mail()
    scenario.with_baseline()
    item = scenario.mail() if before == "created" else old
    if before == "modified":
        scenario.item(old, "modify")
    scenario.run(120)
    scenario.outage(lambda: scenario.item(item, action))
    scenario.wait_for_recovery()
    assert scenario.published() == once(("modified", item))
    assert scenario.is_closed_with(1)


def test_a_flag_set_before_a_gap_and_cleared_in_it_is_published() -> None:
    """The server does not say when: what push published before says nothing of what came later."""
    scenario = Scenario()
    old = scenario.mail()
    scenario.with_baseline()
    scenario.item(old, "read", read=True)
    scenario.run(120)
    scenario.outage(lambda: scenario.item(old, "read", read=False))
    scenario.wait_for_recovery()
    assert scenario.published() == once(("modified", old))
    assert scenario.is_closed_with(1)


@pytest.mark.parametrize("folders", [ALL, NAMED])
def test_what_came_since_the_baseline_and_went_in_a_gap_is_published(folders: tuple[str, ...]) -> None:
    """To the server nothing has changed between the baseline and now: a lookup finds it missing."""
    scenario = Scenario(folders=folders).with_baseline()
    item, moved = scenario.mail(), scenario.mail()
    scenario.run(120)
    scenario.begin_outage()
    scenario.item(item, "delete")
    moved_to = scenario.item(moved, "move", folder="drafts")
    scenario.end_outage()
    scenario.wait_for_recovery()
    assert scenario.published() == once(("deleted", item), ("deleted", moved), ("created", moved_to))
    assert scenario.is_closed_with(3)
    assert "" not in {document["data"].get("parent_folder_id") for document in scenario.documents}
