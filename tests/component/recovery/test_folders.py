"""Recoveries of a subscription to all folders: folders that come, change and go."""

from tests.component.recovery.scenario import ALL, Scenario, once


def test_a_folder_created_in_a_gap_is_published_with_what_is_in_it() -> None:
    """With the folders in it, too."""
    scenario = Scenario(folders=ALL).with_baseline()
    scenario.begin_outage()
    plans = scenario.folder("plans")
    inner = scenario.folder("inner", parent=plans)
    items = [scenario.mail(folder=plans), scenario.mail(folder=inner)]
    scenario.end_outage()
    scenario.wait_for_recovery()
    assert scenario.published() == once(*(("created", each) for each in (plans, inner, *items)))
    assert scenario.is_closed_with(4)
    data = [document["data"] for document in scenario.documents]
    objects = {each["id"]: each["object"] for each in data if each.get("id")}
    assert objects == dict.fromkeys((plans, inner), "folder") | dict.fromkeys(items, "item")


def test_what_came_in_a_gap_into_a_folder_that_push_published_is_published() -> None:
    """The baseline does not know the folder."""
    scenario = Scenario(folders=ALL).with_baseline()
    plans = scenario.folder("plans")
    pushed = scenario.mail(folder=plans)
    scenario.run(60)
    scenario.begin_outage()
    new = scenario.mail(folder=plans)
    scenario.end_outage()
    scenario.wait_for_recovery()
    published = scenario.published("push", "sync")
    assert [published["created", each] for each in (plans, pushed, new)] == [1, 1, 1]
    assert ("created", new) in scenario.published()
    assert {reason for reason, _, _ in scenario.conclusions()} == {None}


def test_folders_deleted_and_renamed_in_a_gap_are_published() -> None:
    """The next run does not ask for the one that was deleted."""
    scenario = Scenario(folders=ALL)
    deleted, renamed = scenario.folder("deleted"), scenario.folder("renamed")
    scenario.with_baseline()
    scenario.begin_outage()
    scenario.world.act("folders", deleted, "delete")
    scenario.world.act("folders", renamed, "modify")
    scenario.end_outage()
    scenario.wait_for_recovery()
    assert scenario.published() == once(("deleted", deleted), ("modified", renamed))
    assert scenario.is_closed_with(2)
    assert deleted not in scenario.baseline_folders


def test_a_folder_that_is_deleted_during_the_run_is_skipped() -> None:
    """It was there when the hierarchy was asked for; push publishes the deletion."""
    scenario = Scenario(folders=ALL)
    deleted = scenario.folder("deleted")
    scenario.with_baseline()
    scenario.begin_outage()
    new = scenario.mail()
    scenario.end_outage()
    second_request = scenario.server.syncs + 2
    scenario.server.on_request[second_request] = lambda: scenario.world.act("folders", deleted, "delete")
    scenario.wait_for_recovery()
    scenario.run(60)
    assert scenario.published("push", "sync")["deleted", deleted] == 1
    assert scenario.published()["created", new] == 1
    assert {reason for reason, _, _ in scenario.conclusions()} == {None}


def test_a_folder_that_came_shortly_before_the_baseline_is_deleted_once() -> None:
    """The baseline knows it, and so does the log, which is read from some time before the baseline on."""
    scenario = Scenario(folders=ALL)
    scenario.run(31)
    folder = scenario.folder("plans")
    scenario.with_baseline()
    assert folder in scenario.baseline_folders
    scenario.outage(lambda: scenario.world.act("folders", folder, "delete"))
    scenario.wait_for_recovery()
    assert scenario.kinds_of(folder) == ["created", "deleted"]
    assert scenario.is_closed_with(1)
