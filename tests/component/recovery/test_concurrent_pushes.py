"""Pushes that arrive during a recovery: a page yields to them, and what a sync published never silences them."""

from collections.abc import Callable

import pytest

from tests.component.recovery.scenario import ALL, NAMED, PROFILES, Scenario, once


def after_outage(scenario: Scenario, *, items: int = 0) -> list[str]:
    """Return items that came in an outage; the recovery begins with the next check."""
    ids: list[str] = []
    scenario.with_baseline()
    scenario.outage(lambda: ids.extend(scenario.mail() for _ in range(items)))
    scenario.begin_recovery()
    return ids


def push_during(scenario: Scenario, request: int, action: Callable[[], object]) -> None:
    """Let something happen, and be pushed, after the server wrote the answer to a sync request, counted from 1."""

    def happens() -> None:
        scenario.world.now += 1
        action()
        scenario.deliver()
        scenario.world.now += 1

    scenario.server.on_answer[scenario.server.syncs + request] = happens


class TestPageYields:
    """A change of an object that push logged after the page was asked for is left to push."""

    @pytest.mark.parametrize("profile", PROFILES)
    def test_an_item_deleted_meanwhile_is_not_created_after_that(self, profile: str) -> None:
        """The page says that it was created."""
        scenario = Scenario(profile, resume_is_trusted=profile == "exchange")
        deleted, untouched = after_outage(scenario, items=2)
        push_during(scenario, 1, lambda: scenario.item(deleted, "delete"))
        scenario.wait_for_recovery()
        assert "created" not in scenario.kinds_of(deleted)
        assert scenario.published("push", "sync")["created", untouched] == 1
        assert scenario.is_closed_with(1)

    @pytest.mark.parametrize("folders", [ALL, NAMED])
    def test_an_item_moved_away_meanwhile_is_not_created_after_that(self, folders: tuple[str, ...]) -> None:
        """Nor is it created where it is now, because push published that."""
        scenario = Scenario(folders=folders)
        (moved,) = after_outage(scenario, items=1)
        ids: list[str] = []
        page_of_inbox = 1 if folders else 2
        push_during(scenario, page_of_inbox, lambda: ids.append(scenario.item(moved, "move", folder="drafts")))
        scenario.wait_for_recovery()
        assert scenario.kinds_of(moved) == []
        assert scenario.kinds_of(ids[0]) == ["moved"]
        assert scenario.is_closed_with(0)

    def test_an_item_that_came_in_the_gap_and_is_modified_meanwhile_is_created(self) -> None:
        """Push says nothing of its coming, so the page is asked for again."""
        scenario = Scenario()
        (item,) = after_outage(scenario, items=1)
        push_during(scenario, 1, lambda: scenario.item(item, "modify"))
        scenario.wait_for_recovery()
        assert scenario.kinds_of(item) == ["modified", "created"]
        assert scenario.is_closed_with(1)

    def test_an_item_that_was_changed_in_the_gap_and_meanwhile_is_modified_once(self) -> None:
        """Push shows it as it is."""
        scenario = Scenario()
        item = scenario.mail()
        scenario.with_baseline()
        scenario.outage(lambda: scenario.item(item, "modify"))
        scenario.begin_recovery()
        push_during(scenario, 1, lambda: scenario.item(item, "modify"))
        scenario.wait_for_recovery()
        assert scenario.kinds_of(item) == ["modified"]

    def test_a_folder_deleted_meanwhile_is_not_created_after_that(self) -> None:
        """The hierarchy says that it was created."""
        scenario = Scenario(folders=ALL).with_baseline()
        scenario.begin_outage()
        folder = scenario.folder("plans")
        scenario.end_outage()
        scenario.begin_recovery()
        push_during(scenario, 1, lambda: scenario.world.act("folders", folder, "delete"))
        scenario.wait_for_recovery()
        assert scenario.kinds_of(folder) == ["deleted"]
        assert scenario.is_closed_with(0)

    def test_a_folder_created_meanwhile_is_not_deleted_after_that(self) -> None:
        """The hierarchy does not name it, although the log says that it came: its own sync shows that it is there."""
        scenario = Scenario(folders=ALL)
        after_outage(scenario)
        ids: list[str] = []
        push_during(scenario, 1, lambda: ids.append(scenario.folder("plans")))
        scenario.wait_for_recovery()
        assert scenario.kinds_of(ids[0]) == ["created"]


class TestRace:
    """A page that is committed with events, and a POST, read the log side by side: one of them decides again."""

    def test_a_post_before_a_page_is_committed_makes_the_commit_fail(self) -> None:
        """The page is asked for again, and what both hold is published by push alone."""
        scenario = Scenario()
        (missed,) = after_outage(scenario, items=1)
        before = scenario.server.syncs
        ids: list[str] = []

        def push() -> None:
            ids.append(scenario.mail())
            scenario.deliver()

        scenario.ledger.before_next_page = push
        scenario.check()
        assert scenario.server.syncs == before + 1
        assert not scenario.published()
        assert scenario.sync_run.folder == NAMED[0]
        scenario.wait_for_recovery()
        assert scenario.published() == once(("created", missed))
        assert scenario.published("push")["created", ids[0]] == 1
        assert scenario.server.syncs == before + 1 + len(NAMED)
        assert scenario.is_closed_with(1)

    def test_a_post_after_the_log_was_read_makes_the_commit_of_the_page_fail(self) -> None:
        """It ends the item that the page says was created."""
        scenario = Scenario("workmail", resume_is_trusted=False)
        deleted, missed = after_outage(scenario, items=2)

        def delete() -> None:
            scenario.item(deleted, "delete")
            scenario.world.now += 1
            scenario.deliver()
            scenario.world.now += 1

        def push() -> None:
            scenario.mail()
            scenario.deliver()
            scenario.ledger.after_next_log_read = delete

        scenario.server.on_answer[scenario.server.syncs + 1] = push
        scenario.check()
        assert scenario.kinds_of(deleted) == ["deleted"]
        assert not scenario.published()
        scenario.wait_for_recovery()
        assert scenario.kinds_of(deleted) == ["deleted"]
        assert scenario.published() == once(("created", missed))

    def test_a_page_before_a_post_is_committed_makes_the_commit_fail(self) -> None:
        """The POST is one that needs the log, because the server did not get the first answer: it is decided again."""
        scenario = Scenario()
        (missed,) = after_outage(scenario, items=1)
        item = scenario.mail()
        scenario.faults(drop_acks=1)
        scenario.deliver()
        scenario.world.now += 30
        copy = scenario.world.post()
        requests = scenario.ledger.requests
        before, during = len(requests), slice(0)

        def check() -> None:
            nonlocal during
            begins_at = len(requests)
            scenario.check()
            during = slice(begins_at, len(requests))

        scenario.ledger.after_next_log_read = check
        scenario.post(copy)
        assert scenario.published() == once(("created", missed))
        of_post = requests[before : during.start] + requests[during.stop :]
        assert of_post == ["commit", "recent", "commit", "recent", "commit"]
        scenario.wait_for_recovery()
        assert scenario.published() == once(("created", missed))
        assert scenario.kinds_of(item).count("created") == 1
        assert len(scenario.gaps()) == 1


class TestLatePush:
    """The sync was faster than push: the change comes twice, first with origin sync, then with origin push."""

    @pytest.mark.parametrize("change", ["created", "deleted", "modified"])
    def test_a_push_after_the_sync_is_logged(self, change: str) -> None:
        """A consumer gets it rather twice than never."""
        scenario = Scenario("workmail", resume_is_trusted=False)
        old = scenario.mail()
        after_outage(scenario)
        item = scenario.mail() if change == "created" else old
        if change != "created":
            scenario.item(old, {"deleted": "delete", "modified": "modify"}[change])
        scenario.check()
        assert scenario.published() == once((change, item))
        scenario.world.now += 1
        scenario.wait_for_recovery()
        assert scenario.published() == once((change, item))
        assert scenario.published("push")[change, item] == 1
        assert scenario.kinds_of(item)[:2] == [change, change]

    @pytest.mark.parametrize("action", ["move", "copy"])
    def test_a_move_or_copy_after_the_sync_is_logged(self, action: str) -> None:
        """To the sync something was created, and something else may have been deleted."""
        scenario = Scenario()
        old = scenario.mail()
        after_outage(scenario)
        new = scenario.item(old, action, folder="drafts")
        scenario.check()
        assert scenario.published()["created", new] == 1
        scenario.world.now += 1
        scenario.wait_for_recovery()
        assert scenario.kinds_of(new) == ["created", {"move": "moved", "copy": "copied"}[action]]
        assert len(scenario.gaps()) == 1

    @pytest.mark.parametrize("profile", PROFILES)
    def test_several_posts_after_the_sync_are_logged(self, profile: str) -> None:
        """The keeper checks in between; the chain holds, so no further gap opens."""
        scenario = Scenario(profile, resume_is_trusted=profile == "exchange", events_per_post=1)
        after_outage(scenario)
        items = [scenario.mail() for _ in range(5)]
        scenario.check()
        assert scenario.published() == once(*(("created", each) for each in items))
        for _ in range(5):
            scenario.world.now += 60
            scenario.post(scenario.world.post())
            scenario.check()
        scenario.wait_for_recovery()
        pushed, synchronized = scenario.published("push"), scenario.published("sync")
        assert [(pushed["created", each], synchronized["created", each]) for each in items] == [(1, 1)] * 5
        assert len(scenario.gaps()) == 1


class TestOneWrite:
    """Pushes stay on the one-write path while a gap is open."""

    @pytest.mark.parametrize("profile", PROFILES)
    def test_posts_during_a_recovery_take_one_commit_and_no_read(self, profile: str) -> None:
        """Events and heartbeats, before a page, between two pages and before the gap is closed."""
        scenario = Scenario(profile, resume_is_trusted=profile == "exchange")
        after_outage(scenario, items=1)

        def requests_of(action: Callable[[], object]) -> list[str]:
            action()
            before = len(scenario.ledger.requests)
            scenario.post(scenario.world.post())
            return scenario.ledger.requests[before:]

        assert scenario.has_open_gap
        assert requests_of(scenario.mail) == ["commit"]
        scenario.calls_per_check = 1
        scenario.check()
        assert requests_of(scenario.mail) == ["commit"]
        scenario.calls_per_check = 1000
        scenario.check()
        assert scenario.sync_run.finished_at is not None
        assert scenario.has_open_gap
        assert requests_of(scenario.mail) == ["commit"]
        assert requests_of(scenario.world.wait) == ["commit"]
        scenario.wait_for_recovery()
        assert scenario.is_closed_with(1)
