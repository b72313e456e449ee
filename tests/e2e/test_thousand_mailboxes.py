"""A thousand mailboxes on one machine: all subscribed, all heartbeats answered, and a herd renewed one Subscribe each.

A protocol minute lasts half a real one here.
"""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from ewspush.adapters.clock import utc_now
from ewspush.domain.desired import DesiredSubscription, new_subscription
from local import machine as machines
from local.machine import Machine
from local.mailbox import ledger_of

pytestmark = pytest.mark.slow

MAILBOXES = 1_000
MINUTE_SECONDS = 30.0
PATIENCE = timedelta(minutes=4)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Start both sides, with a wish for each of the thousand."""
    directory = tmp_path_factory.mktemp("machine")
    with (
        (directory / "log").open("wb") as log,
        machines.running(minute_seconds=MINUTE_SECONDS, output=directory / "cdk.out", log=log) as machine,
    ):
        ledger = ledger_of(machine.deployment)
        for number in range(MAILBOXES):
            address = f"user{number}@example.com"
            machine.mail_server.add_user(address)
            ledger.add(new_subscription(DesiredSubscription(address, status_frequency_minutes=1), utc_now()))
        yield machine


def _states(machine: Machine) -> Counter[str]:
    return Counter(one["state"] for one in machine.mail_server.get("subscriptions"))


def _subscribes(machine: Machine) -> Counter[str]:
    return Counter(one["mailbox"] for one in machine.mail_server.get("requests") if one["operation"] == "Subscribe")


def _await_live(machine: Machine) -> None:
    deadline = utc_now() + PATIENCE
    while _states(machine)["live"] < MAILBOXES:
        assert utc_now() < deadline, f"after {PATIENCE}: {_states(machine)}"
        time.sleep(1)


def test_a_thousand_are_subscribed_heard_of_and_renewed_after_a_restart_of_the_server(machine: Machine) -> None:
    """One Subscribe each; every heartbeat gets its OK; then all are lost at once, and get one Subscribe each again."""
    _await_live(machine)
    assert set(_subscribes(machine).values()) == {1}

    time.sleep(2 * MINUTE_SECONDS)
    heartbeats = Counter(one["verdict"] for one in machine.mail_server.get("deliveries") if one["kind"] == "status")
    assert heartbeats.keys() == {"ok"}
    assert heartbeats["ok"] >= MAILBOXES

    machine.mail_server.call("faults", restart=True)
    _await_live(machine)
    time.sleep(2 * MINUTE_SECONDS)
    assert _states(machine) == {"dead": MAILBOXES, "live": MAILBOXES}
    assert _subscribes(machine).total() == 2 * MAILBOXES
    assert set(_subscribes(machine).values()) == {2}
