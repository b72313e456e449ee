"""A tick: what is looked at, counted and said in the log."""

import io
import json
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final, ParamSpec, TypeVar

import pytest

from ewspush.domain.desired import SHARDS, DesiredSubscription, new_subscription
from ewspush.domain.keeper import Keeper
from ewspush.domain.ports import UnavailableError
from ewspush.domain.renewing.rules import Policy
from ewspush.domain.subscription import State, Subscription
from ewspush.handlers import keeper as module
from ewspush.handlers.keeper import MAX_CHECKS, KeeperRun
from ewspush.protocol.soap import Refused
from tests.stories import MAILBOX, NOON, subscription
from tests.twins.faults import FaultPlan
from tests.twins.keys import MemoryKeys
from tests.twins.ledger import MemoryLedger
from tests.twins.mail_server import MemoryMailServer

P = ParamSpec("P")
T = TypeVar("T")

KEY: Final = subscription().subscription
SILENT: Final = subscription(last_seen_at=NOON - timedelta(minutes=37))
"""Overdue for seven minutes at noon."""


class Printed:
    """What the function prints: log lines and embedded metrics."""

    def __init__(self, capsys: pytest.CaptureFixture[str], log: io.StringIO) -> None:
        """Take where both end up."""
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


class Serial(Executor):
    """Runs each piece of work when it is handed in."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """See `Executor.submit`."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  # as every executor does
            future.set_exception(error)
        return future


def many(number: int, **changes: Any) -> list[Subscription]:
    """Return so many silent subscriptions, each of its own mailbox."""
    rows = [new_subscription(DesiredSubscription(f"user{index}@example.com"), NOON) for index in range(number)]
    names = ("state", "generation", "watermark", "last_seen_at", "suspected_gap_since", "suspected_gap_reason")
    shared = {name: getattr(SILENT, name) for name in names}
    return [replace(row, **shared | changes) for row in rows]


class Story:
    """Subscriptions, a server with a script, and a tick at noon."""

    def __init__(self, *rows: Subscription, script: Any = (), keepers: int = 1) -> None:
        """Nothing ticks yet."""
        self.ledger = MemoryLedger(*rows)
        self.server = MemoryMailServer(*script)
        policy = Policy(timedelta(minutes=1), resume_is_trusted=True)
        keeper = Keeper(
            self.ledger, self.server, MemoryKeys(b"key"), self.now, lambda: 0.5, policy, "https://hook.example"
        )
        self.ticker = KeeperRun(keeper, keepers, Serial)

    def now(self) -> datetime:
        """Noon."""
        return NOON

    def tick(self, keeper: int = 0, time_for: int = 10**9) -> None:
        """Tick, with time for so many looks."""
        left = iter(range(time_for))
        self.ticker.tick(keeper, lambda: next(left, None) is not None)

    def mailboxes(self) -> list[str]:
        """Return whom a Subscribe was sent for."""
        return [asked.mailbox for asked in self.server.asked]


class TestCounting:
    """What becomes of a look is a metric, and a log line where anything happened."""

    def test_a_tick_with_nothing_due_counts_itself(self, printed: Printed) -> None:
        """So that its absence can alarm; it asks for nothing but what is due."""
        story = Story(subscription(next_check_at=NOON + timedelta(minutes=5)))
        story.tick()
        assert printed.read() == ([], {"KeeperRuns": 1})
        assert story.ledger.requests == ["due"] * SHARDS

    def test_a_live_subscription_is_a_look(self, printed: Printed) -> None:
        """And not worth a line."""
        Story(subscription()).tick()
        assert printed.read() == ([], {"KeeperRuns": 1, "Checks": 1})

    def test_a_renewal_is_counted_and_logged(self, printed: Printed) -> None:
        """By its key."""
        Story(SILENT).tick()
        (line,), counted = printed.read()
        assert counted == {"KeeperRuns": 1, "Checks": 1, "Renewals": 1}
        assert (line["message"], line["subscription"], line["level"]) == ("subscription renewed", KEY, "INFO")

    @pytest.mark.parametrize(
        ("answer", "more", "look", "code"),
        [
            (Refused("ErrorServerBusy"), {}, "refused", "ErrorServerBusy"),
            (Refused("ErrorAccountDisabled"), {"Suspensions": 1}, "suspended", "ErrorAccountDisabled"),
            (Refused("HTTP 504"), {}, "unheard", None),
        ],
    )
    def test_a_failed_renewal_is_counted_with_what_the_server_said(
        self, answer: Refused, more: dict[str, float], look: str, code: str | None, printed: Printed
    ) -> None:
        """And for how many minutes it is overdue."""
        Story(SILENT, script=[answer]).tick()
        (line,), counted = printed.read()
        assert counted == {"KeeperRuns": 1, "Checks": 1, "RenewalsFailed": 1, "MinutesOverdue": 7} | more
        said = {name: line[name] for name in ("message", "level", "subscription", "look", "overdue_minutes")}
        assert said == {
            "message": "subscription not renewed",
            "level": "WARNING",
            "subscription": KEY,
            "look": look,
            "overdue_minutes": 7,
        }
        assert line.get("response_code") == code

    def test_minutes_overdue_are_minutes_of_the_protocol(self, printed: Printed) -> None:
        """Whatever a minute is."""
        story = Story(SILENT, script=[Refused("ErrorServerBusy")])
        keeper = replace(story.ticker._keeper, policy=Policy(timedelta(seconds=6), resume_is_trusted=True))  # noqa: SLF001  # a tick in another time
        KeeperRun(keeper, 1, Serial).tick(0, lambda: True)
        assert printed.read()[1]["MinutesOverdue"] == 340

    def test_a_herd_is_counted_in_full(self, printed: Printed) -> None:
        """Beyond the hundred values that one block of metrics takes."""
        Story(*many(250), script=[Refused("ErrorServerBusy")] * 250).tick()
        lines, counted = printed.read()
        expected = {"KeeperRuns": 1, "Checks": 250, "RenewalsFailed": 250, "MinutesOverdue": 7 * 250}
        assert (counted, len(lines)) == (expected, 250)


class TestTrouble:
    """A look that can't be done."""

    def test_one_that_fails_leaves_the_others_alone(self, printed: Printed) -> None:
        """It is counted, and logged by the place where it failed."""
        rows = many(3)
        story = Story(*rows)
        story.ledger.writes = FaultPlan(refuse=[3])
        story.tick()
        lines, counted = printed.read()
        assert counted == {"KeeperRuns": 1, "Checks": 2, "Renewals": 2, "ChecksFailed": 1}
        (failed,) = [line for line in lines if line["message"] == "look failed"]
        assert (failed["level"], failed["error"], failed["place"].count(":")) == ("ERROR", "InjectedError", 1)
        assert failed["subscription"] in {row.subscription for row in rows}
        active = [row for row in story.ledger.rows.values() if row.generation == 2]
        assert len(active) == 2

    @pytest.mark.parametrize(
        "answer", [Refused("ErrorServerBusy", "for alice@example.com"), UnavailableError, KeyError]
    )
    def test_no_address_no_path_and_no_word_of_the_server_is_logged(self, answer: Any, printed: Printed) -> None:
        """Whatever happens."""
        story = Story(SILENT, script=[answer] if isinstance(answer, Refused) else [])
        if not isinstance(answer, Refused):
            story.server.calls = FaultPlan(forget=[1], error=answer)
        story.tick()
        Story(SILENT).tick()
        text = printed.text()
        assert KEY in text
        url = story.server.asked[0].request.url
        for secret in (MAILBOX, "alice", url, url.rsplit("/", 1)[1], "hook.example", "w1"):
            assert secret not in text


class TestBounds:
    """A tick does what there is time for; the rest is still due in the next."""

    def test_what_there_is_no_time_for_is_postponed(self, printed: Printed) -> None:
        """Nothing is read for it, nothing written."""
        story = Story(*many(5))
        story.tick(time_for=2)
        assert printed.read()[1] == {"KeeperRuns": 1, "Checks": 2, "Renewals": 2, "ChecksDeferred": 3}
        assert story.ledger.requests.count("read") == 2
        story.tick()
        assert sorted(story.mailboxes()) == sorted(row.mailbox for row in many(5))

    @pytest.mark.filterwarnings("ignore:No application metrics to publish")  # an even number of full blocks
    def test_a_tick_looks_at_so_many_and_no_more(self, printed: Printed) -> None:
        """However large the herd."""
        story = Story(*many(MAX_CHECKS + 50, state=State.RETIRED))
        story.tick()
        assert printed.read()[1] == {"KeeperRuns": 1, "Checks": MAX_CHECKS}

    def test_the_longest_due_comes_first(self) -> None:
        """Within a partition."""
        early = [
            replace(row, due_shard="0", next_check_at=NOON - timedelta(minutes=minutes))
            for row, minutes in zip(many(3), (1, 3, 2), strict=True)
        ]
        story = Story(*early)
        story.tick()
        assert story.mailboxes() == ["user1@example.com", "user2@example.com", "user0@example.com"]


class TestShares:
    """Several keepers."""

    @pytest.mark.parametrize("keepers", [1, 2, 4, 8])
    def test_each_subscription_is_looked_at_by_exactly_one(self, keepers: int, printed: Printed) -> None:
        """Each partition has one keeper, and is asked for once."""
        rows = [replace(row, due_shard=str(index % SHARDS)) for index, row in enumerate(many(3 * SHARDS))]
        story = Story(*rows, keepers=keepers)
        for keeper in range(keepers):
            before = len(story.server.asked)
            story.tick(keeper)
            assert len(story.server.asked) - before == len(rows) / keepers
        assert sorted(story.mailboxes()) == sorted(row.mailbox for row in rows)
        assert story.ledger.requests.count("due") == SHARDS
        assert printed.read()[1]["KeeperRuns"] == keepers


class TestEntryPoint:
    """What the schedule calls."""

    @pytest.mark.parametrize(("left_ms", "has_time"), [(60_000, True), (5_000, False)])
    def test_the_event_names_the_keeper_and_the_context_the_time(
        self, left_ms: int, has_time: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Time for a look is time for a Subscribe at its slowest."""
        ticks: list[tuple[int, bool]] = []
        ticker = SimpleNamespace(tick=lambda number, time_is_left: ticks.append((number, time_is_left())))
        monkeypatch.setattr(module, "_ticker", lambda: ticker)
        names = ("function_name", "invoked_function_arn", "aws_request_id")
        context: Any = SimpleNamespace(**dict.fromkeys(names, "x"), memory_limit_in_mb=256)
        context.get_remaining_time_in_millis = lambda: left_ms
        module.metrics.add_metric("Anything", "Count", 1)
        module.handler({"keeper": 3}, context)
        assert ticks == [(3, has_time)]
