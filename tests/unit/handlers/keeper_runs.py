"""Keeper runs at noon, over subscriptions in memory and a mail server with a script."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, ParamSpec, TypeVar

from ewspush.domain.desired import DesiredSubscription, new_subscription
from ewspush.domain.keeper import Keeper
from ewspush.domain.renewing.service import Renewer
from ewspush.domain.subscription import Subscription
from ewspush.domain.timing import Timing
from ewspush.handlers.keeper import KeeperRun
from tests.builders import NOON, TIMING, subscription
from tests.twins.keys import MemoryKeys
from tests.twins.ledger import MemoryLedger
from tests.twins.mail_server import MemoryMailServer

P = ParamSpec("P")
T = TypeVar("T")

SILENT: Final = subscription(last_seen_at=NOON - timedelta(minutes=37))
"""Overdue by seven minutes at noon."""


class Serial(Executor):
    """Runs each call when it is submitted."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
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


class Scenario:
    """Subscriptions, a server with a script, and keeper runs at noon."""

    def __init__(self, *rows: Subscription, script: Any = (), keepers: int = 1, timing: Timing = TIMING) -> None:
        self.ledger = MemoryLedger(*rows)
        self.server = MemoryMailServer(*script)
        self._keepers = keepers
        self._timing = timing

    def now(self) -> datetime:
        """Return noon."""
        return NOON

    def run(self, number: int = 0, checks: int = 10**9) -> None:
        """Carry out a run of a keeper that has time for so many checks."""
        renewer = Renewer(
            self.ledger,
            self.server,
            MemoryKeys(b"key"),
            self.now,
            lambda: 0.5,
            self._timing,
            "https://hook.example",
            resume_is_trusted=True,
        )
        keeper = Keeper(self.ledger, renewer, None, self.now, self._timing)
        left = iter(range(checks))
        keeper_run = KeeperRun(keeper, self.ledger, self.now, self._timing, self._keepers, Serial)
        keeper_run.run(number, lambda: next(left, None) is not None)

    def mailboxes(self) -> list[str]:
        """Return the mailboxes of the Subscribes that were sent."""
        return [received.mailbox for received in self.server.requests]
