"""The keeper dies at any point of a recovery, or a second one runs beside it: nothing is lost or published twice."""

from collections import Counter
from collections.abc import Callable
from itertools import count

import pytest

from ewspush.domain.desired import retirement
from ewspush.domain.keeper import Keeper
from ewspush.domain.subscription import State, SubscriptionKey
from ewspush.domain.sync_run import SyncRun
from tests.component.recovery.scenario import ALL, FOLDERS_OF_ALL, NAMED, PATIENCE, Change, Scenario, once


def recover(scenario: Scenario, arm: Callable[[], None]) -> Counter[Change]:
    """Recover a gap with a change of each kind in it, after `arm` set the faults; return what is to be published."""
    items = [scenario.mail() for _ in range(4)]
    scenario.with_baseline()
    scenario.begin_outage()
    expected = once(
        ("created", scenario.mail()),
        ("created", scenario.mail(folder="drafts")),
        ("deleted", items[1]),
        ("deleted", items[2]),
        ("modified", items[0]),
    )
    scenario.item(items[0], "modify")
    scenario.item(items[1], "delete")
    expected["created", scenario.item(items[2], "move", folder="drafts")] += 1
    scenario.end_outage()
    arm()
    scenario.wait_for_recovery()
    scenario.run(60)
    return expected


class TestCrash:
    """The next check continues."""

    @pytest.mark.parametrize("fault", ["refuse", "forget"])
    @pytest.mark.parametrize("number", range(1, 5))
    @pytest.mark.parametrize("folders", [ALL, NAMED])
    def test_at_a_step_of_the_run(self, fault: str, number: int, folders: tuple[str, ...]) -> None:
        """Before the step is stored, or after that."""
        scenario = Scenario(folders=folders)

        def arm() -> None:
            setattr(scenario.steps, fault, [scenario.steps.calls + number])

        expected = recover(scenario, arm)
        assert scenario.crashes == 1
        assert scenario.published("push", "sync") == expected
        assert scenario.is_closed_with(len(expected))

    @pytest.mark.parametrize("fault", ["refuse", "forget"])
    @pytest.mark.parametrize("number", range(1, 12))
    def test_at_a_write_of_the_row(self, fault: str, number: int) -> None:
        """The keeper's or the responder's: the server then sends again."""
        scenario = Scenario()

        def arm() -> None:
            setattr(scenario.writes, fault, [scenario.writes.calls + number])

        expected = recover(scenario, arm)
        assert scenario.published("push", "sync") == expected
        assert scenario.is_closed_with(len(expected))

    @pytest.mark.parametrize("fault", ["refuse", "forget"])
    @pytest.mark.parametrize("plan", ["writes", "steps"])
    @pytest.mark.parametrize("number", range(1, 6))
    def test_while_a_page_with_more_events_than_an_entry_takes_is_stored(
        self, number: int, plan: str, fault: str
    ) -> None:
        """Its first events are logged before the step, and known when the page is asked for again."""
        scenario = Scenario()

        def arm() -> None:
            scenario.ledger.entry_events = 2
            faults = getattr(scenario, plan)
            setattr(faults, fault, [faults.calls + number])

        expected = recover(scenario, arm)
        assert max(len(entry.events) for entry in scenario.ledger.log) == 2
        assert scenario.published("push", "sync") == expected
        assert scenario.is_closed_with(len(expected))

    def test_at_every_other_step(self) -> None:
        """No step is stored at the first try."""
        scenario = Scenario(folders=ALL)

        def arm() -> None:
            scenario.steps.refuse = range(scenario.steps.calls + 1, 1000, 2)

        expected = recover(scenario, arm)
        assert scenario.crashes > FOLDERS_OF_ALL
        assert scenario.published("push", "sync") == expected
        assert scenario.is_closed_with(len(expected))


def check_with_one_call(keeper: Keeper, key: SubscriptionKey) -> None:
    """Check, with one sync request at most."""
    calls = count(1)
    keeper.check(key, lambda _: next(calls) <= 1)


class TestOverlap:
    """Two keepers continue one run: its version is their lock."""

    @pytest.mark.parametrize("number", [1, 2, 3, FOLDERS_OF_ALL + 1])
    def test_a_second_keeper_during_a_request(self, number: int) -> None:
        """It checks while the first one waits for an answer, and gets as far as it can."""
        scenario = Scenario(folders=ALL)
        checks: list[object] = []

        def arm() -> None:
            other = scenario.new_keeper()
            request = scenario.server.syncs + number
            scenario.server.on_request[request] = lambda: checks.append(other.check(scenario.key))

        expected = recover(scenario, arm)
        assert len(checks) == 1
        assert scenario.published("push", "sync") == expected
        assert scenario.is_closed_with(len(expected))

    def test_a_second_keeper_during_every_request(self) -> None:
        """Each of the two makes one request of the other's useless."""
        scenario = Scenario(folders=ALL)

        def arm() -> None:
            other = scenario.new_keeper()
            for number in range(1, 100, 2):
                request = scenario.server.syncs + number
                scenario.server.on_request[request] = lambda: check_with_one_call(other, scenario.key)

        expected = recover(scenario, arm)
        assert scenario.published("push", "sync") == expected
        assert scenario.is_closed_with(len(expected))

    @pytest.mark.parametrize("number", [1, 2])
    @pytest.mark.parametrize("ends", ["by an error notification", "by an operator"])
    def test_the_end_of_the_subscription_during_a_request_ends_the_run(self, ends: str, number: int) -> None:
        """Nothing more is asked, and a page with changes that is under way is dropped."""
        scenario = Scenario(folders=ALL).with_baseline()
        scenario.outage(scenario.mail)
        scenario.begin_recovery()
        before = scenario.server.syncs
        runs: list[SyncRun] = []

        def end() -> None:
            if ends == "by an operator":
                scenario.change(retirement(scenario.subscription))
            else:
                scenario.faults(error_notification="ErrorReadEventsFailed")
                scenario.deliver()
            runs.append(scenario.sync_run)

        scenario.server.on_request[before + number] = end
        scenario.check()
        assert scenario.subscription.state is not State.ACTIVE
        assert scenario.server.syncs == before + number
        assert scenario.sync_run == runs[0]

    def test_an_error_notification_during_a_request(self) -> None:
        """The subscription is renewed, and both gaps are recovered."""
        scenario = Scenario(folders=ALL).with_baseline()
        scenario.begin_outage()
        new = scenario.mail()
        scenario.end_outage()

        def lose() -> None:
            scenario.faults(error_notification="ErrorReadEventsFailed")
            scenario.deliver()

        scenario.server.on_request[scenario.server.syncs + 2] = lose
        scenario.wait_for_gap()
        scenario.run(PATIENCE)
        assert not scenario.has_open_gap
        assert scenario.published() == once(("created", new))
        assert len(scenario.gaps()) >= 2
        assert scenario.closed_gaps() == sorted(gap["id"] for gap in scenario.gaps())
