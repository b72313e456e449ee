"""Many mailboxes at once: all are subscribed, heartbeats are acknowledged, and all are renewed with one Subscribe each.

A hundred by default; EWS_PUSH_MAILBOXES sets another number, and .ci/run plays a thousand.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from ewspush.adapters.clock import utc_now
from ewspush.domain.desired import DesiredSubscription, new_subscription
from local import local_run
from local.local_run import LocalRun
from local.subscriptions import ledger_of
from local.waiting import wait_for

pytestmark = pytest.mark.starts_processes

MAILBOXES = int(os.environ.get("EWS_PUSH_MAILBOXES", "100"))

MINUTE_SECONDS = max(3.0, 0.03 * MAILBOXES)
"""The length of a protocol minute: the emulator answers some fifty heartbeats a second on two busy cores."""

PATIENCE_SECONDS = 240


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """Start the stack and a mail server, with a desired subscription for each mailbox."""
    directory = tmp_path_factory.mktemp("local-run")
    with (
        (directory / "log").open("wb") as log,
        local_run.running(minute_seconds=MINUTE_SECONDS, output=directory / "cdk.out", log=log) as run,
    ):
        ledger = ledger_of(run.deployment)
        for number in range(MAILBOXES):
            address = f"user{number}@example.com"
            run.mail_server.add_user(address)
            ledger.add(new_subscription(DesiredSubscription(address, status_frequency_minutes=1), utc_now()))
        yield run


def _states(run: LocalRun) -> Counter[str]:
    return Counter(one["state"] for one in run.mail_server.get("subscriptions"))


def _subscribes(run: LocalRun) -> Counter[str]:
    return Counter(one["mailbox"] for one in run.mail_server.get("requests") if one["operation"] == "Subscribe")


def _heartbeats(run: LocalRun) -> Counter[str]:
    return Counter(one["verdict"] for one in run.mail_server.get("deliveries") if one["kind"] == "status")


def _wait_until_all_are_live(run: LocalRun) -> None:
    wait_for(lambda: _states(run)["live"] >= MAILBOXES, f"{MAILBOXES} live subscriptions", PATIENCE_SECONDS, 0.5)


def test_all_are_subscribed_and_renewed_after_a_restart_of_the_server(run: LocalRun) -> None:
    """One Subscribe each; every heartbeat is acknowledged; after the loss of all, one more Subscribe each."""
    _wait_until_all_are_live(run)
    assert set(_subscribes(run).values()) == {1}

    wait_for(lambda: _heartbeats(run).total() >= MAILBOXES, f"{MAILBOXES} heartbeats", PATIENCE_SECONDS, 0.5)
    assert _heartbeats(run).keys() == {"ok"}

    run.mail_server.call("faults", restart=True)
    _wait_until_all_are_live(run)
    time.sleep(2 * MINUTE_SECONDS)
    assert _states(run) == {"dead": MAILBOXES, "live": MAILBOXES}
    assert _subscribes(run).total() == 2 * MAILBOXES
    assert set(_subscribes(run).values()) == {2}
