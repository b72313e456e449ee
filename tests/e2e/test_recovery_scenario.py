"""Recovery by sync, over HTTP: after a gap the mail server is asked for what changed, and the gap is closed.

A protocol minute lasts a quarter of a second here: most of the test waits for a baseline, and those are spread over
fifteen minutes. StatusFrequency is two minutes, so that heartbeats and retries keep half a second of real time.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from ewspush.adapters.clock import utc_now
from ewspush.domain.subscription import Subscription
from local import local_run
from local.consumer import Consumer
from local.local_run import LocalRun
from local.waiting import wait_for
from tests.e2e.subscribed_user import SubscribedUser

pytestmark = pytest.mark.starts_processes

MINUTE_SECONDS = 0.25
STATUS_FREQUENCY_MINUTES = 2
RECOVERY_SECONDS = 90.0


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """Start the stack and a mail server."""
    directory = tmp_path_factory.mktemp("local-run")
    with (
        (directory / "log").open("wb") as log,
        local_run.running(minute_seconds=MINUTE_SECONDS, output=directory / "cdk.out", log=log) as run,
    ):
        yield run


@pytest.fixture
def user(run: LocalRun) -> SubscribedUser:
    """Return a user whose subscription is active."""
    user = SubscribedUser(run, Consumer(run.deployment, run.deployment.queue_url), STATUS_FREQUENCY_MINUTES)
    user.wait_until_active()
    return user


def _has_baseline(subscription: Subscription) -> bool:
    """Whether the next sync is due in about a day: the first one is due within a quarter of an hour."""
    half_a_day = timedelta(seconds=12 * 60 * MINUTE_SECONDS)
    return subscription.next_sync_at is not None and subscription.next_sync_at - utc_now() > half_a_day


def test_a_sync_publishes_what_a_lost_subscription_missed(user: SubscribedUser) -> None:
    """Its watermark is refused; what was created, changed, moved and deleted since is published once each."""
    old = {name: user.receive(name) for name in ("to be changed", "to be moved", "to be deleted")}
    wait_for(lambda: _has_baseline(user.stored_subscription()), "a baseline", RECOVERY_SECONDS)
    user.mail_server.call(
        "faults", restart=True, forget_watermarks=True, refuse_subscribe="ErrorServerBusy", times=1000
    )
    new = user.receive("new")
    user.act(old["to be changed"], "modify")
    moved = user.act(old["to be moved"], "move", folder="deleteditems")
    user.act(old["to be deleted"], "delete")
    user.mail_server.call("faults")
    gap_closed = wait_for(user.gap_closed, "the end of the gap", RECOVERY_SECONDS)
    user.wait_until_active()
    assert user.recovered() == sorted(
        [
            ("ews.mailbox.created", new),
            ("ews.mailbox.modified", old["to be changed"]),
            ("ews.mailbox.deleted", old["to be moved"]),
            ("ews.mailbox.created", moved),
            ("ews.mailbox.deleted", old["to be deleted"]),
        ]
    )
    assert [gap["reason"] for gap in user.gaps()] == ["watermark-refused"]
    from_syncs = [event for event in user.events() if event["data"]["origin"] == "sync"]
    assert gap_closed["recovered"] == len(from_syncs) - 1  # the other one is gap_closed itself
