"""A keeper run: what it checks, counts and logs."""

import io
import json
from dataclasses import replace
from datetime import timedelta
from itertools import cycle
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest

from ewspush.domain.check_result import CheckOutcome, CheckResult
from ewspush.domain.desired import SHARDS
from ewspush.domain.keeper import MaySync
from ewspush.domain.subscription import State, SubscriptionKey
from ewspush.domain.timing import Timing
from ewspush.errors import UnavailableError
from ewspush.handlers import keeper as module
from ewspush.handlers.keeper import MAX_CALLS_OF_MAILBOX, MAX_CHECKS, MAX_SYNC_CALLS, KeeperRun
from ewspush.protocol.soap import Refused
from tests.builders import MAILBOX, NOON, TIMING, subscription
from tests.twins.faults import FaultPlan
from tests.twins.ledger import MemoryLedger
from tests.unit.handlers.keeper_runs import SILENT, Scenario, Serial, many

KEY: Final = subscription().key


class Printed:
    """What the function prints: log lines and embedded metrics."""

    def __init__(self, capsys: pytest.CaptureFixture[str], log: io.StringIO) -> None:
        self._capsys = capsys
        self._log = log

    def text(self) -> str:
        """Return all of it."""
        module.metrics.flush_metrics()
        return self._log.getvalue() + self._capsys.readouterr().out

    def read(self) -> tuple[list[dict[str, Any]], dict[str, float]]:
        """Return the log lines, and the metrics by name."""
        lines = [json.loads(line) for line in self.text().splitlines()]
        blocks = [(line, block) for line in lines if "_aws" in line for block in line["_aws"]["CloudWatchMetrics"]]
        counted: dict[str, float] = {}
        for line, block in blocks:
            for metric in block["Metrics"]:
                counted[metric["Name"]] = counted.get(metric["Name"], 0) + sum(line[metric["Name"]])
        return [line for line in lines if "_aws" not in line], counted


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Printed:
    """Capture what the function prints; its logger holds on to the stream that it was made with."""
    log = io.StringIO()
    monkeypatch.setattr(module.logger.registered_handler, "stream", log)
    module.metrics.clear_metrics()
    return Printed(capsys, log)


class TestCounting:
    """The outcome of a check is a metric, and a log line where anything happened."""

    def test_a_run_with_nothing_due_counts_itself(self, printed: Printed) -> None:
        """So that missing runs can alarm; it asks for nothing but what is due."""
        scenario = Scenario(subscription(next_check_at=NOON + timedelta(minutes=5)))
        scenario.run()
        assert printed.read() == ([], {"KeeperRuns": 1})
        assert scenario.ledger.requests == ["due"] * SHARDS

    def test_an_active_subscription_is_a_check(self, printed: Printed) -> None:
        """And no log line."""
        Scenario(subscription()).run()
        assert printed.read() == ([], {"KeeperRuns": 1, "Checks": 1})

    def test_a_renewal_is_counted_and_logged(self, printed: Printed) -> None:
        """By its key."""
        Scenario(SILENT).run()
        (line,), counted = printed.read()
        assert counted == {"KeeperRuns": 1, "Checks": 1, "Renewals": 1}
        assert (line["message"], line["subscription"], line["level"]) == ("subscription renewed", KEY, "INFO")

    @pytest.mark.parametrize(
        ("answer", "more", "outcome", "code"),
        [
            (Refused("ErrorServerBusy"), {}, "refused", "ErrorServerBusy"),
            (Refused("ErrorAccountDisabled"), {}, "refused", "ErrorAccountDisabled"),
            (Refused("HTTP 504"), {}, "unconfirmed", "HTTP 504"),
        ],
    )
    def test_a_failed_renewal_is_counted_and_logged_with_its_response_code(
        self, answer: Refused, more: dict[str, float], outcome: str, code: str | None, printed: Printed
    ) -> None:
        """And by how many minutes it is overdue."""
        Scenario(SILENT, script=[answer]).run()
        (line,), counted = printed.read()
        assert counted == {"KeeperRuns": 1, "Checks": 1, "RenewalsFailed": 1, "MinutesOverdue": 7} | more
        logged = {name: line[name] for name in ("message", "level", "subscription", "outcome", "overdue_minutes")}
        assert logged == {
            "message": "subscription not renewed",
            "level": "WARNING",
            "subscription": KEY,
            "outcome": outcome,
            "overdue_minutes": 7,
        }
        assert line.get("response_code") == code

    def test_a_suspension_is_counted(self, printed: Printed) -> None:
        """Here of a subscription that never lived, so that nothing is overdue."""
        never_pushed = replace(SILENT, last_seen_at=None, next_check_at=NOON)
        Scenario(never_pushed, script=[Refused("ErrorAccountDisabled")]).run()
        (line,), counted = printed.read()
        assert counted == {"KeeperRuns": 1, "Checks": 1, "RenewalsFailed": 1, "MinutesOverdue": 0, "Suspensions": 1}
        assert (line["outcome"], line["response_code"]) == ("suspended", "ErrorAccountDisabled")

    def test_minutes_overdue_are_protocol_minutes(self, printed: Printed) -> None:
        """However long a minute is."""
        Scenario(SILENT, script=[Refused("ErrorServerBusy")], timing=Timing(timedelta(seconds=6))).run()
        assert printed.read()[1]["MinutesOverdue"] == 340

    def test_many_failures_are_counted_in_full(self, printed: Printed) -> None:
        """Beyond the hundred values that one block of metrics takes."""
        Scenario(*many(250), script=[Refused("ErrorServerBusy")] * 250).run()
        lines, counted = printed.read()
        expected = {"KeeperRuns": 1, "Checks": 250, "RenewalsFailed": 250, "MinutesOverdue": 7 * 250}
        assert (counted, len(lines)) == (expected, 250)


class TestFailedChecks:
    """A check that raises."""

    def test_one_that_fails_leaves_the_others_alone(self, printed: Printed) -> None:
        """It is counted, and logged with the line of code where it failed."""
        rows = many(3)
        scenario = Scenario(*rows)
        scenario.ledger.writes = FaultPlan(refuse=[3])
        scenario.run()
        lines, counted = printed.read()
        assert counted == {"KeeperRuns": 1, "Checks": 2, "Renewals": 2, "ChecksFailed": 1}
        (failed,) = [line for line in lines if line["message"] == "subscription check failed"]
        assert (failed["level"], failed["error"], failed["place"].count(":")) == ("ERROR", "InjectedError", 1)
        assert failed["subscription"] in {row.key for row in rows}
        active = [row for row in scenario.ledger.rows.values() if row.generation == 2]
        assert len(active) == 2

    @pytest.mark.parametrize(
        "answer", [Refused("ErrorServerBusy", "for alice@example.com"), UnavailableError, KeyError]
    )
    def test_no_address_no_path_and_no_word_of_the_server_is_logged(self, answer: Any, printed: Printed) -> None:
        """Whatever happens."""
        scenario = Scenario(SILENT, script=[answer] if isinstance(answer, Refused) else [])
        if not isinstance(answer, Refused):
            scenario.server.calls = FaultPlan(forget=[1], error=answer)
        scenario.run()
        Scenario(SILENT).run()
        text = printed.text()
        assert KEY in text
        url = scenario.server.requests[0].request.url
        for secret in (MAILBOX, "alice", url, url.rsplit("/", 1)[1], "hook.example", "w1"):
            assert secret not in text


class TestBounds:
    """A run checks what there is time for; the rest is still due in the next."""

    def test_checks_without_time_are_deferred(self, printed: Printed) -> None:
        """Nothing is read for them, nothing written."""
        scenario = Scenario(*many(5))
        scenario.run(checks=2)
        assert printed.read()[1] == {"KeeperRuns": 1, "Checks": 2, "Renewals": 2, "ChecksDeferred": 3}
        assert scenario.ledger.requests.count("read") == 2
        scenario.run()
        assert sorted(scenario.mailboxes()) == sorted(row.mailbox for row in many(5))

    @pytest.mark.filterwarnings("ignore:No application metrics to publish")  # an even number of full blocks
    def test_a_run_has_an_upper_bound_of_checks(self, printed: Printed) -> None:
        """However many are due."""
        scenario = Scenario(*many(MAX_CHECKS + 50, state=State.RETIRED))
        scenario.run()
        assert printed.read()[1] == {"KeeperRuns": 1, "Checks": MAX_CHECKS}

    @pytest.mark.filterwarnings("ignore:No application metrics to publish")  # an even number of full blocks
    def test_many_in_one_partition_leave_the_others_their_turn(self) -> None:
        """Each partition in turn, until the upper bound."""
        *crowd, last = many(MAX_CHECKS + 1)
        scenario = Scenario(*(replace(row, due_shard="0") for row in crowd), replace(last, due_shard="1"))
        scenario.run()
        assert last.mailbox in scenario.mailboxes()

    def test_sync_calls_have_an_upper_bound(self) -> None:
        """Over all checks of a run; and none is made without time."""
        allowed: list[bool] = []

        def check(key: SubscriptionKey, may_sync: MaySync) -> CheckResult:
            allowed.append(may_sync(replace(subscription(), key=key)))
            return CheckResult(CheckOutcome.ALIVE)

        keeper: Any = SimpleNamespace(check=check)
        ledger = MemoryLedger(*many(MAX_SYNC_CALLS + 1))
        keeper_run = KeeperRun(keeper, ledger, lambda: NOON, TIMING, 1, Serial)
        keeper_run.run(0, lambda: True)
        assert allowed == [True] * MAX_SYNC_CALLS + [False]
        has_time = cycle([True, False])  # for the check, and no longer for a sync call
        allowed.clear()
        keeper_run.run(0, lambda: next(has_time))
        assert not any(allowed)

    def test_what_is_unreachable_has_a_quarter_of_the_sync_calls(self) -> None:
        """However many there are, the recovery of others goes on."""
        allowed: list[tuple[bool, bool]] = []

        def check(key: SubscriptionKey, may_sync: MaySync) -> CheckResult:
            row = replace(subscription(), key=key)
            allowed.append((may_sync(replace(row, unreachable_since=NOON)), may_sync(row)))
            return CheckResult(CheckOutcome.ALIVE)

        ledger = MemoryLedger(*many(MAX_SYNC_CALLS // 4 + 1))
        KeeperRun(cast("Any", SimpleNamespace(check=check)), ledger, lambda: NOON, TIMING, 1, Serial).run(
            0, lambda: True
        )
        assert allowed == [(True, True)] * (MAX_SYNC_CALLS // 4) + [(False, True)]

    def test_one_subscription_has_its_share_of_the_sync_calls(self) -> None:
        """One with a thousand folders leaves the others their turn."""
        allowed: list[bool] = []

        def check(key: SubscriptionKey, may_sync: MaySync) -> CheckResult:
            allowed.extend(may_sync(replace(subscription(), key=key)) for _ in range(MAX_CALLS_OF_MAILBOX + 1))
            return CheckResult(CheckOutcome.ALIVE)

        keeper: Any = SimpleNamespace(check=check)
        KeeperRun(keeper, MemoryLedger(*many(2)), lambda: NOON, TIMING, 1, Serial).run(0, lambda: True)
        assert allowed == [*[True] * MAX_CALLS_OF_MAILBOX, False] * 2

    def test_the_longest_due_comes_first(self) -> None:
        """Within a partition."""
        early = [
            replace(row, due_shard="0", next_check_at=NOON - timedelta(minutes=minutes))
            for row, minutes in zip(many(3), (1, 3, 2), strict=True)
        ]
        scenario = Scenario(*early)
        scenario.run()
        assert scenario.mailboxes() == ["user1@example.com", "user2@example.com", "user0@example.com"]


class TestPartitions:
    """Several keepers share the due index."""

    @pytest.mark.parametrize("keepers", [1, 2, 4, 8])
    def test_each_subscription_is_checked_by_exactly_one(self, keepers: int, printed: Printed) -> None:
        """Each partition has one keeper, and is queried once."""
        rows = [replace(row, due_shard=str(index % SHARDS)) for index, row in enumerate(many(3 * SHARDS))]
        scenario = Scenario(*rows, keepers=keepers)
        for keeper in range(keepers):
            before = len(scenario.server.requests)
            scenario.run(keeper)
            assert len(scenario.server.requests) - before == len(rows) / keepers
        assert sorted(scenario.mailboxes()) == sorted(row.mailbox for row in rows)
        assert scenario.ledger.requests.count("due") == SHARDS
        assert printed.read()[1]["KeeperRuns"] == keepers


class TestEntryPoint:
    """The function that the schedule calls."""

    @pytest.mark.parametrize(("left_ms", "has_time"), [(60_000, True), (5_000, False)])
    def test_the_event_names_the_keeper_and_the_context_the_time(
        self, left_ms: int, has_time: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Time for a check is time for a Subscribe at its slowest."""
        runs: list[tuple[int, bool]] = []
        keeper_run = SimpleNamespace(run=lambda number, has_time: runs.append((number, has_time())))
        monkeypatch.setattr(module, "_keeper_run", lambda: keeper_run)
        names = ("function_name", "invoked_function_arn", "aws_request_id")
        context: Any = SimpleNamespace(**dict.fromkeys(names, "x"), memory_limit_in_mb=256)
        context.get_remaining_time_in_millis = lambda: left_ms
        module.metrics.add_metric("Anything", "Count", 1)
        module.handler({"keeper": 3}, context)
        assert runs == [(3, has_time)]
