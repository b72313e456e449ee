"""What a server's answers leave out: gaps in a row, folders that are not named, and folders that take items along."""

from tests.component.recovery.scenario import ALL, Scenario, once


def test_gaps_that_follow_each_other_are_all_closed() -> None:
    """Each recovery began from states and left nothing out, so together they cover everything since the first."""
    scenario = Scenario().with_baseline()
    scenario.run(120)
    scenario.world.call("settings", resume="refused")
    for _ in range(6):
        scenario.mail()
        scenario.faults(restart=True)
        scenario.run(45)
    scenario.run_until(lambda: not scenario.has_open_gap)
    assert len(scenario.gaps()) >= 2
    assert scenario.closed_gaps() == sorted(gap["id"] for gap in scenario.gaps())


def test_what_is_known_in_a_deleted_folder_is_published() -> None:
    """It takes its items along without a word; the closing event names it."""
    scenario = Scenario(folders=ALL)
    folder = scenario.folder("plans")
    scenario.with_baseline()
    scenario.run(60)
    item = scenario.mail(folder=folder)
    scenario.run(120)
    scenario.outage(lambda: scenario.world.act("folders", folder, "delete"))
    scenario.wait_for_recovery()
    assert scenario.published()["deleted", item] == 1
    closing = next(each["data"] for each in scenario.documents if each["type"] == "ews.mailbox.gap_closed")
    assert closing["deleted_folders"] == [folder]


def test_a_folder_that_came_by_push_and_was_deleted_in_a_gap_is_asked_for() -> None:
    """The list of folders never named it; its own sync says that it is gone."""
    scenario = Scenario(folders=ALL).with_baseline()
    scenario.run(60)
    folder = scenario.folder("plans")
    scenario.run(120)
    scenario.outage(lambda: scenario.world.act("folders", folder, "delete"))
    scenario.wait_for_recovery()
    assert scenario.published() == once(("deleted", folder))
